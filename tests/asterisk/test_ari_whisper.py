"""Words over the music on a real Asterisk: begun, cut, taken over, and cleared away."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from edge.ari.whispers import whisper_of
from edge.domain.ids import LegId
from edge.ports.phone_system import Done, EndReason, LegEnded, LegState, PlaybackEnded
from lab.audio import (
    RATE,
    decibels,
    make_tone,
    music_heard,
    read_wav,
    resampled,
    silences,
    tone_seconds,
    tones_heard,
)
from lab.numbers import Slot
from lab.phone import Phone
from lab.tune import aligned, gains
from lab.wait import wait_until
from tests.asterisk.ari_bench import (
    PROMPT_HZ,
    Edge,
    bench,
    heard_seconds,
    hears_music,
    new_playback_id,
    until,
)
from tests.asterisk.hearing import the_tune
from tests.asterisk.office import Pbx


async def has_whisper(edge: Edge, leg: LegId) -> bool:
    return whisper_of(leg) in (await edge.phones.survey()).legs


async def no_whisper(edge: Edge, leg: LegId) -> None:
    async def is_gone() -> bool:
        return not await has_whisper(edge, leg)

    await wait_until(is_gone, "no whisper is left")


async def goes_on(phone: Phone, seconds: float) -> None:
    begun = heard_seconds(phone)
    await wait_until(lambda: heard_seconds(phone) > begun + seconds, "the call goes on")


def music_level(phone: Phone, start: float, end: float) -> float:
    """Of the tune against its file, dB, in this span of the recording."""
    heard = resampled(read_wav(phone.recording.path)).samples
    found = gains(heard, aligned(heard, resampled(the_tune()).samples))
    return decibels(float(np.mean(found[round(start * RATE) : round(end * RATE)])))


def prompt(folder: Path, seconds: float, hz: float = PROMPT_HZ, dbfs: float = -15.0) -> list[str]:
    made = make_tone(folder / f"prompt-{hz:.0f}-{seconds:.0f}.wav", hz, seconds, dbfs)
    return [str(made.with_suffix(""))]


async def test_words_are_heard_over_the_music_and_leave_nothing(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone, leg = await here.held_caller(edge)
        await hears_music(phone)
        playback = new_playback_id()
        with edge.phones.listen(leg) as feed:
            words = prompt(tmp_path, 2, dbfs=-36)
            assert await edge.phones.whisper(leg, playback, words) is Done.DONE
            assert (await until(feed, PlaybackEnded))[-1] == PlaybackEnded(playback)
        await no_whisper(edge, leg)
        await goes_on(phone, 2)
        recording = phone.recording.path
        [span] = tones_heard(recording, [PROMPT_HZ], floor_db=-50)[PROMPT_HZ]
        assert 1.8 < span.seconds < 2.2
        assert music_heard(recording, span.start, span.end, the_tune()), (
            "it goes on under the words"
        )
        assert [gap for gap in silences(recording, over_ms=60) if gap.start > 1] == []


async def test_words_over_the_music_are_cut_and_others_begin_at_once(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone, leg = await here.held_caller(edge)
        await hears_music(phone)
        with edge.phones.listen(leg) as feed:
            for hz in (PROMPT_HZ, 850.0):
                playback = new_playback_id()
                await edge.phones.whisper(leg, playback, prompt(tmp_path, 30, hz))
                await goes_on(phone, 1)
                await edge.phones.stop(playback)
                assert (await until(feed, PlaybackEnded))[-1] == PlaybackEnded(playback)
        await no_whisper(edge, leg)
        await goes_on(phone, 1)
        for hz in (PROMPT_HZ, 850.0):
            assert 0.7 < tone_seconds(phone.recording.path, hz) < 1.5


async def test_a_whisper_of_an_edge_that_died_is_ended_by_the_next(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        first, second = await here.edge(), await here.edge()
        second.claims = False
        phone, leg = await here.held_caller(first)
        with first.phones.listen(leg):
            await first.phones.whisper(leg, new_playback_id(), prompt(tmp_path, 30))
        await goes_on(phone, 1)
        with second.phones.listen(leg) as feed:
            started = asyncio.get_running_loop().time()
            assert await second.phones.adopt(leg) is Done.DONE
            assert asyncio.get_running_loop().time() - started < 0.5, "not after the words"
            await second.phones.end_whisper(leg)
            assert not await has_whisper(second, leg)
            playback = new_playback_id()
            await second.phones.whisper(leg, playback, prompt(tmp_path, 1, 850.0))
            assert (await until(feed, PlaybackEnded))[-1] == PlaybackEnded(playback)
        # Asterisk tells of the end before the phone has heard it and has written it down.
        await goes_on(phone, 1)
        assert tone_seconds(phone.recording.path, PROMPT_HZ) < 3
        assert tone_seconds(phone.recording.path, 850.0) > 0.8


async def test_a_whisper_ends_with_its_leg(pbx: Pbx, slot: Slot, tmp_path: Path) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone, leg = await here.held_caller(edge)
        with edge.phones.listen(leg) as feed:
            await edge.phones.whisper(leg, new_playback_id(), prompt(tmp_path, 30))
            await phone.hang_up()
            assert (await until(feed, LegEnded))[-1] == LegEnded(EndReason.NORMAL)
        await no_whisper(edge, leg)
        gone = await edge.phones.whisper(leg, new_playback_id(), prompt(tmp_path, 1))
        assert gone is Done.GONE


async def test_a_call_not_answered_rings_on(pbx: Pbx, slot: Slot, tmp_path: Path) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone = await here.phone(slot.caller(1))
        await phone.call(slot.queue())
        leg = (await edge.arrival()).leg
        assert await edge.phones.ring(leg) is Done.DONE
        await phone.wait_for("ringing")
        assert await edge.phones.leg_state(leg) is not LegState.UP
        await edge.phones.hang_up(leg)


async def test_the_music_is_lowered_for_the_words_and_comes_back(
    pbx: Pbx, slot: Slot, tmp_path: Path
) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone, leg = await here.held_caller(edge)
        await hears_music(phone)
        silent = make_tone(tmp_path / "silent.wav", PROMPT_HZ, 3.0, dbfs=-80.0)
        await goes_on(phone, 2)
        with edge.phones.listen(leg) as feed:
            begun = heard_seconds(phone)
            await edge.phones.whisper(leg, new_playback_id(), [str(silent.with_suffix(""))])
            await until(feed, PlaybackEnded)
            over = heard_seconds(phone)
        await no_whisper(edge, leg)
        await goes_on(phone, 3)
        lowered = music_level(phone, begun + 0.5, over - 0.3)
        assert lowered == pytest.approx(-12, abs=0.5)
        assert music_level(phone, over + 0.6, over + 2.5) == pytest.approx(0, abs=0.2)


async def test_a_conversation_is_as_loud_as_ever(pbx: Pbx, slot: Slot, tmp_path: Path) -> None:
    async with bench(pbx, slot, tmp_path) as here:
        edge = await here.edge()
        phone, leg = await here.held_caller(edge)
        with edge.phones.listen(leg):
            await edge.phones.whisper(leg, new_playback_id(), prompt(tmp_path, 30))
            await goes_on(phone, 1)
            assert await edge.phones.variable(leg, "VOLUME(TX)") == "-4.000000"
            assert await edge.phones.connect(here.conversation(edge), [leg]) is None
        assert await edge.phones.variable(leg, "VOLUME(TX)") == "0.000000"
