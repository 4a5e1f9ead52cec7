"""A caller arrives: answered, music from the first second, then a place in the line."""

import structlog

from edge.domain.entry import Entry, Joining
from edge.domain.ids import EntryId, QueueId
from edge.domain.routing import ToQueue
from edge.journey.floor import Floor
from edge.journey.leg import ENTRY_VARIABLE, PLACE_VARIABLE
from edge.ports.phone_system import Arrival, Done, NodeFault, PhoneSystem
from edge.ports.queue_store import JoinWord

log = structlog.get_logger()


async def stand_in_music(phone: PhoneSystem, arrival: Arrival, route: ToQueue) -> Done:
    """Answer, and into the holding bridge before anything else is done to the leg: from then on
    the music goes on whatever becomes of this edge."""
    if await phone.answer(arrival.leg) is Done.GONE:
        return Done.GONE
    return await phone.hold(arrival.leg, route.queue.music_class)


async def join_line(
    floor: Floor, phone: PhoneSystem, arrival: Arrival, route: ToQueue, entry: EntryId
) -> Entry:
    """Take the place of the arrival. Not to be cut short by a hang-up: a move that was sent may
    be made all the same, and an entry without a conductor would stand there for ever."""
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
        ),
    )
    floor.follow_up(route.account, moved)
    joined = moved.entry
    if word is JoinWord.JOINED:
        log.info("caller_joined", queue=joined.queue, pii_caller=joined.caller_number)
    floor.tasks.create_task(_write_place(phone, joined), name=f"place {entry}")
    return joined


async def _write_place(phone: PhoneSystem, entry: Entry) -> None:
    """The place stands on the leg as well, for the day when nothing else remembers it."""
    try:
        await phone.set_variables(
            entry.leg, {ENTRY_VARIABLE: entry.id, PLACE_VARIABLE: str(entry.place)}
        )
    except NodeFault as fault:
        log.warning("place_not_written", entry=entry.id, reason=str(fault))
