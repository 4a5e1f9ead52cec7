"""One leg as a step of the journey sees it, and hang-up as the scope that ends a step."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any, TypeVar, assert_never

from edge.domain.ids import (
    PLAYBACK_TURNS,
    BridgeId,
    EntryId,
    LegId,
    PlaybackId,
    conversation_bridge,
    playbacks_on,
)
from edge.ports.phone_system import (
    DigitPressed,
    EndReason,
    FeedBroken,
    LegAnswered,
    LegEnded,
    LegFeed,
    LegReplaced,
    LegRinging,
    LegState,
    PhoneSystem,
    PlaybackEnded,
    Survey,
)

Result = TypeVar("Result")

PLACE_VARIABLE = "QE_PLACE"
ENTRY_VARIABLE = "QE_ENTRY"
"""What is written on a caller's leg once it has a place in a line."""
GONE_WITHIN_SECONDS = 1.0
"""A leg that is hung up is gone within milliseconds; one whose phone vanished is not waited for."""
AGENT_VARIABLE = "QE_AGENT"
"""What is written on an agent's leg from the start: account and user."""


class Gone:
    """What a step's result is when the leg ended first; the step was cancelled."""

    def __init__(self, reason: EndReason) -> None:
        self.reason = reason


class Leg:
    """What is known of one leg, kept true by its feed, and by a survey after a lost connection.

    `exists` is set once Asterisk has the leg; before that a survey that lacks it says nothing.
    When the party at it is transferred away, the leg goes on as the one that took its place.
    """

    def __init__(
        self, phone: PhoneSystem, leg: LegId, exists: bool, legs: dict[LegId, "Leg"]
    ) -> None:
        self.phone = phone
        self.id = leg
        self.exists = exists
        self.conversation: BridgeId | None = None
        """The bridge it talks in; who stands there in its place is known by that."""
        self.is_replaced = asyncio.Event()
        self.replaced: list[LegId] = []
        """What it was before each transfer."""
        self.on_replaced: Callable[[LegId], None] | None = None
        self._legs = legs
        self._listening = ExitStack()
        self._followers: list[asyncio.Task[None]] = []
        self.is_ringing = asyncio.Event()
        self.is_answered = asyncio.Event()
        self.missed_since_ms = 0
        """Start of the node that has it no more, by a survey; 0 where the end itself was told."""
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        """What was pressed on this phone and nobody has asked for yet."""
        self._ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()
        self._playbacks: dict[PlaybackId, asyncio.Event] = {}
        self._turns = itertools.cycle(range(PLAYBACK_TURNS))

    @property
    def has_ended(self) -> bool:
        return self._ended.done()

    async def ended(self) -> EndReason:
        """Wait until the leg is gone; answers at once afterwards."""
        return await asyncio.shield(self._ended)

    def end(self, reason: EndReason) -> None:
        if not self._ended.done():
            self._ended.set_result(reason)
        for over in self._playbacks.values():
            over.set()

    async def hang_up(self) -> None:
        """Whoever is at it by then: the call may be transferred meanwhile."""
        known = None
        while known != self.id:
            known = self.id
            await self.phone.hang_up(known)

    def forget_keys(self) -> None:
        """What was pressed while nobody asked is nobody's any more."""
        while not self.keys.empty():
            self.keys.get_nowait()

    def next_playback(self) -> PlaybackId:
        """The name of what is to be played next."""
        return playbacks_on(self.id)[next(self._turns)]

    def playback(self, playback: PlaybackId) -> asyncio.Event:
        """Set when this playback (or the leg) has ended. Ask before you play."""
        over = self._playbacks.setdefault(playback, asyncio.Event())
        if self.has_ended:
            over.set()
        return over

    @property
    def playing(self) -> tuple[PlaybackId, ...]:
        """What was started on this leg and has not ended, as far as is known."""
        return tuple(name for name, over in self._playbacks.items() if not over.is_set())

    def compare_with(self, survey: Survey, asked_as: LegId) -> None:
        """Take over what the node says, after events may have been lost. `asked_as` is what the
        leg was when the survey was asked for: of what it goes on as since, it can know nothing."""
        if self.id != asked_as:
            return
        successor = self._successor(survey)
        if successor is not None:
            self._go_on_as(successor)
        found = survey.legs.get(self.id)
        if found is None:
            if self.exists:
                self.missed_since_ms = survey.started_at_ms
                self.end(EndReason.FAILED)
            return
        self.exists = True
        if found.state is not LegState.DOWN:
            self.is_ringing.set()
        if found.state is LegState.UP:
            self.is_answered.set()

    def _successor(self, survey: Survey) -> LegId | None:
        """Whoever stands in our conversation, without us, and is followed by nobody here."""
        if self.conversation is None:
            return None
        inside = survey.bridges.get(self.conversation, frozenset())
        return None if self.id in inside else min(inside - self._legs.keys(), default=None)

    def _go_on_as(self, successor: LegId) -> None:
        self.leave()
        self.replaced.append(self.id)
        self.id = successor
        # What played, played to whoever has left.
        for over in self._playbacks.values():
            over.set()
        self._playbacks.clear()
        self.attend()
        self.is_replaced.set()
        if self.on_replaced is not None:
            self.on_replaced(successor)

    def attend(self) -> None:
        """Begin to follow; `legs` is where the node's reconcile finds it."""
        feed = self._listening.enter_context(self.phone.listen(self.id))
        self._legs[self.id] = self
        self._followers.append(asyncio.create_task(self._follow(feed), name=f"follow {self.id}"))

    def leave(self) -> None:
        """Follow it no longer."""
        for follower in self._followers:
            if follower is not asyncio.current_task():
                follower.cancel()
        del self._legs[self.id]
        self._listening.close()

    async def gone(self) -> None:
        """Wait for what `leave` has stopped."""
        await asyncio.gather(*self._followers, return_exceptions=True)

    async def _follow(self, feed: LegFeed) -> None:
        """Read the feed until the leg has ended, or goes on as another."""
        while not self.has_ended:
            event = await feed.next()
            match event:
                case LegReplaced(by):
                    self._go_on_as(by)
                    return
                case LegRinging():
                    self.is_ringing.set()
                case LegAnswered():
                    self.is_answered.set()
                case LegEnded(reason):
                    self.end(reason)
                case PlaybackEnded(playback):
                    over = self._playbacks.pop(playback, None)
                    if over is not None:
                        over.set()
                case DigitPressed(digit):
                    self.keys.put_nowait(digit)
                case FeedBroken():
                    pass  # the node's reconcile compares every leg with a survey
                case _ as never:
                    assert_never(never)


@asynccontextmanager
async def attending(
    phone: PhoneSystem, leg_id: LegId, legs: dict[LegId, Leg], exists: bool
) -> AsyncIterator[Leg]:
    """Follow the leg while the block runs; `legs` is where the node's reconcile finds it."""
    leg = Leg(phone, leg_id, exists, legs)
    leg.attend()
    try:
        yield leg
    finally:
        leg.leave()
        await leg.gone()


async def while_present(leg: Leg, step: Coroutine[Any, Any, Result]) -> Result | Gone:
    """Run a step as long as the leg lives. When the leg ends first the step is cancelled.

    A step that is cancelled from outside (the edge stops) takes nothing down with it: legs and
    bridges stay as they are, for whoever takes over.
    """
    return await while_all_present((leg,), step)


async def while_all_present(
    legs: Sequence[Leg], step: Coroutine[Any, Any, Result]
) -> Result | Gone:
    """The same for a step that needs several legs: it ends with the first of them."""
    running = asyncio.create_task(step)
    ends = [asyncio.create_task(leg.ended()) for leg in legs]
    try:
        await asyncio.wait({running, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return running.result()
        return Gone(next(end.result() for end in ends if end.done()))
    finally:
        for task in (running, *ends):
            task.cancel()
        await asyncio.gather(running, *ends, return_exceptions=True)


async def first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    """Wait until one of them is done; the others are cancelled."""
    async with asyncio.TaskGroup() as watching:
        tasks = [watching.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def end_leg(leg: Leg, reason: EndReason) -> None:
    """Hang it up and see it gone, so that its phone is free before it is rung again."""
    await leg.phone.hang_up(leg.id, reason)
    with suppress(TimeoutError):
        async with asyncio.timeout(GONE_WITHIN_SECONDS):
            await leg.ended()


async def bring_together(bridge: BridgeId, *legs: Leg) -> Leg | None:
    """All of them into one bridge; the leg that was gone, or None. Whoever comes in the place of
    one by a transfer meanwhile is the one who is meant."""
    while True:
        asked_as = [leg.id for leg in legs]
        gone = await legs[0].phone.connect(bridge, asked_as)
        if asked_as == [leg.id for leg in legs]:
            return next((leg for leg in legs if leg.id == gone), None)


async def clear_away(phone: PhoneSystem, entry: EntryId) -> None:
    """End whoever is left in the bridge of a call that is over, and remove it. Idempotent."""
    bridge = conversation_bridge(entry)
    for leg in (await phone.survey()).bridges.get(bridge, frozenset()):
        await phone.hang_up(leg)
    await phone.remove_bridge(bridge)
