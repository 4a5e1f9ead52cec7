"""A caller arrives: answered, music from the first second, then a place in the line."""

import asyncio

import structlog

from edge.domain.entry import Entry, Joining
from edge.domain.ids import EntryId, QueueId
from edge.domain.routing import ToQueue
from edge.journey.floor import Floor
from edge.journey.leg import ENTRY_VARIABLE, PLACE_VARIABLE
from edge.ports.phone_system import Arrival, Done, PhoneSystem
from edge.ports.queue_store import JoinWord

log = structlog.get_logger()


async def arrive(
    floor: Floor, phone: PhoneSystem, arrival: Arrival, route: ToQueue, entry: EntryId
) -> Entry | None:
    """The entry of the caller, standing in the music; None when the caller is gone already.

    The leg stands in the holding bridge before anything else is done to it: from then on the
    music goes on whatever becomes of this edge.
    """
    if await phone.answer(arrival.leg) is Done.GONE:
        return None
    if await phone.hold(arrival.leg, route.queue.music_class) is Done.GONE:
        return None
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
        ),
    )
    floor.follow_up(route.account, moved)
    joined = moved.entry
    if word is JoinWord.JOINED:
        log.info("caller_joined", queue=joined.queue, pii_caller=joined.caller_number)
    # The place is written on the leg as well, for the day when nothing else remembers it.
    floor.tasks.create_task(_write_place(phone, joined), name=f"place {entry}")
    return joined


async def _write_place(phone: PhoneSystem, entry: Entry) -> None:
    async with asyncio.timeout(10):
        await phone.set_variables(
            entry.leg, {ENTRY_VARIABLE: entry.id, PLACE_VARIABLE: str(entry.place)}
        )
