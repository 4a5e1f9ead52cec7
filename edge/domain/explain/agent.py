"""An agent explained: why not ready, or in each queue the first caller whom the agent may serve."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.agent import Agent
from edge.domain.explain.facts import AgentFacts, PlacedEntry, QueueFacts
from edge.domain.explain.reasons import LeftOut, Limits, Reason, why_not_for, why_not_ready
from edge.domain.ids import EntryId, QueueId
from edge.domain.matching import HeadAgent
from edge.domain.settings import Account
from edge.domain.strategies import STRATEGIES, Draw, Rings, Tier


class Prospect(StrEnum):
    """What an agent has to expect of a queue."""

    NOT_READY = "not_ready"
    NOBODY_WAITS = "nobody_waits"
    ALL_OFFERED = "all_offered"
    """Those who wait are being offered to others, or are held back."""
    ALL_SKIPPED = "all_skipped"
    """Those who may be offered are not for this agent."""
    AGENTS_AHEAD = "agents_ahead"
    MORE_URGENT_ELSEWHERE = "more_urgent_elsewhere"
    """Another queue of the agent is served first, by weight and waiting time."""
    MATCH = "match"
    """The offer is made in this moment."""


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """An entry that may be offered, but not to this agent."""

    entry: EntryId
    position: int
    code: LeftOut
    words: str


@dataclass(frozen=True, slots=True)
class QueueExplained:
    """One queue of the agent. `first` is the first entry that the agent may be offered there once
    ready, `skipped` those seen ahead of it."""

    facts: QueueFacts
    reason: Reason | None
    """Why the agent is not ready in this queue; None where ready."""
    first: PlacedEntry | None
    skipped: tuple[SkippedEntry, ...]
    code: Prospect
    words: str


@dataclass(frozen=True, slots=True)
class AgentExplained:
    """`reason` is why no queue rings the agent now; None where ready in one at least."""

    agent: Agent
    now_ms: int
    reason: Reason | None
    queues: tuple[QueueExplained, ...]
    words: str


def explain_agent(facts: AgentFacts, account: Account) -> AgentExplained:
    """`account` is the agent's own, for what the strategies make tiers of."""
    tiers = {queue.id: STRATEGIES[queue.strategy].tier for queue in account.queues}
    seen = [_first_of(facts, queue, tiers.get(queue.queue, Tier.PENALTY)) for queue in facts.queues]
    wanted = [queue for queue, first, _ in seen if first is not None and queue.standing]
    next_one = max(wanted, key=lambda queue: queue.urgency).queue if wanted else None
    queues = tuple(_explained(facts, *one, next_one) for one in seen)
    reason = None
    if all(queue.reason is not None for queue in queues):
        reason = why_not_ready(facts.agent, None, None, facts.now_ms)
        if not queues:
            return AgentExplained(facts.agent, facts.now_ms, None, (), "serves no queue")
        if facts.agent.is_ready(facts.now_ms) and not facts.agent.wake_at_ms:
            reason = queues[0].reason
    return AgentExplained(facts.agent, facts.now_ms, reason, queues, _words(reason, queues))


def _first_of(
    facts: AgentFacts, queue: QueueFacts, tier: Tier
) -> tuple[QueueFacts, PlacedEntry | None, tuple[SkippedEntry, ...]]:
    agent = HeadAgent(facts.agent.id, queue.tier)
    limits = Limits(tier, queue.rings, None, facts.now_ms)
    skipped: list[SkippedEntry] = []
    for placed in queue.entries:
        reason = why_not_for(placed.head, agent, limits)
        if reason is None:
            return queue, placed, tuple(skipped)
        skipped.append(SkippedEntry(placed.head.id, placed.position, reason.code, reason.words))
    return queue, None, tuple(skipped)


def _explained(
    facts: AgentFacts,
    queue: QueueFacts,
    first: PlacedEntry | None,
    skipped: tuple[SkippedEntry, ...],
    next_one: QueueId | None,
) -> QueueExplained:
    reason = None
    if not queue.standing:
        reason = why_not_ready(facts.agent, queue.queue, None, facts.now_ms)
    code, words = _prospect(facts, queue, first, skipped, next_one)
    if reason is not None:
        words = f"{reason.words}; {words}"
        code = Prospect.NOT_READY
    return QueueExplained(queue, reason, first, skipped, code, words)


def _prospect(
    facts: AgentFacts,
    queue: QueueFacts,
    first: PlacedEntry | None,
    skipped: tuple[SkippedEntry, ...],
    next_one: QueueId | None,
) -> tuple[Prospect, str]:
    if not queue.waiting:
        return Prospect.NOBODY_WAITS, "nobody waits in this queue"
    if not queue.entries:
        words = f"{_callers(queue.waiting)} in the line, none may be offered now"
        return Prospect.ALL_OFFERED, words
    if first is None:
        counts = Counter(one.code for one in skipped)
        why = ", ".join(f"{count} {_skipped_words(code)}" for code, count in counts.items())
        words = f"none of the first {_callers(len(skipped))} is for this agent: {why}"
        return Prospect.ALL_SKIPPED, words
    whom = f"{first.head.id} at position {first.position} is the first caller for this agent"
    if queue.standing and next_one != queue.queue:
        return Prospect.MORE_URGENT_ELSEWHERE, f"{whom}; {next_one} is more urgent"
    is_in_turn = queue.standing <= 1 or first.head.by_name is not None
    if not is_in_turn and queue.draw is Draw.NONE and queue.rings is not Rings.ALL:
        words = f"{whom}; {queue.standing - 1} of {queue.ready_in_all} ready agents come before"
        return Prospect.AGENTS_AHEAD, words
    return Prospect.MATCH, whom


def _callers(count: int) -> str:
    return "1 caller" if count == 1 else f"{count} callers"


def _skipped_words(code: LeftOut) -> str:
    match code:
        case LeftOut.TRIED:
            return "tried in this round"
        case LeftOut.RESERVED:
            return "reserved for a preferred agent"
        case LeftOut.NAMED_FIRST:
            return "offered to another by name"
        case _:
            return "with other limits"


def _words(reason: Reason | None, queues: tuple[QueueExplained, ...]) -> str:
    if reason is not None:
        return reason.words
    ready = [queue for queue in queues if queue.reason is None]
    for code in (Prospect.MATCH, Prospect.AGENTS_AHEAD):
        for queue in ready:
            if queue.code is code:
                return f"is ready; {queue.words}"
    waiting = sum(queue.facts.waiting for queue in ready)
    if not waiting:
        return f"is ready; nobody waits in {_queues(len(ready))}"
    return f"is ready; none of the {_callers(waiting)} who wait is for this agent now"


def _queues(count: int) -> str:
    return "the queue" if count == 1 else f"the {count} queues"
