"""An entry ends without a conversation: hung up, or its phone system died."""

import structlog

from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.ids import AccountId, conversation_bridge
from edge.journey.floor import Floor
from edge.journey.leg import Leg
from edge.ports.queue_store import LeaveWord

log = structlog.get_logger()


async def leave(floor: Floor, account: AccountId, entry: Entry, caller: Leg) -> bool:
    """End the place of a caller who is gone. False when it was accepted in the same moment.

    A place that had ended by itself in that moment keeps the disposition it has.
    """
    died_with_node = caller.missed_since_ms > entry.joined_at_ms
    disposition = Disposition.NODE_LOST if died_with_node else Disposition.ABANDONED
    word, moved = await floor.store.leave(account, entry.id, disposition)
    floor.follow_up(account, moved)
    known = next((one for one in moved.entries if one.id == entry.id), entry)
    if word is LeaveWord.STALE and known.stage is not Stage.ENDED:
        return False
    log.info("caller_left", entry=entry.id, disposition=known.disposition)
    await caller.phone.remove_bridge(conversation_bridge(entry.id))
    return True
