"""Words over the music on a node that fails: the music is lowered only while words are heard."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edge.ari import events as ari
from edge.ari.operations import Outcome
from edge.ari.rest import Rest
from edge.ari.router import Router
from edge.ari.whispers import AS_IT_WAS, TAIL_SECONDS, VOLUME, Whispers, whisper_of
from edge.domain.ids import LegId, PlaybackId, RunId
from edge.ports.phone_system import NodeFault

LEG = LegId("chan_1")
WHISPER = whisper_of(LEG)
ONE, TWO = PlaybackId("play_1"), PlaybackId("play_2")


def channel(leg: LegId) -> ari.Channel:
    return ari.Channel(leg, "Up", "301", "", "Stasis", "")


class Node:
    """Its channels with their volumes, and what plays. `before` runs before an order is done."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.volumes: dict[str, str] = {LEG: AS_IT_WAS}
        self.playing: set[str] = set()
        self.before: Callable[[str], Awaitable[None]] | None = None
        self.events_after_seconds = 0.0
        router.route(ari.StasisStart(channel(LEG), ()))

    async def _order(self, name: str) -> None:
        if self.before is not None:
            await self.before(name)
        await asyncio.sleep(0)

    def _tell(self, event: ari.Event) -> None:
        asyncio.get_running_loop().call_later(self.events_after_seconds, self.router.route, event)

    def ends(self, leg: str) -> None:
        if self.volumes.pop(leg, None) is not None:
            self._tell(ari.StasisEnd(channel(LegId(leg))))

    def says_no_more(self, playback: PlaybackId) -> None:
        self.playing.discard(playback)
        self._tell(ari.PlaybackFinished(playback, f"channel:{WHISPER}"))

    async def get(self, leg: str) -> Mapping[str, Any] | None:
        await self._order("get")
        return {} if leg in self.volumes else None

    async def snoop(self, leg: str, whisper: str, app: str, arguments: str) -> Outcome:
        await self._order("snoop")
        if whisper in self.volumes:
            return Outcome.REFUSED
        self.volumes[whisper] = AS_IT_WAS
        self._tell(ari.StasisStart(channel(LegId(whisper)), ()))
        return Outcome.OK

    async def play(
        self, leg: str, playback: str, media: Sequence[str], language: str | None
    ) -> Outcome:
        await self._order("play")
        if leg not in self.volumes:
            return Outcome.GONE
        self.playing.add(playback)
        return Outcome.OK

    async def setVariables(self, leg: str, variables: Mapping[str, str]) -> Outcome:
        await self._order(f"set {leg}")
        if leg not in self.volumes:
            return Outcome.GONE
        self.volumes[leg] = variables[VOLUME]
        return Outcome.OK

    async def hangup(self, leg: str, cause: int) -> Outcome:
        await self._order("hangup")
        if leg not in self.volumes:
            return Outcome.GONE
        self.ends(leg)
        return Outcome.OK


@asynccontextmanager
async def a_node() -> AsyncIterator[tuple[Node, Whispers]]:
    """After it nothing is said, nobody whispers, and the music is as loud as it was."""
    async with asyncio.TaskGroup() as closing:
        router = Router()
        node = Node(router)
        whispers = Whispers(RunId("edge-1"), cast(Rest, SimpleNamespace(channels=node)), router)

        async def close(leg: LegId) -> None:
            with suppress(NodeFault):
                await whispers.close(leg)

        router.on_whispered = lambda leg: cast(None, closing.create_task(close(leg)))
        with router.listen(LEG):
            yield node, whispers
            await asyncio.sleep(TAIL_SECONDS + 0.3)
            assert node.volumes == {LEG: AS_IT_WAS}


def fails_once(order: str) -> Callable[[str], Awaitable[None]]:
    faults = [order]

    async def before(name: str) -> None:
        if name in faults:
            faults.remove(name)
            raise NodeFault(f"no answer to {name}")

    return before


async def test_an_edge_that_lost_the_leg_leaves_the_next_ones_words_alone() -> None:
    """Theirs has the same name; ours is over, and its tail is waited for."""
    async with a_node() as (node, whispers):
        await whispers.play(LEG, ONE, ["sound:one"], None)
        node.ends(WHISPER)
        node.says_no_more(ONE)
        await asyncio.sleep(TAIL_SECONDS / 2)
        node.volumes[WHISPER] = AS_IT_WAS
        await asyncio.sleep(TAIL_SECONDS)
        assert WHISPER in node.volumes
        del node.volumes[WHISPER]


async def test_music_is_lowered_while_words_are_heard() -> None:
    async with a_node() as (node, whispers):
        assert await whispers.play(LEG, ONE, ["sound:one"], None) is Outcome.OK
        assert node.volumes[LEG] == "-4"
        node.says_no_more(ONE)


@pytest.mark.parametrize("order", ["snoop", "play", f"set {LEG}", f"set {WHISPER}"])
async def test_an_order_that_fails_leaves_the_music_as_loud_as_it_was(order: str) -> None:
    async with a_node() as (node, whispers):
        node.before = fails_once(order)
        try:
            await whispers.play(LEG, ONE, ["sound:one"], None)
        except NodeFault:
            return
        node.says_no_more(ONE)


@pytest.mark.parametrize("order", ["snoop", "play", f"set {LEG}", f"set {WHISPER}"])
async def test_words_whose_asker_is_cancelled_leave_the_music_as_loud_as_it_was(
    order: str,
) -> None:
    async with a_node() as (node, whispers):
        asking = asyncio.create_task(whispers.play(LEG, ONE, ["sound:one"], None))

        async def before(name: str) -> None:
            if name == order:
                asking.cancel()
                node.before = None

        node.before = before
        await asyncio.gather(asking, return_exceptions=True)
        assert asking.cancelled()


async def test_a_whisper_that_is_hung_up_in_its_words_leaves_the_music_as_loud_as_it_was() -> None:
    async with a_node() as (node, whispers):
        await whispers.play(LEG, ONE, ["sound:one"], None)
        node.ends(WHISPER)


async def test_a_fault_at_one_leg_does_not_leave_others_low() -> None:
    """Nor in the conversation that follows."""
    async with a_node() as (node, whispers):
        await whispers.play(LEG, ONE, ["sound:one"], None)
        node.before = fails_once("set chan_other")
        await whispers.end(LegId("chan_other"))
        node.says_no_more(ONE)


async def test_a_conversation_is_raised_at_the_second_try() -> None:
    async with a_node() as (node, whispers):
        await whispers.play(LEG, ONE, ["sound:one"], None)
        node.before = fails_once(f"set {LEG}")
        await whispers.raise_at_once(LEG)
        assert node.volumes[LEG] == AS_IT_WAS
        node.says_no_more(ONE)


async def test_words_after_a_whisper_was_ended_lower_the_music_again() -> None:
    async with a_node() as (node, whispers):
        await whispers.play(LEG, ONE, ["sound:one"], None)
        await whispers.end(LEG)
        assert node.volumes[LEG] == AS_IT_WAS
        assert await whispers.play(LEG, TWO, ["sound:two"], None) is Outcome.OK
        assert node.volumes[LEG] == "-4"
        node.says_no_more(TWO)


async def test_words_right_after_others_though_the_end_of_the_whisper_is_told_late() -> None:
    async with a_node() as (node, whispers):
        node.events_after_seconds = 0.05
        await whispers.play(LEG, ONE, ["sound:one"], None)
        await whispers.end(LEG)
        assert await whispers.play(LEG, TWO, ["sound:two"], None) is Outcome.OK
        assert TWO in node.playing
        node.says_no_more(TWO)


async def test_words_on_their_way_to_the_leg_are_heard_to_their_end() -> None:
    """A busy host is late with them; hung up when they are said to be over, their end was lost."""
    async with a_node() as (node, whispers):
        await whispers.play(LEG, ONE, ["sound:one"], None)
        node.says_no_more(ONE)
        await asyncio.sleep(TAIL_SECONDS / 2)
        assert WHISPER in node.volumes, "it is still whispering"


async def test_words_that_are_cut_are_not_heard_to_their_end() -> None:
    async with a_node() as (node, whispers):
        await whispers.play(LEG, ONE, ["sound:one"], None)
        whispers.cut(LEG)
        node.says_no_more(ONE)
        await asyncio.sleep(TAIL_SECONDS / 2)
        assert WHISPER not in node.volumes
