"""What a strategy is made of: fields of an agent in a queue, a tier, and how it chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.ids import MemberId, UserId


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
    """Calls taken from any queue since the window began."""


FIELD_WIDTH = 15


class Tier(StrEnum):
    """What of a member makes the tier."""

    PENALTY = "penalty"
    SKILL_LEVEL = "skill_level"
    NONE = "none"


class Choice(StrEnum):
    """Whom a strategy takes from the ready agents in its order."""

    FIRST = "first"
    ALL = "all"
    RANDOM = "random"
    WEIGHTED = "weighted"


@dataclass(frozen=True, slots=True)
class Strategy:
    """Agents are ordered by these fields, ties by the member's id. `source`: whose rule it is."""

    name: str
    fields: tuple[Field, ...]
    source: str
    choice: Choice = Choice.FIRST
    tier: Tier = Tier.PENALTY


def standing(
    strategy: Strategy, values: Mapping[Field, int], member: MemberId, user: UserId
) -> str:
    """The agent's name in the ready set: fields of equal width, then the member, then who it is."""
    return ":".join([*(f"{values[f]:0{FIELD_WIDTH}d}" for f in strategy.fields), member, user])
