"""An agent's phone rings for a caller: dial, ring, perhaps a key, and the first to accept wins.

Any number of offers of one caller are open at once; each leg ends alone.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from edge.domain.agent import Agent
from edge.domain.disposition import BY_KEY
from edge.domain.entry import Entry
from edge.domain.ids import AccountId, EndpointName, LegId, conversation_bridge
from edge.domain.offer import LegFailure
from edge.domain.settings import Queue
from edge.journey.floor import Floor
from edge.journey.invitation import invitation
from edge.journey.leg import (
    AGENT_VARIABLE,
    GONE_WITHIN_SECONDS,
    Leg,
    attending,
    end_leg,
    first_of,
)
from edge.journey.speech import LISTENING_SECONDS, hush, say, sounds_of
from edge.ports.phone_system import EndReason, LegState, NodeFault, NotDialled, PhoneSystem
from edge.ports.prompts import Prompt
from edge.ports.queue_store import AcceptWord, LegWord

log = structlog.get_logger()

LEAST_RINGING_MS = 900
"""A phone that gives up sooner (408, at once) did not let anybody miss a call: it is backed off, or
it would be rung for all who wait as fast as it can say no. The shortest ring time is a second."""

FAILURES: dict[EndReason, LegFailure] = {
    EndReason.BUSY: LegFailure.BUSY,
    EndReason.REFUSED: LegFailure.REFUSED,
    EndReason.NO_ANSWER: LegFailure.NO_ANSWER,
    EndReason.UNREACHABLE: LegFailure.UNREACHABLE,
    EndReason.UNASSIGNED: LegFailure.UNREACHABLE,
}
TAKE, REFUSE = "1", "2"
TOLD_WITHIN_SECONDS = 5.0


class OfferEnd(StrEnum):
    ACCEPTED = "accepted"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    LATE = "late"  # answered, but somebody else has the call: the leg is still up


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One agent asked for one caller. `withdrawn` is set when the offer is no more."""

    account: AccountId
    entry: Entry
    agent: Agent
    leg: LegId
    queue: Queue
    rivals: "Rivals"
    withdrawn: asyncio.Event = field(default_factory=asyncio.Event)


class Rivals:
    """The offers of one caller that are open at once: who accepts first ends all the others."""

    def __init__(self) -> None:
        self.is_taken = False
        """An agent has accepted and the conversation is not lost."""
        self._open: list[Offer] = []
        self._rev = 0

    @contextmanager
    def joined_by(self, offer: Offer) -> Iterator[None]:
        self._open.append(offer)
        try:
            yield
        finally:
            self._open.remove(offer)

    def lose_to(self, winner: Offer) -> None:
        self.is_taken = True
        for offer in self._open:
            if offer is not winner:
                offer.withdrawn.set()

    def see(self, entry: Entry) -> None:
        """Somebody else's move may have withdrawn some of them. An older record says nothing: it
        may be from before the claim of the newest offer."""
        if entry.rev < self._rev:
            return
        self._rev = entry.rev
        for offer in self._open:
            if offer.agent.id not in entry.ringing and entry.agent != offer.agent.id:
                offer.withdrawn.set()


@contextmanager
def on_the_line(floor: Floor, offer: Offer) -> Iterator[None]:
    """The leg counts among those that ring the agent's phone, or tell it that it came too late."""
    legs = floor.lines.setdefault(_phone_of(floor, offer), {})
    is_over = legs[offer.leg] = asyncio.Event()
    try:
        yield
    finally:
        is_over.set()
        del legs[offer.leg]
        if not legs:
            del floor.lines[_phone_of(floor, offer)]


async def _free_line(floor: Floor, offer: Offer, phone: PhoneSystem) -> None:
    """The agent is free, so another leg of this phone is at its end: one that was answered
    elsewhere, or hears that it came too late. A phone with one line would be busy."""
    for leg, is_over in tuple(floor.lines.get(_phone_of(floor, offer), {}).items()):
        if leg != offer.leg:
            await phone.hang_up(leg, EndReason.ANSWERED_ELSEWHERE)
            with suppress(TimeoutError):
                async with asyncio.timeout(GONE_WITHIN_SECONDS):
                    await is_over.wait()


async def ring(floor: Floor, offer: Offer, leg: Leg) -> OfferEnd:
    """Dial the agent and follow the leg to its end or its answer.

    Returns with the agent's leg hung up unless it was accepted or came too late. Cancelled, it
    leaves the leg as it is: whoever cancels decides.
    """
    await _free_line(floor, offer, leg.phone)
    user = floor.directory.user(offer.account, offer.agent.id)
    named = {AGENT_VARIABLE: f"{offer.account} {offer.agent.id}"}
    dialled = await leg.phone.dial(invitation(offer.queue, user, offer.entry, leg.id, named))
    if isinstance(dialled, NotDialled):
        return await _failed(floor, offer, leg, by_end(dialled.reason))
    leg.exists = True
    dialled_at_ms = floor.clock.now_ms()
    if await note_dialled(floor, offer, leg) is LegWord.STALE:
        await end_leg(leg, EndReason.ANSWERED_ELSEWHERE)
        return OfferEnd.WITHDRAWN
    # While the phone rings there is time to make the bridge that the answer will need.
    await leg.phone.prepare_bridge(conversation_bridge(offer.entry.id))
    return await await_answer(floor, offer, leg, dialled_at_ms)


async def note_dialled(floor: Floor, offer: Offer, leg: Leg) -> LegWord:
    """Asterisk has the dial; from here on the store knows when the leg must be over."""
    word, moved = await floor.store.leg_dialled(
        offer.account,
        offer.agent.id,
        leg.id,
        offer.queue.ring_seconds + offer.queue.longest_confirm_seconds,
    )
    floor.follow_up(offer.account, moved)
    return word


async def await_answer(floor: Floor, offer: Offer, leg: Leg, dialled_at_ms: int = 0) -> OfferEnd:
    """From dialled on, or (at 0) from wherever a takeover found the leg."""
    async with asyncio.TaskGroup() as watching:
        ringing = watching.create_task(_report_ringing(floor, offer, leg))
        await first_of(leg.is_answered.wait(), leg.ended(), offer.withdrawn.wait())
        ringing.cancel()
    if leg.has_ended:
        hung_up = leg.is_answered.is_set()
        failure = LegFailure.REFUSED if hung_up else by_end(await leg.ended())
        has_rung_ms = floor.clock.now_ms() - dialled_at_ms
        if failure is LegFailure.NO_ANSWER and has_rung_ms < LEAST_RINGING_MS:
            failure = LegFailure.FAILED
        return await _failed(floor, offer, leg, failure)
    if not leg.is_answered.is_set():
        # Picked up in this very moment, it can not be cancelled any more: there is a word for that.
        if await leg.phone.leg_state(leg.id) is LegState.UP:
            return OfferEnd.LATE
        await end_leg(leg, EndReason.ANSWERED_ELSEWHERE)
        return OfferEnd.WITHDRAWN
    if offer.queue.agent_confirm and not offer.agent.is_called:
        no = await _ask(floor, offer, leg)
        if offer.withdrawn.is_set():
            # Nobody who follows the leg from now on knows what still plays.
            await hush(leg)
            return OfferEnd.LATE
        if no is not None:
            await end_leg(leg, EndReason.NORMAL)
            return await _failed(floor, offer, leg, no)
    return await _accept(floor, offer, leg)


async def _accept(floor: Floor, offer: Offer, leg: Leg) -> OfferEnd:
    word, moved = await floor.store.accept(offer.account, offer.agent.id, leg.id)
    if word is AcceptWord.ACCEPTED:
        offer.rivals.lose_to(offer)
    floor.follow_up(offer.account, moved)
    if word is AcceptWord.STALE:
        log.info("late_answer", entry=offer.entry.id, user=offer.agent.id)
        return OfferEnd.LATE
    return OfferEnd.ACCEPTED


async def _ask(floor: Floor, offer: Offer, leg: Leg) -> LegFailure | None:
    """The accept key: a person takes the call, a mailbox does not. None: it was pressed, or the
    offer was withdrawn meanwhile."""
    words = sounds_of(floor, offer.account, [Prompt.PRESS_TO_ACCEPT])

    async def speak() -> None:
        await floor.clock.sleep(LISTENING_SECONDS)
        await say(leg, words, offer.queue.confirm_seconds)

    async def pressed() -> str:
        while (key := await leg.keys.get()) not in (TAKE, REFUSE):
            pass
        return key

    async with asyncio.TaskGroup() as asking:
        speaking, pressing = asking.create_task(speak()), asking.create_task(pressed())
        await first_of(
            asyncio.wait({pressing}),
            leg.ended(),
            offer.withdrawn.wait(),
            floor.clock.sleep(offer.queue.confirm_seconds),
        )
        key = pressing.result() if pressing.done() else None
        speaking.cancel()
        pressing.cancel()
    if leg.has_ended or key == REFUSE:
        return LegFailure.REFUSED
    return None if key == TAKE or offer.withdrawn.is_set() else LegFailure.NO_ANSWER


async def tell_late(floor: Floor, phone: PhoneSystem, offer: Offer, line: ExitStack) -> None:
    """Another has the call: a short word, then the end. The agent is free since that accept, and
    a new offer does not wait for the word. `line` is let go when the leg is gone."""
    with line:
        async with attending(phone, offer.leg, floor.legs, exists=True) as leg:
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(TOLD_WITHIN_SECONDS):
                        await _tell_taken(floor, offer, leg)
                await end_leg(leg, EndReason.NORMAL)
            except NodeFault as fault:
                log.warning("late_answer_not_told", leg=offer.leg, reason=str(fault))


async def _tell_taken(floor: Floor, offer: Offer, leg: Leg) -> None:
    """Nothing is said where the caller has hung up: nobody has taken the call."""
    entry = await floor.store.entry(offer.account, offer.entry.id)
    if entry is not None and (entry.agent is not None or entry.disposition in BY_KEY):
        await floor.clock.sleep(LISTENING_SECONDS)
        words = sounds_of(floor, offer.account, [Prompt.CALL_TAKEN])
        await say(leg, words, TOLD_WITHIN_SECONDS)


async def _report_ringing(floor: Floor, offer: Offer, leg: Leg) -> None:
    await leg.is_ringing.wait()
    log.info("phone_rings", entry=offer.entry.id, user=offer.agent.id)
    _, moved = await floor.store.leg_ringing(offer.account, offer.agent.id, leg.id)
    floor.follow_up(offer.account, moved)


def by_end(reason: EndReason) -> LegFailure:
    return FAILURES.get(reason, LegFailure.FAILED)


async def _failed(floor: Floor, offer: Offer, leg: Leg, failure: LegFailure) -> OfferEnd:
    log.info("offer_failed", entry=offer.entry.id, user=offer.agent.id, reason=failure.value)
    _, moved = await floor.store.fail_leg(offer.account, offer.agent.id, leg.id, failure)
    floor.follow_up(offer.account, moved)
    return OfferEnd.FAILED


def _phone_of(floor: Floor, offer: Offer) -> EndpointName:
    return EndpointName(floor.directory.user(offer.account, offer.agent.id).sip)
