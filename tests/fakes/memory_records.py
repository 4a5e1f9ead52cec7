"""The records of the memory store: a queue with its ready agents, a published fact, and what of an
entry or an agent is kept."""

from dataclasses import dataclass, field, replace

from edge.domain.agent import Agent
from edge.domain.entry import Entry, Stage
from edge.domain.events import EventName
from edge.domain.ids import EntryId, MemberId, QueueId, UserId
from edge.domain.matching import Passed
from edge.domain.settings import Member, Queue
from edge.domain.strategies import STRATEGIES, Rank, Round, Strategy
from edge.domain.webhook import Webhook

IN_LINE = frozenset({Stage.WAITING, Stage.OFFERED})


@dataclass(frozen=True, slots=True)
class Event:
    """A published fact, and the record it is about as it was right after the move."""

    name: EventName
    record: Entry | Agent | Webhook
    reason: str = ""
    """Why a leg ended."""
    passed_over: int = 0
    """How many entries ahead were passed over for this offer, and why the first of them."""
    passed: tuple[tuple[EntryId, Passed], ...] = ()


@dataclass(slots=True)
class QueueMemory:
    """One queue: its settings, its members and the ready ones with their standing."""

    settings: Queue
    members: dict[UserId, Member]
    last_place: int = 0
    ready: dict[UserId, str] = field(default_factory=dict)
    round: Round = field(default_factory=Round)

    @property
    def id(self) -> QueueId:
        return QueueId(self.settings.id)

    @property
    def strategy(self) -> Strategy:
        return STRATEGIES[self.settings.strategy]

    def unchanged_from(self, known: "QueueMemory") -> dict[UserId, str]:
        """Where those stand who are configured as before: a place is made anew only then."""
        if known.strategy.fields != self.strategy.fields:
            return {}
        return {
            user: place
            for user, place in known.ready.items()
            if self._configured(user) == known._configured(user)
        }

    def _configured(self, user: UserId) -> tuple[MemberId, Rank] | None:
        member = self.members.get(user)
        return (MemberId(member.id), member.rank(self.strategy)) if member else None

    def ready_in_order(self) -> list[UserId]:
        return sorted(self.ready, key=lambda user: self.ready[user])


def without_what_is_over(entry: Entry) -> Entry:
    """An entry keeps only what its stage has a use for."""
    if entry.stage is not Stage.WAITING:
        entry = replace(entry, retry_at_ms=0)
    if entry.stage is not Stage.OFFERED:
        entry = replace(entry, rings=None, ring_max=0, ring_tier=None, is_alone=False)
        entry = replace(entry, allowed=1, step_at_ms=0, is_last_offer=False)
    if entry.stage not in IN_LINE:
        entry = replace(entry, widen_at_ms=0, preferred=None, prefer_until_ms=0)
        entry = replace(entry, intro_until_ms=0)
    return entry


def user_of(place: str) -> UserId:
    return UserId(place.rpartition(":")[2])


def without_leg(agent: Agent) -> Agent:
    return replace(
        agent,
        leg=None,
        leg_entry=None,
        leg_queue=None,
        leg_owner=None,
        is_called=False,
        offered_at_ms=0,
    )
