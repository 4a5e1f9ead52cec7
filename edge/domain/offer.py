"""What an offer's failure means for the agent: back-off, a miss, or a phone that is gone."""

from dataclasses import dataclass
from enum import StrEnum


class LegFailure(StrEnum):
    """Why a leg of an offer ended without a conversation."""

    REFUSED = "refused"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    NOT_DIALLED = "not_dialled"
    CANCELLED = "cancelled"
    LOST = "lost"  # it ended while no edge looked; nobody knows why


@dataclass(frozen=True, slots=True)
class Consequence:
    """`back_off_ms`: how long no queue rings this agent. `is_miss`: it counts as a missed call."""

    back_off_ms: int
    is_miss: bool
    is_unreachable: bool


CONSEQUENCES: dict[LegFailure, Consequence] = {
    LegFailure.REFUSED: Consequence(10_000, is_miss=False, is_unreachable=False),
    LegFailure.BUSY: Consequence(10_000, is_miss=False, is_unreachable=False),
    LegFailure.NO_ANSWER: Consequence(0, is_miss=True, is_unreachable=False),
    LegFailure.UNREACHABLE: Consequence(0, is_miss=False, is_unreachable=True),
    LegFailure.FAILED: Consequence(10_000, is_miss=False, is_unreachable=False),
    LegFailure.NOT_DIALLED: Consequence(0, is_miss=False, is_unreachable=False),
    LegFailure.CANCELLED: Consequence(0, is_miss=False, is_unreachable=False),
    LegFailure.LOST: Consequence(0, is_miss=False, is_unreachable=False),
}

RESERVED_FOR_MS = 2_000
"""A leg that is reserved and not dialled within this is given back; nobody's miss."""
RING_GRACE_MS = 3_000
"""Asterisk ends the ringing itself; this much later Redis frees the agent all the same."""
UNSEEN_LEG_MS = 5_000
"""A leg that nobody looked after for a while (its edge died, Redis was away) has at least so much
time left: first Asterisk is asked whether its phone was answered."""
