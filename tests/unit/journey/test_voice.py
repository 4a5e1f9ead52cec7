"""The one voice that speaks to a caller, on a node that loses ends and answers."""

import asyncio
from collections.abc import Sequence
from typing import cast

from edge.domain.ids import LegId, PlaybackId
from edge.domain.settings.waiting import AnnounceMode
from edge.journey.leg import Leg
from edge.journey.voice import Voice
from edge.ports.phone_system import Done, NodeFault, PhoneSystem

LONG, SHORT = 60.0, 0.02


class DeafNode:
    """Plays for ever and never tells of an end."""

    def __init__(self) -> None:
        self.playing: dict[PlaybackId, Sequence[str]] = {}
        self.faults: list[str] = []

    async def whisper(
        self, leg: LegId, playback: PlaybackId, sounds: Sequence[str], language: str | None
    ) -> Done:
        self.playing[playback] = sounds
        if "whisper" in self.faults:
            raise NodeFault("the answer was lost")
        return Done.DONE

    async def stop(self, playback: PlaybackId) -> None:
        if "stop" in self.faults:
            raise NodeFault("no answer")
        self.playing.pop(playback, None)

    @property
    def heard(self) -> list[Sequence[str]]:
        return list(self.playing.values())


def voice_on(node: DeafNode) -> Voice:
    leg = Leg(cast(PhoneSystem, node), LegId("chan_1"), exists=True, legs={})
    return Voice(leg, AnnounceMode.OVER_MUSIC)


async def test_words_whose_end_was_lost_do_not_cut_later_ones() -> None:
    node = DeafNode()
    voice = voice_on(node)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(voice.say(["one"], "en", SHORT))
        await asyncio.sleep(0)
        await voice.cut()
        second = tasks.create_task(voice.say(["two"], "en", LONG))
        assert not await first
        assert voice.is_speaking
        assert node.heard == [["two"]]
        second.cancel()


async def test_words_that_are_cancelled_are_cut_by_whoever_mutes() -> None:
    node = DeafNode()
    voice = voice_on(node)
    saying = asyncio.create_task(voice.say(["one"], "en", LONG))
    await asyncio.sleep(0.001)
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    await voice.mute()
    assert not node.heard


async def test_words_begun_by_an_order_whose_answer_was_lost_are_stopped() -> None:
    node = DeafNode()
    node.faults = ["whisper"]
    voice = voice_on(node)
    assert not await voice.say(["one"], "en", LONG)
    assert not node.heard
    assert not voice.is_speaking


async def test_a_node_that_does_not_stop_the_words_takes_no_conductor_down() -> None:
    node = DeafNode()
    node.faults = ["stop"]
    voice = voice_on(node)
    assert not await voice.say(["one"], "en", SHORT)
    await asyncio.wait_for(voice.is_free(), 1)


async def test_it_is_free_only_when_it_says_nothing_and_is_not_muted() -> None:
    voice = voice_on(DeafNode())
    async with asyncio.TaskGroup() as tasks:
        saying = tasks.create_task(voice.say(["one"], "en", LONG))
        await asyncio.sleep(0)
        freed = tasks.create_task(voice.is_free())
        await asyncio.sleep(0)
        assert not freed.done(), "it speaks"
        await voice.mute()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not freed.done(), "muted, though it says nothing"
        voice.unmute()
        await freed
        saying.cancel()
