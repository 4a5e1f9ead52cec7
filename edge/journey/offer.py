"""An agent's phone rings for a caller: dial, ring, and the first answer wins."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

import structlog

from edge.domain.agent import Agent
from edge.domain.entry import Entry
from edge.domain.ids import AccountId, EndpointName, conversation_bridge
from edge.domain.offer import LegFailure
from edge.journey.floor import Floor
from edge.journey.leg import AGENT_VARIABLE, Leg
from edge.ports.phone_system import Dial, EndReason, NotDialled
from edge.ports.queue_store import AcceptWord, LegWord

log = structlog.get_logger()

FAILURES: dict[EndReason, LegFailure] = {
    EndReason.BUSY: LegFailure.BUSY,
    EndReason.REFUSED: LegFailure.REFUSED,
    EndReason.NO_ANSWER: LegFailure.NO_ANSWER,
    EndReason.UNREACHABLE: LegFailure.UNREACHABLE,
    EndReason.UNASSIGNED: LegFailure.UNREACHABLE,
}


class OfferEnd(StrEnum):
    ACCEPTED = "accepted"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Offer:
    """One agent asked for one caller. `withdrawn` is set when the store has taken it back."""

    account: AccountId
    entry: Entry
    agent: Agent
    ring_seconds: int
    withdrawn: asyncio.Event


async def ring(floor: Floor, offer: Offer, leg: Leg) -> OfferEnd:
    """Dial the agent and follow the leg to its end or its answer.

    Returns with the agent's leg hung up unless it was accepted. Cancelled, it leaves the leg as
    it is: whoever cancels decides.
    """
    user = floor.directory.user(offer.account, offer.agent.id)
    dialled = await leg.phone.dial(
        Dial(
            leg=leg.id,
            endpoint=EndpointName(user.sip),
            caller_number=offer.entry.caller_number,
            caller_name=offer.entry.caller_name,
            ring_seconds=offer.ring_seconds,
            variables={AGENT_VARIABLE: f"{offer.account} {offer.agent.id}"},
        )
    )
    if isinstance(dialled, NotDialled):
        return await _failed(floor, offer, leg, dialled.reason)
    leg.exists = True
    word, moved = await floor.store.leg_dialled(
        offer.account, offer.agent.id, leg.id, offer.ring_seconds
    )
    floor.follow_up(offer.account, moved)
    if word is LegWord.STALE:
        await leg.phone.hang_up(leg.id)
        return OfferEnd.WITHDRAWN
    # While the phone rings there is time to make the bridge that the answer will need.
    await leg.phone.prepare_bridge(conversation_bridge(offer.entry.id))
    return await await_answer(floor, offer, leg)


async def await_answer(floor: Floor, offer: Offer, leg: Leg) -> OfferEnd:
    """From dialled on, or from wherever a takeover found the leg."""
    async with asyncio.TaskGroup() as watching:
        ringing = watching.create_task(_report_ringing(floor, offer, leg))
        waits = [
            watching.create_task(wait)
            for wait in (leg.is_answered.wait(), leg.ended(), offer.withdrawn.wait())
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in (ringing, *waits):
            task.cancel()
    if leg.has_ended:
        return await _failed(floor, offer, leg, await leg.ended())
    if not leg.is_answered.is_set():
        await leg.phone.hang_up(leg.id, EndReason.ANSWERED_ELSEWHERE)
        return OfferEnd.WITHDRAWN
    word, moved = await floor.store.accept(offer.account, offer.agent.id, leg.id)
    floor.follow_up(offer.account, moved)
    if word is AcceptWord.STALE:
        log.info("late_answer", entry=offer.entry.id, user=offer.agent.id)
        await leg.phone.hang_up(leg.id)
        return OfferEnd.WITHDRAWN
    return OfferEnd.ACCEPTED


async def _report_ringing(floor: Floor, offer: Offer, leg: Leg) -> None:
    await leg.is_ringing.wait()
    log.info("phone_rings", entry=offer.entry.id, user=offer.agent.id)
    _, moved = await floor.store.leg_ringing(offer.account, offer.agent.id, leg.id)
    floor.follow_up(offer.account, moved)


async def _failed(floor: Floor, offer: Offer, leg: Leg, reason: EndReason) -> OfferEnd:
    failure = FAILURES.get(reason, LegFailure.FAILED)
    log.info("offer_failed", entry=offer.entry.id, user=offer.agent.id, reason=failure.value)
    _, moved = await floor.store.fail_leg(offer.account, offer.agent.id, leg.id, failure)
    floor.follow_up(offer.account, moved)
    return OfferEnd.FAILED
