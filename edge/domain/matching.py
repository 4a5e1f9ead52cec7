"""One match, decided without awaiting: who is served next, and by whom. The claim verifies it."""

from dataclasses import dataclass

from edge.domain.ids import AccountId, EntryId, QueueId, RunId, UserId


@dataclass(frozen=True, slots=True)
class HeadEntry:
    """An entry near the head of the offerable line, as it was when the move looked."""

    id: EntryId
    rev: int
    owner: RunId
    tried: frozenset[UserId]


@dataclass(frozen=True, slots=True)
class Heads:
    """The first entries that may be offered and the first ready agents of one queue, in order."""

    account: AccountId
    queue: QueueId
    entries: tuple[HeadEntry, ...]
    agents: tuple[UserId, ...]
    depth: int
    """How many of each side were asked for; fewer came back means there are no more."""

    @property
    def may_go_on(self) -> bool:
        """Whether more stands behind what is seen here."""
        return len(self.entries) >= self.depth or len(self.agents) >= self.depth


@dataclass(frozen=True, slots=True)
class Match:
    """The decision: this entry, this agent, and everybody ahead of them who was passed over."""

    entry: HeadEntry
    agent: UserId
    skipped_entries: tuple[HeadEntry, ...]
    skipped_agents: tuple[UserId, ...]


DEPTHS = (8, 64, 512)
"""How far a look goes: almost always the first, further only where all seen are passed over."""


def decide(heads: Heads) -> Match | None:
    """The first entry in line that some ready agent may serve, and the first such agent.

    An agent already tried for an entry in this round is passed over for it, and an entry for
    which every ready agent was tried is passed over in favour of the next.
    """
    for index, entry in enumerate(heads.entries):
        for rank, agent in enumerate(heads.agents):
            if agent not in entry.tried:
                return Match(entry, agent, heads.entries[:index], heads.agents[:rank])
    return None
