"""Music that was uploaded: from the first second, round and round, and without an edge."""

from array import array
from pathlib import Path

import numpy as np

from edge.prompts.formats import encode
from lab.audio import RATE, Sound, music_heard, silences, wav_of
from lab.capture import Capture
from lab.phone import Phone
from lab.playout import Playout
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import heard_in_this_call, hears_music, the_tune
from tests.asterisk.office import Office
from tests.asterisk.restarts import hears_on
from tests.asterisk.uploads import configured, nodes_of, upload

SECONDS = 3.2


def a_melody(seed: int) -> Sound:
    """Sixteen chords of a fifth of a second, never silent, unlike any other seed's."""
    chance = np.random.default_rng(seed)
    chords = []
    for _ in range(16):
        at = np.arange(round(SECONDS / 16 * RATE)) / RATE
        hertz = chance.uniform(300, 750, size=3)
        chords.append(sum(np.sin(2 * np.pi * one * at) for one in hertz))
    samples = np.concatenate(chords)
    return Sound(0.2 * samples / np.max(np.abs(samples)))


async def hears_this(phone: Phone, melody: Sound, seconds: float) -> None:
    """So much of the melody is heard from now on, and no silence in it."""
    begin = heard_in_this_call(phone).seconds

    def enough() -> bool:
        sound = heard_in_this_call(phone).between(begin)
        return sound.seconds >= seconds and music_heard(sound, music=rounds_of(melody))

    await wait_until(enough, f"{phone.number} hears the melody", 20, every=0.2)
    assert silences(heard_in_this_call(phone).between(begin), over_ms=60) == []


def rounds_of(melody: Sound) -> Sound:
    """Three times round, and half a sample later the same again: coding may shift it so far."""
    three = np.tile(melody.samples, 3)
    turn = np.exp(1j * np.pi * np.fft.rfftfreq(len(three)))
    later = np.fft.irfft(np.fft.rfft(three) * turn, len(three))
    return Sound(np.concatenate([three, later]), melody.rate)


async def test_uploaded_music_begins_at_once_goes_round_and_outlives_the_edge(
    office: OpenOffice,
) -> None:
    melody = a_melody(1)
    async with office(agents=1, callers=1) as here:
        told = await upload(here, wav_of(melody), purpose="music")
        assert nodes_of(told) == {"pbx-1": True}
        await configured(here, music_media=told["id"])
        caller = await here.waiting_caller()
        await hears_this(caller, melody, 2 * SECONDS)
        first_second = heard_in_this_call(caller).between(0, 1.2)
        assert music_heard(first_second.between(0.2), music=rounds_of(melody))
        await here.edge.kill()
        await hears_this(caller, melody, 2 * SECONDS)
        await here.restart_edge()
        await hears_this(caller, melody, SECONDS)
        await caller.hang_up()


async def test_music_that_is_uploaded_meanwhile_makes_no_hole_in_what_others_hear(
    office: OpenOffice, tmp_path: Path
) -> None:
    """The music classes are read again."""
    melody = a_melody(2)
    async with office(agents=1, callers=2, queues=2) as here:
        told = await upload(here, wav_of(melody), purpose="music")
        await configured(here, only=1, music_media=told["id"])
        async with Capture(
            tmp_path / "call.pcap", here.pbx.sip_port, here.pbx.rtp_ports
        ) as capture:
            first = await here.waiting_caller(1)
            second = await here.caller(2)
            await second.call(here.slot.queue(1))
            await hears_this(first, melody, 1.0)
            await hears_music(second)
            for seed in (3, 4):
                more = await upload(here, wav_of(a_melody(seed)), purpose="music")
                assert nodes_of(more) == {"pbx-1": True}
            await hears_on(first, second, seconds=SECONDS)
            await hears_this(first, melody, SECONDS)
            await hears_music(second)
        for phone, music in ((first, rounds_of(melody)), (second, the_tune())):
            (stream,) = capture.trace().heard_by_phone(phone.recording.call_id)
            heard = Playout(stream)
            assert heard.longest_silence_ms() < 60
            assert heard.holes() == []
            assert music_heard(heard.sound.between(0.5), music=music)
        await first.hang_up()
        await second.hang_up()


async def test_the_dialplan_may_wish_for_other_music(office: OpenOffice) -> None:
    """QE_MUSIC, for caller 6 (lab/numbers.py); kept over a takeover."""
    melody = a_melody(5)
    async with office(agents=1, callers=6) as here:
        await a_class_of_its_own(here, f"wished{here.slot.slot:03d}", melody)
        usual, special = await here.waiting_caller(1), await here.waiting_caller(6)
        await hears_music(usual)
        await hears_this(special, melody, SECONDS)
        agent = await here.agent(1)
        await agent.wait_for("incoming")
        await here.edge.kill()
        await here.restart_edge()
        await agent.answer()
        await hears_this(special, melody, SECONDS)
        await usual.hang_up()
        await special.hang_up()


async def a_class_of_its_own(here: Office, name: str, melody: Sound) -> None:
    """An operator's own music class; the next upload has the classes read."""
    folder = Path(here.pbx.run_dir) / "spool" / "recording" / "media"
    samples = array("h", (melody.samples * 32767).astype("<i2").tobytes())
    (folder / f"{name}.ulaw").write_bytes(encode(samples, "ulaw"))
    (folder / f"{name}.conf").write_text(f"[{name}]\nmode=playlist\nentry={folder / name}\n")
    told = await upload(here, wav_of(melody), purpose="music")
    assert nodes_of(told) == {"pbx-1": True}
