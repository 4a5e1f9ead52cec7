"""The line: places are milliseconds, unique in their queue; the higher priority stands ahead."""

HIGHEST_PRIORITY = 2047
PLACE_SPAN = 2**42
"""Milliseconds since 1970 stay below this until the year 2109, and scores below 2^53."""
ARRIVAL_MAY_LIE_BACK_MS = 120_000
"""How long a caller whom the dialplan held may have waited before an edge was there."""


def place_of_arrival(arrived_at_ms: int, now_ms: int) -> int:
    """The place asked for: the arrival, but never ahead of now or more than 120 s back."""
    return max(now_ms - ARRIVAL_MAY_LIE_BACK_MS, min(arrived_at_ms, now_ms))


def score(priority: int, place: int) -> int:
    """The sort key of the line: priority descending, then place ascending."""
    if not 0 <= priority <= HIGHEST_PRIORITY:
        raise ValueError(f"priority {priority} is not within 0 and {HIGHEST_PRIORITY}")
    return (HIGHEST_PRIORITY - priority) * PLACE_SPAN + place
