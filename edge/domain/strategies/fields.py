"""What a strategy is made of: fields of an agent in a queue, and a tier."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from edge.domain.agent import Agent, Here
from edge.domain.ids import MemberId, QueueId, UserId


class Field(StrEnum):
    """A number known of an agent in a queue; 0 where nothing ever happened.

    The value is its name in the store: a field of the member's rank, of the agent, or, for those
    that end in `_here`, of the agent in this queue.
    """

    TIER = "tier"
    """Lower tiers are rung only when no agent of a higher one is left to try (see `Tier`)."""
    ORDER = "order"
    """The member's position."""
    LAST_ENDED = "last_ended"
    """Milliseconds of the end of the agent's last call from any queue."""
    LAST_RUNG_HERE = "last_rung_here"
    """Milliseconds of the agent's last offer from this queue."""
    LAST_ANSWERED_HERE = "last_answered_here"
    """Milliseconds of the agent's last answer to a call of this queue."""
    LAP_HERE = "lap_here"
    """How many times the round has passed the agent (see `rrmemory`)."""
    CALLS_IN_WINDOW = "calls_in_window"
    """Calls the agent took from any queue in the account's present window (see `fewestcalls`)."""


FIELD_WIDTH = 15


class Tier(StrEnum):
    """What of a member makes the tier."""

    PENALTY = "penalty"
    SKILL_LEVEL = "skill_level"


class Draw(StrEnum):
    """Whether chance picks among the ready agents, and how."""

    NONE = "none"
    """The order of the fields decides."""
    UNIFORM = "uniform"
    """Every agent of the lowest tier is as likely as the other."""
    WEIGHTED = "weighted"
    """No tiers: an agent is picked with weight 1/(penalty + 1)."""


class Rings(StrEnum):
    """How many phones ring for one caller."""

    ONE = "one"
    ALL = "all"
    """All ready agents of the lowest tier that has an untried one, up to the queue's `ring_max`."""
    PROGRESSIVELY = "progressively"
    """One more after each of the queue's `ring_step_seconds`; the earlier ones go on ringing."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """Agents are ordered by these fields, ties by the member's id. `source`: whose rule it is.

    The first field is the tier. Raises ValueError where it is not, or where chance is to pick
    among agents who all ring.
    """

    name: str
    fields: tuple[Field, ...]
    source: str
    tier: Tier = Tier.PENALTY
    draw: Draw = Draw.NONE
    rings: Rings = Rings.ONE

    def __post_init__(self) -> None:
        if self.fields[:1] != (Field.TIER,):
            raise ValueError(f"the first field of strategy {self.name!r} must be the tier")
        if self.draw is not Draw.NONE and self.rings is not Rings.ONE:
            raise ValueError(f"strategy {self.name!r} draws one agent and can not ring several")


@dataclass(frozen=True, slots=True)
class Round:
    """Where a queue's round-robin stands: its lap, and the order of the last agent dialled."""

    lap: int = 0
    last_order: int = -1

    def lap_of(self, own_lap: int, order: int) -> int:
        """The lap an agent belongs to: who stands behind the last dialled in the order, to this
        one; who stands before, to the next; and nobody to one that has gone by."""
        return max(own_lap, self.lap + (order <= self.last_order))


@dataclass(frozen=True, slots=True)
class Rank:
    """What a member's configuration gives to the order: the tier, and the position in it."""

    tier: int
    order: int


def rank_of(strategy: Strategy, *, penalty: int, skill_level: int, position: int) -> Rank:
    """Lower tiers are rung first; what makes them is the strategy's choice."""
    match strategy.tier:
        case Tier.PENALTY:
            return Rank(penalty, position)
        case Tier.SKILL_LEVEL:
            return Rank(skill_level, position)
        case _ as never:
            assert_never(never)


def values_of(
    strategy: Strategy, agent: Agent, rank: Rank, queue: QueueId, now_in: Round, window: int = 0
) -> dict[Field, int]:
    """The strategy's fields of one agent in one queue. `window` is the number of the present one;
    calls of an earlier window count no more."""
    here = agent.here.get(queue, Here())
    known = {
        Field.TIER: rank.tier,
        Field.ORDER: rank.order,
        Field.LAST_ENDED: agent.last_ended_at_ms,
        Field.LAST_RUNG_HERE: here.last_rung_at_ms,
        Field.LAST_ANSWERED_HERE: here.last_answered_at_ms,
        Field.LAP_HERE: now_in.lap_of(here.lap, rank.order),
        Field.CALLS_IN_WINDOW: agent.calls_in_window if agent.window == window else 0,
    }
    return {field: known[field] for field in strategy.fields}


def standing(
    strategy: Strategy, values: Mapping[Field, int], member: MemberId, user: UserId
) -> str:
    """The agent's name in the ready set: fields of equal width, then the member, then who it is."""
    return ":".join([*(f"{values[f]:0{FIELD_WIDTH}d}" for f in strategy.fields), member, user])
