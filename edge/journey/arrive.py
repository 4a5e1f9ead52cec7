"""A caller arrives: let in or not in one step, then music from the first second."""

import asyncio

import structlog

from edge.domain.entry import Entry, Joining, Stage
from edge.domain.hours import is_open
from edge.domain.ids import EntryId, QueueId
from edge.domain.line import place_of_arrival
from edge.domain.media import music_of
from edge.domain.routing import ToQueue
from edge.domain.settings import Queue
from edge.domain.settings.waiting import AnswerOn
from edge.journey.floor import Floor
from edge.journey.leg import ENTRY_VARIABLE, PLACE_VARIABLE, Leg, while_present
from edge.ports.phone_system import Arrival, Done, NodeFault, PhoneSystem
from edge.ports.queue_store import JoinWord

log = structlog.get_logger()

DECIDED_WITHIN_SECONDS = 0.3
"""A store that takes longer is away: the caller gets music meanwhile, and no busy tone later."""


async def arrive(floor: Floor, arrival: Arrival, route: ToQueue, entry: EntryId, leg: Leg) -> Entry:
    """The entry of the arrival, which has ended already where the caller may not join.

    Whether to let the call in is asked before it is answered, for a call that was answered can be
    refused no more: one round trip. Not to be cut short by a hang-up: a move that was sent may be
    made all the same, and an entry without a conductor would stand there for ever.
    """
    joining = asyncio.create_task(_join_line(floor, leg.phone, arrival, route, entry))
    try:
        await asyncio.wait({joining}, timeout=DECIDED_WITHIN_SECONDS)
        if not joining.done():
            log.info("caller_answered_undecided", entry=entry)
            music = music_of(route.account, route.queue, arrival.wishes.music)
            await while_present(leg, wait_in_line(leg, route.queue, music))
        return await joining
    finally:
        joining.cancel()
        await asyncio.gather(joining, return_exceptions=True)


async def wait_in_line(leg: Leg, queue: Queue, music_class: str) -> Done:
    """As the queue wants it: answered, with music, or with ringback until an agent answers."""
    if queue.answer_on is AnswerOn.AGENT and not leg.is_answered.is_set():
        return await leg.phone.ring(leg.id)
    return await stand_in_music(leg, music_class)


async def stand_in_music(leg: Leg, music_class: str) -> Done:
    """Answer, and into the holding bridge before anything else is done to the leg: from then on
    the music goes on whatever becomes of this edge. Idempotent: a leg that is up is not answered
    again, for that ends the music of one that stands in the bridge, for good (measured)."""
    if not leg.is_answered.is_set():
        if await leg.phone.answer(leg.id) is Done.GONE:
            return Done.GONE
        leg.is_answered.set()
    return await leg.phone.hold(leg.id, music_class)


async def _join_line(
    floor: Floor, phone: PhoneSystem, arrival: Arrival, route: ToQueue, entry: EntryId
) -> Entry:
    arrived_at_ms = place_of_arrival(arrival.arrived_at_ms, floor.clock.now_ms())
    word, moved = await floor.store.join(
        route.account,
        Joining(
            entry=entry,
            queue=QueueId(route.queue.id),
            leg=arrival.leg,
            node=arrival.node,
            endpoint=arrival.endpoint,
            dialled=arrival.dialled,
            inside=arrival.inside,
            caller_number=arrival.caller_number,
            caller_name=arrival.caller_name,
            arrived_at_ms=arrival.arrived_at_ms,
            priority=arrival.wishes.priority,
            position=arrival.wishes.position,
            preferred=floor.directory.named(route.account, arrival.wishes.preferred),
            prefer_ms=arrival.wishes.prefer_seconds * 1000,
            intro_ms=route.queue.introduced_within_ms,
            music=arrival.wishes.music,
            is_closed=not is_open(route.queue.hours, arrived_at_ms),
        ),
    )
    floor.follow_up(route.account, moved)
    joined = moved.entry
    if word is JoinWord.JOINED:
        log.info("caller_joined", queue=joined.queue, pii_caller=joined.caller_number)
    elif word is JoinWord.REJECTED:
        log.info("caller_rejected", queue=joined.queue, disposition=joined.disposition)
    if joined.stage is not Stage.ENDED or not joined.inside:
        floor.tasks.create_task(write_place(phone, joined), name=f"place {entry}")
    return joined


async def write_place(phone: PhoneSystem, entry: Entry) -> None:
    """The place stands on the leg as well, for the day when nothing else remembers it."""
    try:
        await phone.set_variables(
            entry.leg, {ENTRY_VARIABLE: entry.id, PLACE_VARIABLE: str(entry.place)}
        )
    except NodeFault as fault:
        log.warning("place_not_written", entry=entry.id, reason=str(fault))
