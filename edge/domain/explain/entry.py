"""An entry explained: what it waits for, who may be rung for it and in which order, who may not."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from edge.domain.entry import Entry, Stage
from edge.domain.explain.facts import EntryFacts, MemberFacts, in_order
from edge.domain.explain.ranking import Candidate, Order
from edge.domain.explain.reasons import (
    LeftOut,
    Limits,
    Reason,
    moment,
    until,
    why_not_for,
    why_not_ready,
)
from edge.domain.ids import UserId
from edge.domain.matching import Choice, Match, decide
from edge.domain.settings import Queue
from edge.domain.strategies import STRATEGIES


class Waits(StrEnum):
    """What an entry waits for, or is at."""

    ENDED = "ended"
    TALKING = "talking"
    CONNECTING = "connecting"
    ANSWER = "answer"
    """Its agents' phones ring."""
    NEXT_PHONE = "next_phone"
    MATCH = "match"
    """An agent is ready for it: the offer is made in this moment."""
    CALLERS_AHEAD = "callers_ahead"
    EDGE = "edge"
    PREFERRED = "preferred_agent"
    NEXT_ROUND = "next_round"
    WIDER_LIMITS = "wider_limits"
    AGENT = "agent"
    """An agent who is ready and may have it."""
    TIMEOUT = "timeout"
    """The end of its longest wait."""


@dataclass(frozen=True, slots=True)
class Wait:
    """`until_ms` is when it ends by itself at the latest, 0 where nobody knows."""

    code: Waits
    words: str
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class LeftOutAgent:
    user: UserId
    code: LeftOut
    words: str
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class EntryExplained:
    """`waits_for` names the most telling first. `members_in_all` and `ready_in_all` are those of
    the queue; of very many not all are among `candidates` and `left_out`."""

    entry: Entry
    position: int
    now_ms: int
    waits_for: tuple[Wait, ...]
    candidates: tuple[Candidate, ...] = ()
    left_out: tuple[LeftOutAgent, ...] = ()
    members_in_all: int = 0
    ready_in_all: int = 0

    @property
    def nobody(self) -> bool:
        """Whether no ready agent may have it now."""
        return not self.candidates


def explain_entry(facts: EntryFacts, queue: Queue) -> EntryExplained:
    """`queue` is the entry's own, for what its strategy makes tiers of."""
    entry = facts.entry
    if not facts.position:
        return EntryExplained(entry, 0, facts.now_ms, (_out_of_line(entry),))
    tier = STRATEGIES[queue.strategy].tier
    limits = Limits(tier, facts.rings, entry, facts.now_ms)
    reasons = {member.agent.id: _why_not(facts, member, limits) for member in facts.members}
    match = decide(facts.heads((facts.head,))) if facts.head is not None else None
    order = Order(facts.fields, facts.draw, tier, facts.now_ms)
    candidates = order.candidates(
        [member for member in in_order(facts.members) if reasons[member.agent.id] is None],
        match.agents if match is not None else (),
        _by_name(match),
    )
    left_out = tuple(
        LeftOutAgent(user, reason.code, reason.words, reason.until_ms)
        for user, reason in reasons.items()
        if reason is not None
    )
    return EntryExplained(
        entry=entry,
        position=facts.position,
        now_ms=facts.now_ms,
        waits_for=(*_waits(facts, candidates, left_out), *_timeout(facts)),
        candidates=candidates,
        left_out=left_out,
        members_in_all=facts.members_in_all,
        ready_in_all=facts.ready_in_all,
    )


def _by_name(match: Match | None) -> str:
    if match is None or match.chosen is Choice.STRATEGY:
        return ""
    if match.chosen is Choice.PREFERRED:
        return "is the preferred agent of this caller"
    return "spoke with this caller last"


def _why_not(facts: EntryFacts, member: MemberFacts, limits: Limits) -> Reason | None:
    entry = facts.entry
    if member.place is None:
        return why_not_ready(member.agent, entry.queue, entry.id, facts.now_ms)
    if facts.head is not None:
        return why_not_for(facts.head, member.as_head, limits)
    if entry.is_last_offer:
        return Reason(LeftOut.LAST_OFFER, "the caller's longest wait is over")
    if entry.stage is Stage.OFFERED:
        return Reason(LeftOut.NO_ROOM, "as many phones ring for this caller as may")
    if entry.intro_until_ms:
        return Reason(LeftOut.INTRODUCTION, "the caller hears the introduction out")
    ends = until(entry.retry_at_ms, facts.now_ms)
    return Reason(LeftOut.HELD_BACK, f"the caller is held back{ends}", entry.retry_at_ms)


# --- what it waits for


def _out_of_line(entry: Entry) -> Wait:
    match entry.stage:
        case Stage.ENDED:
            how = entry.disposition.value if entry.disposition is not None else "unknown"
            if entry.expected_ms:
                minutes, seconds = divmod(round(entry.expected_ms / 1000), 60)
                how += f", a wait of {minutes} min {seconds} s was expected on joining"
            return Wait(Waits.ENDED, f"has ended: {how}")
        case Stage.TALKING:
            return Wait(Waits.TALKING, f"talks with {entry.agent}")
        case Stage.CONNECTING:
            return Wait(Waits.CONNECTING, f"is being connected to {entry.agent}")
        case Stage.WAITING | Stage.OFFERED:
            return Wait(Waits.EDGE, "stands in no line")
        case _ as never:
            assert_never(never)


def _waits(
    facts: EntryFacts, candidates: tuple[Candidate, ...], left_out: tuple[LeftOutAgent, ...]
) -> Iterator[Wait]:
    entry, now_ms = facts.entry, facts.now_ms
    if entry.stage is Stage.OFFERED:
        yield Wait(Waits.ANSWER, f"is being offered to {_names(sorted(entry.ringing))}")
        if entry.step_at_ms:
            words = f"one phone more may ring from {moment(entry.step_at_ms, now_ms)} on"
            yield Wait(Waits.NEXT_PHONE, words, entry.step_at_ms)
    if candidates:
        yield from _about_to_be_offered(facts, candidates)
        return
    if facts.head is None:
        if entry.stage is Stage.WAITING:
            words = f"is held back{until(entry.retry_at_ms, now_ms)}: its edge did not dial in time"
            yield Wait(Waits.EDGE, words, entry.retry_at_ms)
        return
    counts = Counter(agent.code for agent in left_out)
    if facts.head.reserved:
        ends = until(entry.prefer_until_ms, now_ms)
        words = f"waits for its preferred agent {entry.preferred}{ends}"
        why = {agent.user: agent.words for agent in left_out}.get(entry.preferred or UserId(""))
        words += f", who {why}" if why else ""
        yield Wait(Waits.PREFERRED, words, entry.prefer_until_ms)
        return
    if entry.retry_at_ms and counts[LeftOut.TRIED]:
        words = f"waits for the retry delay{until(entry.retry_at_ms, now_ms)}"
        yield Wait(Waits.NEXT_ROUND, words, entry.retry_at_ms)
    if entry.widen_at_ms and counts[LeftOut.TIER_LIMIT]:
        words = f"other agents may be rung from {moment(entry.widen_at_ms, now_ms)} on"
        yield Wait(Waits.WIDER_LIMITS, words, entry.widen_at_ms)
    if entry.stage is Stage.WAITING:
        yield Wait(Waits.AGENT, _nobody(facts, left_out))


def _timeout(facts: EntryFacts) -> Iterator[Wait]:
    entry, now_ms = facts.entry, facts.now_ms
    if entry.is_last_offer:
        yield Wait(Waits.TIMEOUT, "leaves the queue unless the phone that rings is answered")
    elif entry.timeout_at_ms:
        words = f"leaves the queue at {moment(entry.timeout_at_ms, now_ms)} at the latest"
        yield Wait(Waits.TIMEOUT, words, entry.timeout_at_ms)


def _about_to_be_offered(facts: EntryFacts, candidates: tuple[Candidate, ...]) -> Iterator[Wait]:
    """An agent is ready for it: unless somebody ahead is offered that agent first."""
    assert facts.head is not None, "only an entry that may be offered has candidates"
    first = decide(facts.heads((*facts.ahead, facts.head)))
    if first is not None and first.entry.id != facts.head.id:
        count = facts.ahead_in_all
        who = "1 caller who may be offered stands"
        if count != 1:
            who = f"{count} callers who may be offered stand"
        words = f"{who} ahead; {first.entry.id} is served first"
        yield Wait(Waits.CALLERS_AHEAD, words)
        return
    chosen = [candidate.user for candidate in candidates if candidate.is_chosen]
    whom = _names(chosen) if chosen else "one who is drawn"
    yield Wait(Waits.MATCH, f"may be offered now, to {whom}")


PLURALS = {
    LeftOut.RINGS_HERE: "being rung for this caller",
    LeftOut.RINGS_ELSEWHERE: "being rung for another caller",
    LeftOut.TALKING: "talking",
    LeftOut.LOGGED_OUT: "logged out",
    LeftOut.PAUSED: "paused",
    LeftOut.SIGNED_OUT_HERE: "signed out of this queue",
    LeftOut.PAUSED_HERE: "paused in this queue",
    LeftOut.WRAP_UP: "in wrap-up",
    LeftOut.UNREACHABLE: "unreachable",
    LeftOut.INVALID: "without a phone in Asterisk",
    LeftOut.IN_USE: "in another call",
    LeftOut.BACK_OFF: "backing off",
    LeftOut.TRIED: "tried in this round",
    LeftOut.RESERVED: "not the preferred agent",
    LeftOut.NAMED_FIRST: "after another by name",
    LeftOut.TIER_LIMIT: "not within the limits",
    LeftOut.BETTER_TIER_RINGS: "after those who ring",
    LeftOut.NO_ROOM: "without room",
    LeftOut.LAST_OFFER: "too late",
    LeftOut.INTRODUCTION: "hearing the introduction",
    LeftOut.HELD_BACK: "held back",
}


def _nobody(facts: EntryFacts, left_out: tuple[LeftOutAgent, ...]) -> str:
    """`no agent is ready: 2 paused, 1 in wrap-up until 12:00:03 UTC`."""
    if not facts.members_in_all:
        return "the queue has no agents"
    counts = Counter(agent.code for agent in left_out)
    ends = {
        code: min((a.until_ms for a in left_out if a.code is code and a.until_ms), default=0)
        for code in counts
    }
    parts = [
        f"{counts[code]} {PLURALS[code]}{until(ends[code], facts.now_ms)}"
        for code in LeftOut
        if counts[code]
    ]
    is_any_ready = any(member.place is not None for member in facts.members)
    said = "no agent who is ready may be rung" if is_any_ready else "no agent is ready"
    unseen = facts.members_in_all - len(facts.members)
    if unseen > 0:
        parts.append(f"{unseen} more not looked at")
    return f"{said}: {', '.join(parts)}"


def _names(users: list[UserId]) -> str:
    return " and ".join(filter(None, (", ".join(users[:-1]), *users[-1:])))
