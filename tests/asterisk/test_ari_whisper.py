"""Words over the music on a real Asterisk: begun, cut, taken over, and cleared away."""

import asyncio
from pathlib import Path

from edge.ari.whispers import whisper_of
from edge.domain.ids import LegId, new_playback_id
from edge.ports.phone_system import Done, EndReason, LegEnded, LegState, PlaybackEnded
from lab.audio import make_tone, music_heard, silences, tone_seconds, tones_heard
from lab.numbers import Slot
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.ari_bench import PROMPT_HZ, Edge, bench, heard_seconds, hears_music, until
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
            words = prompt(tmp_path, 2, dbfs=-30)
            assert await edge.phones.whisper(leg, playback, words) is Done.DONE
            assert (await until(feed, PlaybackEnded))[-1] == PlaybackEnded(playback)
        await no_whisper(edge, leg)
        await goes_on(phone, 2)
        recording = phone.recording.path
        [span] = tones_heard(recording, [PROMPT_HZ])[PROMPT_HZ]
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
