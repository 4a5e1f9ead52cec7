"""What the queues of the memory store learn from their calls."""

from typing import TYPE_CHECKING

from edge.domain.disposition import Disposition
from edge.domain.entry import Entry
from edge.domain.estimate import History, KeptPromise, answered, completed, left
from edge.domain.ids import QueueId

if TYPE_CHECKING:
    from tests.fakes.memory_site import AccountMemory


def learnt(memory: "AccountMemory", queue: QueueId) -> History:
    return memory.learnt.get(queue, History())


def learn_answered(memory: "AccountMemory", entry: Entry) -> None:
    """Once for each caller: at the bridge, or at the end where none ever stood."""
    waited = (entry.answered_at_ms - entry.joined_at_ms) / 1000
    promise = None
    if entry.promised_at_ms:
        real = (entry.answered_at_ms - entry.promised_at_ms) / 1000
        promise = KeptPromise(entry.promised_ms / 1000, real)
    memory.learnt[entry.queue] = answered(learnt(memory, entry.queue), waited, promise)


def learn_left(memory: "AccountMemory", entry: Entry, disposition: Disposition) -> None:
    waited = (memory.now_ms - entry.joined_at_ms) / 1000
    memory.learnt[entry.queue] = left(learnt(memory, entry.queue), waited, disposition)


def learn_completed(memory: "AccountMemory", queue: QueueId, offered_at_ms: int) -> None:
    """An agent is through with a call of this queue; no call, no lesson (0)."""
    if offered_at_ms:
        seconds = (memory.now_ms - offered_at_ms) / 1000
        memory.learnt[queue] = completed(learnt(memory, queue), seconds)
