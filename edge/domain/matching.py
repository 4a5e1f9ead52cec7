"""One match, decided without awaiting: who is served next, and by whom. The claim verifies it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from edge.domain.ids import AccountId, EntryId, QueueId, RunId, UserId
from edge.domain.strategies import Draw, Rings


class Passed(StrEnum):
    """Why an agent may not be offered an entry now."""

    TRIED = "tried"
    RESERVED = "reserved"
    """The entry waits for its preferred agent alone."""
    TIER = "tier"
    """The agent's penalty is not within what the entry may have by now, or agents of a better
    tier still ring."""


class Choice(StrEnum):
    """Why this agent."""

    STRATEGY = "strategy"
    STICKY = "sticky"
    PREFERRED = "preferred"
    PICK = "pick"


@dataclass(frozen=True, slots=True)
class HeadAgent:
    """A ready agent of the queue, with the tier of the member."""

    id: UserId
    tier: int


@dataclass(frozen=True, slots=True)
class HeadEntry:
    """An entry near the head of the offerable line, as it was when the move looked.

    `room` is how many phones more may ring for it; agents of a tier outside of `min_tier` and
    `max_tier` may not. `named` is the agent to be tried first, where that agent is ready here:
    the one who spoke with this caller last or, of a `reserved` entry, the preferred one, whom it
    waits for alone.
    """

    id: EntryId
    rev: int
    owner: RunId
    tried: frozenset[UserId]
    room: int = 1
    min_tier: int = 0
    max_tier: int = 2**31
    named: UserId | None = None
    reserved: bool = False

    @property
    def by_name(self) -> UserId | None:
        """Whom it is offered to now whatever the order: the named agent, if not yet tried."""
        return None if self.named in self.tried else self.named

    def passed_for(self, agent: HeadAgent) -> Passed | None:
        """Why this agent may not be offered it now; None where the agent may."""
        if self.reserved:
            return Passed.RESERVED
        if agent.id in self.tried:
            return Passed.TRIED
        if not self.min_tier <= agent.tier <= self.max_tier:
            return Passed.TIER
        return None


@dataclass(frozen=True, slots=True)
class Heads:
    """The first entries that may be offered and the first ready agents of one queue, in order.

    Where chance picks, the agents are in the order in which they were drawn. With depth 0 no entry
    was looked at: some wait, and of the agents is only known that these have become ready.
    """

    account: AccountId
    queue: QueueId
    entries: tuple[HeadEntry, ...]
    agents: tuple[HeadAgent, ...]
    depth: int
    """How many of each side were asked for; fewer came back means there are no more."""
    draw: Draw = Draw.NONE
    rings: Rings = Rings.ONE
    urgency: float = 0.0
    """What weighs this queue against the others of its agents: its weight, and the waiting time
    of its first entry in units of the account's aging."""

    @property
    def ready(self) -> tuple[UserId, ...]:
        """Who is seen ready here."""
        return tuple(agent.id for agent in self.agents)

    @property
    def may_go_on(self) -> bool:
        """Whether more stands behind what is seen here."""
        return len(self.entries) >= self.depth or len(self.agents) >= self.depth


@dataclass(frozen=True, slots=True)
class Match:
    """The decision: this entry, these agents, and everybody ahead of them who was passed over.

    Agents who were drawn or are named by the entry need only be ready (`by_name`).
    """

    entry: HeadEntry
    agents: tuple[UserId, ...]
    skipped_entries: tuple[HeadEntry, ...]
    skipped_agents: tuple[UserId, ...]
    chosen: Choice = Choice.STRATEGY
    by_name: bool = False
    passed: tuple[tuple[Passed, ...], ...] = ()
    """Of each of the first skipped entries, why these agents may not have it, in their order."""


DEPTHS = (2, 16, 128, 1024, 4096)
"""How far a look goes: almost always the first, further only where all seen are passed over."""
PASSED_TOLD = 16
"""Of so many entries that are passed over it is recorded why."""


def decide(heads: Heads) -> Match | None:
    """The first entry in line that some ready agent may serve, and the first such agent or agents.

    An agent already tried for an entry in this round is passed over for it, and an entry that no
    ready agent may serve is passed over in favour of the next.
    """
    for index, entry in enumerate(heads.entries):
        skipped = heads.entries[:index]
        by_name = entry.by_name
        if skipped and by_name is not None and by_name not in heads.ready:
            if heads.may_go_on and heads.depth < DEPTHS[-1]:
                return None  # That agent may have one of those ahead: a deeper look tells.
            by_name = None
        if by_name is not None:
            chosen = Choice.PREFERRED if entry.reserved else Choice.STICKY
            match = Match(entry, (by_name,), skipped, (), chosen, by_name=True)
        elif agents := tuple(_agents_for(entry, heads)):
            is_drawn = heads.draw is not Draw.NONE
            ahead = () if is_drawn else tuple(_ahead_of(agents, heads))
            match = Match(entry, agents, skipped, ahead, by_name=is_drawn)
        else:
            continue
        return replace(match, passed=_why_passed(match, heads)) if skipped else match
    return None


def _why_passed(match: Match, heads: Heads) -> tuple[tuple[Passed, ...], ...]:
    """Of each of the first skipped entries, why the chosen agents may not have it."""
    seen = {agent.id: agent for agent in heads.agents if agent.id in match.agents}
    return tuple(
        tuple(filter(None, (entry.passed_for(seen[user]) for user in match.agents)))
        for entry in match.skipped_entries[:PASSED_TOLD]
    )


def _agents_for(entry: HeadEntry, heads: Heads) -> Iterator[UserId]:
    """The first agent who may have the entry; where all ring, all of that agent's tier."""
    room, tier = entry.room, None
    for agent in heads.agents:
        if room < 1 or (tier is not None and agent.tier != tier):
            return
        if entry.passed_for(agent) is not None:
            continue
        yield agent.id
        room, tier = room - 1, agent.tier
        if heads.rings is not Rings.ALL:
            return


def _ahead_of(agents: tuple[UserId, ...], heads: Heads) -> Iterator[UserId]:
    """Who stands ahead of the last of these agents and is none of them."""
    for agent in heads.agents:
        if agent.id == agents[-1]:
            return
        if agent.id not in agents:
            yield agent.id
