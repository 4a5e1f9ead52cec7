"""Strategies as data: a strategy is a list of named integer fields, lowest first.

Python declares them; the store writes the fields, fixed-width, as the name of the agent's place
in the queue's ready set, so that the set's own order is the order of the strategy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.ids import MemberId, UserId


class Field(StrEnum):
    """A number known of an agent. The value is its name in the store's records as well."""

    LAST_ENDED = "last_ended"  # ms of the end of the agent's last call, any queue; 0 = never
    ORDER = "order"  # the member's position


FIELD_WIDTH = 15


@dataclass(frozen=True, slots=True)
class Strategy:
    """Agents are ordered by these fields, ties by the member's id. `source`: whose rule it is."""

    name: str
    fields: tuple[Field, ...]
    source: str


LEASTRECENT = Strategy(
    "leastrecent",
    (Field.LAST_ENDED, Field.ORDER),
    "dialstack-call-queues: the agent whose last call ended the longest ago",
)

STRATEGIES: dict[str, Strategy] = {LEASTRECENT.name: LEASTRECENT}


def standing(
    strategy: Strategy, values: Mapping[Field, int], member: MemberId, user: UserId
) -> str:
    """The agent's name in the ready set: fields of equal width, then the member, then who it is."""
    return ":".join([*(f"{values[f]:0{FIELD_WIDTH}d}" for f in strategy.fields), member, user])
