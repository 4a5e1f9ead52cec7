"""Where a caller goes on waiting after a key."""

from dataclasses import dataclass, replace

from edge.domain.entry import Entry
from edge.domain.ids import AccountId, QueueId
from edge.domain.matching import Heads
from edge.journey.floor import Floor
from edge.ports.queue_store import Moved


@dataclass(frozen=True, slots=True)
class NextPlace:
    """Where a caller stands after a key, and what is said there first."""

    entry: Entry
    words: tuple[str, ...] = ()
    is_new: bool = True
    """In another line; False: at the old place again."""
    heads: tuple[Heads, ...] = ()
    """What its line may be offered, to be looked at when somebody conducts it."""


def withheld(floor: Floor, account: AccountId, moved: Moved, queue: QueueId) -> tuple[Heads, ...]:
    """Follow the move up, but for the line in which nobody conducts the caller yet."""
    heads = tuple(one for one in moved.heads if one.queue == queue)
    others = tuple(one for one in moved.heads if one.queue != queue)
    floor.follow_up(account, replace(moved, heads=others))
    return heads
