"""Caller and agent in one bridge, until one of them hangs up; nobody is left alone in it."""

import asyncio
from enum import StrEnum

import structlog

from edge.domain.entry import Entry
from edge.domain.ids import AccountId, LegId, UserId, conversation_bridge
from edge.domain.offer import LegFailure
from edge.journey.floor import Floor
from edge.journey.leg import Leg, bring_together, first_of
from edge.journey.onward import see_off, stay
from edge.ports.queue_store import CompleteWord, ConnectWord, FailWord

log = structlog.get_logger()

STORE_MAY_TAKE_SECONDS = 1.0


class TalkEnd(StrEnum):
    COMPLETED = "completed"
    """Also where the agent transferred the caller, when that call is over as well."""
    AGENT_LOST = "agent_lost"  # before the bridge stood: the caller waits again
    FENCED = "fenced"  # another edge has both legs now


async def talk(
    floor: Floor, account: AccountId, entry: Entry, agent: UserId, caller: Leg, answered: Leg
) -> TalkEnd:
    """Bridge both legs and stay until it is over. Idempotent: a takeover begins here as well."""
    bridge = conversation_bridge(entry.id)
    gone = await bring_together(bridge, caller, answered)
    if gone is answered and not caller.has_ended:
        word, moved = await floor.store.fail_leg(account, agent, answered.id, LegFailure.REFUSED)
        if word is FailWord.FAILED:
            log.info("agent_lost_before_bridge", entry=entry.id, user=agent)
            floor.follow_up(account, moved)
            return TalkEnd.AGENT_LOST
    if gone is None:
        connected, _ = await floor.store.connect(account, entry.id)
        if connected is ConnectWord.STALE:
            return TalkEnd.FENCED
        log.info("connected", entry=entry.id, user=agent)
        caller.conversation = answered.conversation = bridge
        await first_of(caller.ended(), answered.ended(), answered.is_replaced.wait())
        if answered.is_replaced.is_set():
            return await _transferred(floor, account, entry, caller, answered)
    return await finish(floor, account, entry, caller, answered)


async def _transferred(
    floor: Floor, account: AccountId, entry: Entry, caller: Leg, stranger: Leg
) -> TalkEnd:
    """The agent is free once its phone is; the caller talks on with whoever came instead."""
    bridge = conversation_bridge(entry.id)
    async with asyncio.TaskGroup() as leaving:
        completing = leaving.create_task(
            _complete_without(floor, account, entry, caller, stranger.replaced[0])
        )
        # Whatever the store and the agent's phone do: nobody stays alone meanwhile.
        await first_of(caller.ended(), stranger.ended())
        if completing.done() and completing.result() is CompleteWord.STALE:
            return TalkEnd.FENCED
        await stay(caller.phone, bridge, caller, stranger)
    return TalkEnd.COMPLETED


async def _complete_without(
    floor: Floor, account: AccountId, entry: Entry, caller: Leg, agent_leg: LegId
) -> CompleteWord:
    await see_off(floor, caller.phone, agent_leg)
    word, moved = await floor.store.complete(account, entry.id)
    if word is CompleteWord.COMPLETED:
        floor.follow_up(account, moved)
        log.info("agent_transferred", entry=entry.id, user=moved.agent.id)
    return word


async def finish(
    floor: Floor, account: AccountId, entry: Entry, caller: Leg, answered: Leg | None
) -> TalkEnd:
    """End the conversation on both sides; the agent wraps up.

    The store is asked first: legs that another edge has taken over are not ours to hang up. A
    store that is away does not keep the other party in silence, though.
    """
    completing = asyncio.create_task(floor.store.complete(account, entry.id))
    try:
        await asyncio.wait({completing}, timeout=STORE_MAY_TAKE_SECONDS)
        if completing.done() and completing.result()[0] is CompleteWord.STALE:
            return TalkEnd.FENCED
        for leg in (caller, answered):
            if leg is not None and not leg.has_ended:
                await leg.hang_up()
        await caller.phone.remove_bridge(conversation_bridge(entry.id))
        word, moved = await completing
    finally:
        completing.cancel()
        await asyncio.gather(completing, return_exceptions=True)
    if word is CompleteWord.COMPLETED:
        floor.follow_up(account, moved)
        log.info("conversation_over", entry=entry.id)
    return TalkEnd.COMPLETED
