"""The door: calls that a node gave us get a route and a conductor, and a conductor that fails
is followed by another that goes on from what the store knows."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, assert_never

import structlog

from edge.domain.disposition import WITH_A_CALLER
from edge.domain.entry import Entry, Stage
from edge.domain.ids import AccountId, BridgeId, EntryId, LegId, new_entry_id
from edge.domain.routing import Route, ToPick, ToQueue, ToStarCode, Unassigned
from edge.journey.caller import Caller
from edge.journey.floor import Floor
from edge.journey.leg import clear_away
from edge.journey.onward import stay_on
from edge.ports.phone_system import Arrival, EndReason, NodeFault, PhoneSystem

log = structlog.get_logger()

RESUME_AFTER_SECONDS = 1.0
RESUMED_AT_MOST = 30

Start = tuple[Arrival, ToQueue]
StarCodes = Callable[[Floor, PhoneSystem, Arrival, ToStarCode], Awaitable[None]]
Picks = Callable[[Floor, PhoneSystem, Arrival, ToPick], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What agents dial from their own phones."""

    star_code: StarCodes
    pick: Picks


def may_claim(route: Route, is_our_phone: bool) -> bool:
    """Whether a call is ours to take; one for a number that nobody has is taken to refuse it,
    if it comes from a phone or a trunk of this site."""
    return is_our_phone or not isinstance(route, Unassigned)


def _has_a_caller(entry: Entry) -> bool:
    """Who is to be served, told that nobody will, or led on by the key that was pressed."""
    return entry.stage is not Stage.ENDED or entry.disposition in WITH_A_CALLER


class Reception:
    """Gives each call its task."""

    def __init__(self, floor: Floor, desk: Desk) -> None:
        self._floor = floor
        self._desk = desk

    def arrived(self, phone: PhoneSystem, arrival: Arrival) -> None:
        """A call that is in our application now. Never waits."""
        route = self._floor.directory.route(arrival.endpoint, arrival.dialled, arrival.inside)
        match route:
            case ToQueue():
                self._start(self._conduct(phone, arrival, route), arrival)
            case ToStarCode():
                self._start(self._dial_star_code(phone, arrival, route), arrival)
            case ToPick():
                self._start(self._dial_pick(phone, arrival, route), arrival)
            case Unassigned():
                log.info("number_unassigned", dialled=arrival.dialled)
                self._start(self._refuse(phone, arrival), arrival)
            case _ as never:
                assert_never(never)

    def resume(
        self, phone: PhoneSystem, account: AccountId, entry: Entry, rung: frozenset[LegId]
    ) -> None:
        """Go on with a caller who was taken over, and the legs of the agents rung."""
        self._floor.tasks.create_task(
            self._resume(phone, account, entry, rung), name=f"resume {entry.id}"
        )

    def stay_on(self, phone: PhoneSystem, bridge: BridgeId, inside: frozenset[LegId]) -> None:
        """Go on with a call that its agent had transferred when its edge died."""
        self._floor.tasks.create_task(self._stay_on(phone, bridge, inside), name=f"stay {bridge}")

    async def summoned(self, account: AccountId, entry_id: EntryId) -> None:
        """Another edge's move was about an entry of ours: an offer made, or one taken back."""
        entry = await self._floor.store.entry(account, entry_id)
        conductor = self._floor.conductors.get(entry_id)
        if entry is None or conductor is None:
            return
        conductor.see(entry)
        agents = await self._floor.agents_of(account, entry)
        offered = [agents[user] for user in entry.ringing if user in agents]
        await self._floor.dispatch(account, entry, offered)

    async def heard_nothing(self) -> None:
        """What was said meanwhile is in the records."""
        for entry_id, conductor in list(self._floor.conductors.items()):
            await self.summoned(conductor.account, entry_id)

    def _start(self, story: Coroutine[Any, Any, None], arrival: Arrival) -> None:
        self._floor.tasks.create_task(story, name=f"call {arrival.leg}")

    async def _refuse(self, phone: PhoneSystem, arrival: Arrival) -> None:
        try:
            await phone.hang_up(arrival.leg, EndReason.UNASSIGNED)
        except NodeFault as fault:
            log.warning("call_not_refused", leg=arrival.leg, reason=str(fault))
            await self._end(phone, arrival.leg, EndReason.UNASSIGNED)

    async def _end(
        self, phone: PhoneSystem, leg: LegId, reason: EndReason = EndReason.NORMAL
    ) -> None:
        """For a call that nobody looks after any more: it would stay in silence, and keep the
        agent whose phone it is from being rung."""
        for _ in range(RESUMED_AT_MOST):
            await self._floor.clock.sleep(RESUME_AFTER_SECONDS)
            try:
                await phone.hang_up(leg, reason)
            except NodeFault as fault:
                log.debug("call_not_ended", leg=leg, reason=str(fault))
            else:
                return
        log.error("call_given_up", leg=leg)

    async def _dial_star_code(
        self, phone: PhoneSystem, arrival: Arrival, route: ToStarCode
    ) -> None:
        with structlog.contextvars.bound_contextvars(leg=arrival.leg, account=route.account):
            try:
                await self._desk.star_code(self._floor, phone, arrival, route)
            except NodeFault as fault:
                log.warning("star_code_broken_off", reason=str(fault))
                await self._end(phone, arrival.leg)

    async def _dial_pick(self, phone: PhoneSystem, arrival: Arrival, route: ToPick) -> None:
        with structlog.contextvars.bound_contextvars(leg=arrival.leg, account=route.account):
            try:
                await self._desk.pick(self._floor, phone, arrival, route)
            except NodeFault as fault:
                log.warning("pick_broken_off", reason=str(fault))
                await self._end(phone, arrival.leg)

    async def _conduct(self, phone: PhoneSystem, arrival: Arrival, route: ToQueue) -> None:
        caller = Caller(self._floor, phone, route.account, new_entry_id())
        with structlog.contextvars.bound_contextvars(leg=arrival.leg, account=route.account):
            try:
                await caller.conduct(arrival, route)
            except Exception:
                log.exception("conductor_failed", entry=caller.id)
                await self._rescue(phone, route.account, caller, (arrival, route))

    async def _resume(
        self, phone: PhoneSystem, account: AccountId, entry: Entry, rung: frozenset[LegId]
    ) -> None:
        caller = Caller(self._floor, phone, account, entry.id)
        with structlog.contextvars.bound_contextvars(leg=entry.leg, account=account):
            try:
                await caller.resume(entry, rung)
            except Exception:
                log.exception("conductor_failed", entry=caller.id)
                await self._rescue(phone, account, caller, None)

    async def _stay_on(
        self, phone: PhoneSystem, bridge: BridgeId, inside: frozenset[LegId]
    ) -> None:
        for _ in range(RESUMED_AT_MOST):
            try:
                await stay_on(self._floor, phone, bridge, inside)
            except NodeFault as fault:
                log.warning("transferred_call_waits", bridge=bridge, reason=str(fault))
                await asyncio.sleep(RESUME_AFTER_SECONDS)
            else:
                return
        log.error("transferred_call_given_up", bridge=bridge)

    async def _rescue(
        self, phone: PhoneSystem, account: AccountId, caller: Caller, start: Start | None
    ) -> None:
        """The fallback: as if taken over from an edge that died; music goes on meanwhile.

        A node that is away is waited for, however long; other faults get 30 tries.
        """
        failures = 0
        while failures < RESUMED_AT_MOST:
            await asyncio.sleep(RESUME_AFTER_SECONDS)
            entry = await self._floor.store.entry(account, caller.id)
            try:
                if entry is None and start is not None:
                    await caller.conduct(*start)
                elif entry is not None and _has_a_caller(entry):
                    await caller.resume(entry)
                elif entry is not None:
                    # It broke off while the last orders of a call that is over were given.
                    await caller.end_rung()
                    await phone.hang_up(entry.leg)
                    await clear_away(phone, entry.id)
            except NodeFault as fault:
                log.debug("conductor_waits", entry=caller.id, reason=str(fault))
            except Exception:
                failures += 1
                log.exception("conductor_failed", entry=caller.id)
            else:
                return
        log.error("caller_given_up", entry=caller.id)
