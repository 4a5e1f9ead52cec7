"""A scripted PhoneSystem: one edge's view of the fake switchboard. Orders take 2 ms each."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from edge.domain.ids import BridgeId, EndpointName, LegId, PlaybackId, RunId
from edge.ports.phone_system import (
    Arrival,
    DeviceState,
    Dial,
    Dialled,
    Done,
    EndReason,
    FeedBroken,
    LegEnded,
    LegEvent,
    LegFeed,
    LegReplaced,
    LegState,
    NodeBack,
    NodeEvent,
    NodeFault,
    NodeLost,
    NotDialled,
    Survey,
)
from tests.fakes.switchboard import FakeLeg, Switchboard, WhenRung
from tests.fakes.waiting import wait_until

ONE_WAY_SECONDS = 0.001
RINGS_AFTER_SECONDS = 0.02
PROMPT_LASTS_SECONDS = 1.5
HOLD_AGAIN_SECONDS = 1.0

Result = TypeVar("Result")


class FakeFeed:
    """Satisfies `LegFeed`."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[LegEvent] = asyncio.Queue()

    async def next(self) -> LegEvent:
        return await self._events.get()

    def pending(self) -> int:
        return self._events.qsize()

    def put(self, event: LegEvent) -> None:
        self._events.put_nowait(event)


class FakePhoneSystem:
    """Satisfies `PhoneSystem`. A killed one raises at every order, like a process that is gone."""

    def __init__(
        self, app: RunId, switchboard: Switchboard, may_claim: Callable[[Arrival], bool]
    ) -> None:
        self.app = app
        self.node = switchboard.node
        self._board = switchboard
        self._may_claim = may_claim
        self._events: asyncio.Queue[NodeEvent | None] = asyncio.Queue()
        self._feeds: dict[LegId, FakeFeed] = {}
        self._unheard: dict[LegId, list[LegEvent]] = {}
        """What came while nobody listened, for who listens next."""
        self._held_in: dict[LegId, str] = {}
        """The music in which each leg is to stand, by the last order."""
        self._holding: set[asyncio.Task[None]] = set()
        self._is_killed = False
        self._fails_at = ""
        self._is_done_all_the_same = False
        self._given_up_after_seconds = 0.0
        self.given_up_at: float | None = None
        """When the order that fails is not waited for any more, from when it was given on."""
        self.words_last_seconds = PROMPT_LASTS_SECONDS
        self.loses_the_end_of_words = False
        """Events that a playback has ended never come."""

    # --- the connection

    def open(self) -> None:
        self._board.connect_app(self)
        self._events.put_nowait(NodeBack())

    def close(self) -> None:
        for holding in self._holding:
            holding.cancel()
        self._board.disconnect_app(self.app)
        self._events.put_nowait(None)

    def kill(self) -> None:
        """The process is gone: no order of it reaches the node any more."""
        self._is_killed = True
        self._board.disconnect_app(self.app)

    def cut(self) -> None:
        """The event connection breaks; orders still work."""
        self._board.disconnect_app(self.app)
        for feed in self._feeds.values():
            feed.put(FeedBroken())
        self._events.put_nowait(NodeLost())

    def mend(self) -> None:
        self.open()

    def fail_once(self, order: str, *, is_done: bool, after_seconds: float = 0.0) -> None:
        """The node does not answer the next order of this name, and is waited for so long; it may
        have done it, or not."""
        self._fails_at, self._is_done_all_the_same = order, is_done
        self._given_up_after_seconds = after_seconds

    def may_take(self, arrival: Arrival) -> bool:
        return self._may_claim(arrival)

    def tell_node(self, event: NodeEvent) -> None:
        self._events.put_nowait(event)

    def tell_leg(self, leg: LegId, event: LegEvent) -> None:
        if isinstance(event, LegReplaced) and leg in self._held_in:
            self._held_in[event.by] = self._held_in.pop(leg)
            holding = asyncio.create_task(self._hold_successor(event.by), name=f"hold {event.by}")
            self._holding.add(holding)
            holding.add_done_callback(self._holding.discard)
        feed = self._feeds.get(leg)
        if feed is not None:
            feed.put(event)
            return
        unheard = [*self._unheard.get(leg, ()), event]
        if isinstance(event, LegEnded):
            # Of a leg that has ended it is still to be told who took its place.
            unheard = [one for one in unheard if isinstance(one, LegReplaced)]
        self._unheard[leg] = unheard

    async def _hold_successor(self, leg: LegId) -> None:
        """The node puts it where the other stood, but without music."""

        def act() -> None:
            if leg in self._held_in:
                self._enter(leg, BridgeId(f"hold_{self._held_in[leg]}"))

        while not self._is_killed:
            try:
                await self._order("hold", act)
            except NodeFault:
                await asyncio.sleep(HOLD_AGAIN_SECONDS)
            else:
                return

    async def _order(self, name: str, act: Callable[[], Result]) -> Result:
        """The node does it after one way, and the answer is here after the other.

        What was sent is done, even if nobody waits for the answer any more.
        """
        if self._is_killed:
            raise NodeFault("this edge was killed")
        if name == self._fails_at:
            self._fails_at = ""
            if self._is_done_all_the_same:
                act()
            after_seconds = self._given_up_after_seconds
            if after_seconds:
                self.given_up_at = asyncio.get_running_loop().time() + after_seconds
                await asyncio.sleep(after_seconds)
            raise NodeFault(f"no answer to {name}")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()

        def deliver(result: Result) -> None:
            if not answer.done():
                answer.set_result(result)

        loop.call_later(ONE_WAY_SECONDS, lambda: loop.call_later(ONE_WAY_SECONDS, deliver, act()))
        return await answer

    def _leg(self, leg: LegId) -> FakeLeg | None:
        return self._board.living(leg, self.app)

    # --- PhoneSystem

    async def events(self) -> AsyncIterator[NodeEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    @contextmanager
    def listen(self, leg: LegId) -> Iterator[LegFeed]:
        assert leg not in self._feeds, f"two listen to {leg}"
        feed = self._feeds[leg] = FakeFeed()
        unheard = self._unheard.pop(leg, [])
        for event in unheard:
            feed.put(event)
        ended = self._board.ended.get(leg)
        if not unheard and ended is not None and ended.ended is not None and ended.app == self.app:
            feed.put(LegEnded(ended.ended))
        try:
            yield feed
        finally:
            del self._feeds[leg]

    async def answer(self, leg: LegId) -> Done:
        def act() -> Done:
            found = self._leg(leg)
            if found is None:
                return Done.GONE
            if found.state is LegState.UP:
                return Done.DONE
            found.state = LegState.UP
            self._board.listen_again(found)
            return Done.DONE

        return await self._order("answer", act)

    async def hold(self, leg: LegId, music_class: str) -> Done:
        self._held_in[leg] = music_class
        return await self._order("hold", lambda: self._enter(leg, BridgeId(f"hold_{music_class}")))

    def _enter(self, leg: LegId, bridge: BridgeId) -> Done:
        found = self._leg(leg)
        if found is None:
            return Done.GONE
        if found.bridge != bridge or found.took_a_place:
            found.took_a_place = False
            self._board.move(found, bridge)
        return Done.DONE

    def _silenced(self, leg: LegId, bridge: BridgeId) -> None:
        found = self._board.legs[leg]
        for playback in (found.playback, found.whisper):
            if playback is not None:
                self._board.playback_over(playback)
        self._enter(leg, bridge)

    async def dial(self, dial: Dial) -> Dialled | NotDialled:
        assert dial.leg in self._feeds, "listen before you dial: events race answers"
        return await self._order("dial", lambda: self._dial(dial))

    def _dial(self, dial: Dial) -> Dialled | NotDialled:
        board = self._board
        phone = board.phones.get(dial.endpoint)
        if phone is None or not phone.is_registered:
            return NotDialled(EndReason.UNREACHABLE)
        assert dial.leg not in board.legs | board.ended, "a leg is dialled once"
        leg = FakeLeg(dial.leg, self.app, dial.endpoint, LegState.DOWN)
        leg.variables = dict(dial.variables)
        board.legs[dial.leg] = leg
        phone.dials.append(dial)
        phone.legs.append(leg)
        own_calls = [one for one in board.own_calls(dial.endpoint) if one is not leg]
        in_call = not phone.is_trunk and (phone.leg is not None or own_calls)
        board.tell_device(dial.endpoint)
        if in_call or phone.when_rung is WhenRung.IS_BUSY:
            board.later(leg, RINGS_AFTER_SECONDS, self._ender(dial.leg, EndReason.BUSY))
            return Dialled()
        phone.leg = dial.leg
        board.later(leg, RINGS_AFTER_SECONDS, lambda: board.rings(dial.leg))
        board.later(leg, dial.ring_seconds, self._ender(dial.leg, EndReason.NO_ANSWER))
        if phone.when_rung is WhenRung.ANSWERS:
            board.later(leg, phone.after_seconds, lambda: board.answered(dial.leg))
        elif phone.when_rung is WhenRung.REFUSES:
            board.later(leg, phone.after_seconds, self._ender(dial.leg, EndReason.REFUSED))
        return Dialled()

    def _ender(self, leg: LegId, reason: EndReason) -> Callable[[], None]:
        """Ends the leg if it was not answered by then."""

        def end() -> None:
            found = self._board.legs.get(leg)
            if found is not None and found.state is not LegState.UP:
                self._board.end(leg, reason)

        return end

    async def prepare_bridge(self, bridge: BridgeId) -> None:
        await self._order("prepare_bridge", lambda: self._board.bridges.setdefault(bridge, set()))

    async def connect(self, bridge: BridgeId, legs: Sequence[LegId]) -> LegId | None:
        """One order for all: nobody stands in the bridge alone because an edge died in between."""
        for one in legs:
            self._held_in.pop(one, None)

        def act() -> LegId | None:
            gone = next((leg for leg in legs if self._leg(leg) is None), None)
            for leg in legs if gone is None else ():
                self._silenced(leg, bridge)
            return gone

        if (gone := await self._order("connect", act)) is not None:
            return gone
        return next((leg for leg in legs if self._leg(leg) is None), None)

    async def remove_bridge(self, bridge: BridgeId) -> None:
        def act() -> None:
            for leg in list(self._board.bridges.get(bridge, ())):
                self._board.move(self._board.legs[leg], None)
            self._board.bridges.pop(bridge, None)

        await self._order("remove_bridge", act)

    async def hang_up(self, leg: LegId, reason: EndReason = EndReason.NORMAL) -> None:
        # A node ends any leg, whosoever it is.
        await self._order("hang_up", lambda: self._board.end(leg, reason))

    async def play(
        self, leg: LegId, playback: PlaybackId, sounds: Sequence[str], language: str | None = None
    ) -> Done:
        return await self._order(
            "play", partial(self._say, self._board.play, leg, playback, sounds)
        )

    async def whisper(
        self, leg: LegId, playback: PlaybackId, sounds: Sequence[str], language: str | None = None
    ) -> Done:
        say = partial(self._say, self._board.say_over, leg, playback, sounds)
        return await self._order("whisper", say)

    def _say(
        self,
        begin: Callable[[FakeLeg, PlaybackId, str], None],
        leg: LegId,
        playback: PlaybackId,
        sounds: Sequence[str],
    ) -> Done:
        found = self._leg(leg)
        if found is None:
            return Done.GONE
        played = [*found.variables.get("played", "").split(), *sounds]
        found.variables["played"] = " ".join(played)
        begin(found, playback, " ".join(sounds))
        if not self.loses_the_end_of_words:
            over = partial(self._board.playback_over, playback)
            self._board.later(found, self.words_last_seconds, over)
        return Done.DONE

    async def end_whisper(self, leg: LegId) -> bool:
        def act() -> bool:
            found = self._board.legs.get(leg)
            if found is None:
                return False
            was_spoken_to = found.is_whispered_to
            if found.whisper is not None:
                self._board.playback_over(found.whisper)
            found.is_whispered_to = False
            return was_spoken_to

        return await self._order("end_whisper", act)

    async def ring(self, leg: LegId) -> Done:
        def act() -> Done:
            found = self._leg(leg)
            if found is None:
                return Done.GONE
            found.rings_back = True
            self._board.listen_again(found)
            return Done.DONE

        return await self._order("ring", act)

    async def stop(self, playback: PlaybackId) -> None:
        await self._order("stop", lambda: self._board.playback_over(playback))

    async def leg_state(self, leg: LegId) -> LegState | None:
        def act() -> LegState | None:
            found = self._board.legs.get(leg)
            return found.state if found is not None else None

        return await self._order("leg_state", act)

    async def set_variables(self, leg: LegId, variables: dict[str, str]) -> Done:
        def act() -> Done:
            found = self._leg(leg)
            if found is None:
                return Done.GONE
            found.variables |= variables
            return Done.DONE

        return await self._order("set_variables", act)

    async def variable(self, leg: LegId, name: str) -> str | None:
        def act() -> str | None:
            found = self._board.legs.get(leg)
            return found.variables.get(name) if found is not None else None

        return await self._order("variable", act)

    async def has_dialplan(self, leg: LegId, context: str, extension: str, priority: int) -> bool:
        place = (context, extension, priority)
        return await self._order("has_dialplan", lambda: place in self._board.dialplan)

    async def send_into_dialplan(
        self, leg: LegId, context: str, extension: str, priority: int
    ) -> Done:
        def act() -> Done:
            found = self._leg(leg)
            if found is None:
                return Done.GONE
            self._board.into_dialplan(found, (context, extension, priority))
            return Done.DONE

        return await self._order("send_into_dialplan", act)

    async def adopt(self, leg: LegId) -> Done:
        def act() -> Done:
            found = self._board.legs.get(leg)
            if found is None or found.app is None:
                return Done.GONE
            found.app = self.app
            return Done.DONE

        # A leg that words are played to comes when they are over.
        await wait_until(lambda: not self._is_played_to(leg), "the words are over", 600)
        return await self._order("adopt", act)

    def _is_played_to(self, leg: LegId) -> bool:
        found = self._board.legs.get(leg)
        return found is not None and found.playback is not None

    async def recall_arrival(self, leg: LegId) -> Arrival | None:
        def act() -> Arrival | None:
            found = self._board.legs.get(leg)
            return found.arrival if found is not None else None

        return await self._order("recall_arrival", act)

    async def forget_application(self, run: RunId) -> None:
        def act() -> None:
            assert not any(leg.app == run for leg in self._board.legs.values()), "legs are left"
            self._board.watched.pop(run, None)

        await self._order("forget_application", act)

    async def survey(self) -> Survey:
        return await self._order("survey", self._board.survey)

    async def watch(self, endpoints: Sequence[EndpointName]) -> dict[EndpointName, DeviceState]:
        def act() -> dict[EndpointName, DeviceState]:
            found = {endpoint: self._board.device(endpoint) for endpoint in endpoints}
            self._board.watched[self.app] = dict(found)
            self._board.told[self.app] = dict(found)
            return found

        return await self._order("watch", act)

    def device(self, endpoint: EndpointName) -> DeviceState:
        return self._board.told.get(self.app, {}).get(endpoint, DeviceState.UNKNOWN)
