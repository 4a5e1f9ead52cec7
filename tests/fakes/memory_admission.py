"""Who may join and who must leave, in the memory store: counted anew each time, from the rules."""

from typing import TYPE_CHECKING

from edge.domain.admission import Factor, condition_of, is_empty, refusal
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Joining, Stage
from edge.domain.ids import QueueId
from tests.fakes.memory_prospect import expected_on_joining

if TYPE_CHECKING:
    from tests.fakes.memory_site import AccountMemory


def census(memory: "AccountMemory", queue: QueueId) -> list[frozenset[Factor]]:
    """The conditions of the members who are logged in."""
    settings = memory.queues[queue].settings
    conditions = (
        condition_of(
            memory.agent(user),
            queue,
            with_work=settings.counts_work,
            is_reached=user not in settings.unreached,
        )
        for user in memory.queues[queue].members
    )
    return [condition for condition in conditions if condition is not None]


def why_refused(memory: "AccountMemory", joining: Joining) -> tuple[Disposition | None, int]:
    """Why this caller is turned away, or None; and the expected ms where it is because of them."""
    if joining.is_closed:
        return Disposition.CLOSED, 0
    rules = memory.queues[joining.queue].settings.admission
    waiting, known = len(memory.line(joining.queue)), census(memory, joining.queue)
    refused = refusal(rules, waiting, known)
    if refused is not None:
        return refused, 0
    expected = expected_on_joining(memory, joining)
    refused = refusal(rules, waiting, known, expected)
    return refused, round(expected * 1000) if refused and expected is not None else 0


def waits_until_ms(memory: "AccountMemory", joining: Joining) -> int:
    """When the longest wait of one who joins now is over; 0 is never."""
    seconds = joining.max_wait_seconds
    if seconds is None:
        seconds = memory.queues[joining.queue].settings.timeout_seconds
    return memory.now_ms + seconds * 1000 if seconds else 0


def first_waiting(memory: "AccountMemory", queue: QueueId) -> list[Entry]:
    """Who waits and is not offered, first in line first."""
    line = memory.line(queue)
    return [e for e in line if e.stage is Stage.WAITING and memory.is_offerable(e)]


def must_empty(memory: "AccountMemory", queue: QueueId) -> bool:
    """Whether somebody waits there whom no member is left to serve."""
    factors = memory.queues[queue].settings.factors_to_leave
    return (
        bool(factors) and bool(memory.offerable(queue)) and is_empty(census(memory, queue), factors)
    )


def abandoned_how(memory: "AccountMemory", entry: Entry) -> Disposition:
    """A caller who hangs up so soon has hardly waited."""
    short_ms = memory.queues[entry.queue].settings.short_abandon_seconds * 1000
    is_short = memory.now_ms - entry.joined_at_ms < short_ms
    return Disposition.SHORT_ABANDON if is_short else Disposition.ABANDONED
