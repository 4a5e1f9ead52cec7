"""Strategies as data: a strategy is a list of named integer fields, lowest first.

Python declares them; the store writes the fields, fixed-width, as the name of the agent's place
in the queue's ready set, so that the set's own order is the order of the strategy.
"""

from edge.domain.strategies.fields import (
    FIELD_WIDTH,
    Draw,
    Field,
    Rank,
    Rings,
    Round,
    Strategy,
    Tier,
    rank_of,
    standing,
    values_of,
)
from edge.domain.strategies.table import LEASTRECENT, STRATEGIES, register

__all__ = [
    "FIELD_WIDTH",
    "LEASTRECENT",
    "STRATEGIES",
    "Draw",
    "Field",
    "Rank",
    "Rings",
    "Round",
    "Strategy",
    "Tier",
    "rank_of",
    "register",
    "standing",
    "values_of",
]
