"""What one look at the store saw, all of one moment; what is left out of it is counted."""

from collections.abc import Iterable
from dataclasses import dataclass

from edge.domain.agent import Agent
from edge.domain.entry import Entry
from edge.domain.ids import AccountId, QueueId, UserId
from edge.domain.matching import HeadAgent, HeadEntry, Heads
from edge.domain.strategies import Draw, Field, Rings

MEMBERS_SEEN = 100
"""How many members of a queue a look brings at most: first those who ring or are named, then the
ready ones in their order, then any."""
ENTRIES_SEEN = 8
"""How many of the first entries that may be offered a look brings of a queue."""
QUEUES_SEEN = 50


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A member with the agent's record. `place` is where a ready one stands in the order of the
    strategy (`domain.strategies.standing`); None where the agent is not ready in this queue."""

    agent: Agent
    tier: int
    place: str | None = None

    @property
    def as_head(self) -> HeadAgent:
        return HeadAgent(self.agent.id, self.tier)

    def values(self, fields: tuple[Field, ...]) -> dict[Field, int]:
        """What the place is made of; nothing where there is none."""
        return dict(zip(fields, map(int, (self.place or "").split(":")), strict=False))


def in_order(members: Iterable[MemberFacts]) -> tuple[MemberFacts, ...]:
    """The ready ones, first in the order first."""
    ready = [member for member in members if member.place is not None]
    return tuple(sorted(ready, key=lambda member: member.place or ""))


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What the decision about one entry rests on.

    `position` is 1-based in the line, 0 where the entry is not in it (any more); then only the
    record was read. `head` is the entry as the decision sees it, None where it may not be offered
    now. `ahead` are the first of those ahead who may be offered, `ahead_in_all` counts them.
    """

    account: AccountId
    now_ms: int
    entry: Entry
    position: int = 0
    head: HeadEntry | None = None
    ahead: tuple[HeadEntry, ...] = ()
    ahead_in_all: int = 0
    members: tuple[MemberFacts, ...] = ()
    members_in_all: int = 0
    ready_in_all: int = 0
    fields: tuple[Field, ...] = ()
    draw: Draw = Draw.NONE
    rings: Rings = Rings.ONE

    def heads(self, entries: tuple[HeadEntry, ...]) -> Heads:
        """These entries and all ready agents that were seen, as the decision takes them."""
        agents = tuple(member.as_head for member in in_order(self.members))
        return Heads(
            account=self.account,
            queue=self.entry.queue,
            entries=entries,
            agents=agents,
            depth=MEMBERS_SEEN,
            draw=self.draw,
            rings=self.rings,
        )


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry that may be offered, with its 1-based position in the line."""

    head: HeadEntry
    position: int


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One queue as one of its members sees it. `standing` is the agent's 1-based place among the
    ready ones, 0 where not ready there. `entries` are the first of those that may be offered,
    `offerable` counts them and `waiting` the whole line."""

    queue: QueueId
    tier: int
    standing: int
    ready_in_all: int
    waiting: int
    offerable: int
    entries: tuple[PlacedEntry, ...]
    draw: Draw
    rings: Rings
    urgency: float


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """What an agent may be offered, by queue; of very many queues the first by name."""

    account: AccountId
    now_ms: int
    agent: Agent
    queues: tuple[QueueFacts, ...]

    @property
    def id(self) -> UserId:
        return self.agent.id
