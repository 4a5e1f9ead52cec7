"""The line: places, priorities, and the score that orders both exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.line import (
    ARRIVAL_MAY_LIE_BACK_MS,
    HIGHEST_PRIORITY,
    PLACE_SPAN,
    place_of_arrival,
    score,
)

priorities = st.integers(0, HIGHEST_PRIORITY)
places = st.integers(0, PLACE_SPAN - 1)


@given(priorities, places, priorities, places)
def test_score_orders_by_priority_then_place(p: int, at: int, other: int, then: int) -> None:
    assert (score(p, at) < score(other, then)) == ((-p, at) < (-other, then))


@given(priorities, places)
def test_scores_are_exact_in_redis(priority: int, place: int) -> None:
    assert int(float(score(priority, place))) == score(priority, place) < 2**53


@pytest.mark.parametrize("priority", [-1, HIGHEST_PRIORITY + 1])
def test_a_priority_out_of_range_is_refused(priority: int) -> None:
    with pytest.raises(ValueError, match=f"priority {priority} is not within 0 and 2047"):
        score(priority, 0)


@pytest.mark.parametrize(
    ("arrived", "place"),
    [
        (1_000_000, 1_000_000),
        (999_000, 999_000),
        (1_000_001, 1_000_000),
        (1_000_000 - ARRIVAL_MAY_LIE_BACK_MS, 1_000_000 - ARRIVAL_MAY_LIE_BACK_MS),
        (0, 1_000_000 - ARRIVAL_MAY_LIE_BACK_MS),
    ],
)
def test_the_place_is_the_arrival_within_bounds(arrived: int, place: int) -> None:
    assert place_of_arrival(arrived, now_ms=1_000_000) == place
