"""The waiting time that callers are told: its rules, what it learns, and its error."""

import heapq
from dataclasses import replace
from functools import reduce
from random import Random
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.disposition import Disposition
from edge.domain.estimate import (
    ERRORS_REMEMBERED,
    HANDLED_REMEMBERED,
    LOST,
    EstimateError,
    History,
    KeptPromise,
    Prospect,
    Standing,
    abandoned,
    answered,
    completed,
    error_of,
    expected_wait,
    left,
)

durations = st.floats(1, 3_600)
handled = st.lists(durations, min_size=1, max_size=30)
waits = st.lists(st.tuples(st.booleans(), st.floats(0, 3_600)), max_size=30)
teams = st.floats(0.1, 200)


@st.composite
def histories(draw: st.DrawFn) -> History:
    history = reduce(completed, draw(handled), History())
    for gave_up, waited in draw(waits):
        history = abandoned(history, waited) if gave_up else answered(history, waited, None)
    return history


def told(history: History, standing: Standing) -> float:
    seconds = expected_wait(history, standing)
    assert seconds is not None
    return seconds


def after_calls_of(seconds: float, calls: int = 1_000) -> History:
    return reduce(completed, [seconds] * calls, History())


@given(histories(), teams, st.integers(1, 60), st.integers(0, 5), durations)
def test_who_stands_further_back_is_told_no_shorter_a_time(
    history: History, agents: float, position: int, idle: int, head: float
) -> None:
    ahead = Standing(position, 61, agents, idle, head)
    assert told(history, ahead) <= told(history, replace(ahead, position=position + 1))


@given(histories(), teams, teams, st.integers(1, 60), durations)
def test_more_agents_make_the_wait_shorter(
    history: History, agents: float, more: float, position: int, head: float
) -> None:
    standing = Standing(position, 60, agents, 0, head)
    assert told(history, replace(standing, agents=agents + more)) < told(history, standing)


@given(histories(), teams, st.integers(1, 60), durations)
def test_an_abandon_more_makes_the_wait_no_longer(
    history: History, agents: float, position: int, waited: float
) -> None:
    standing = Standing(position, 60, agents)
    stayed, gone = answered(history, waited, None), abandoned(history, waited)
    assert told(gone, standing) <= told(stayed, standing)


@given(histories(), st.integers(1, 60), st.integers(0, 60))
def test_who_has_a_ready_agent_waits_for_nobody(history: History, position: int, more: int) -> None:
    assert expected_wait(history, Standing(position, 60, 120.0, idle=position + more)) == 0.0


@given(histories(), st.integers(1, 60))
def test_nothing_is_told_while_nobody_serves(history: History, position: int) -> None:
    assert expected_wait(history, Standing(position, 60, 0.0)) is None


def test_nothing_is_told_before_a_call_was_handled() -> None:
    untaught = abandoned(answered(History(), 20.0, None), 30.0)
    assert expected_wait(untaught, Standing(2, 2, 3.0, head_waited_seconds=30.0)) is None
    assert expected_wait(completed(untaught, 60.0), Standing(2, 2, 3.0)) is not None


def test_no_position_is_below_one() -> None:
    with pytest.raises(ValueError, match="position 0"):
        expected_wait(after_calls_of(60), Standing(0, 1, 1.0))


def test_those_ahead_who_give_up_shorten_the_wait() -> None:
    """Two agents of 120 s free a place a minute; of those ahead each leaves at theta besides."""
    history = abandoned(after_calls_of(120), 300.0)
    first, second, third = 60.0, 1 / (1 / 60 + 1 / 300), 1 / (1 / 60 + 2 / 300)
    assert told(history, Standing(1, 1, 2.0)) == pytest.approx(first * 2 / 3)
    by_length = first * 2 / 3 + second + third
    standing = Standing(3, 3, 2.0, head_waited_seconds=by_length)
    assert told(history, standing) == pytest.approx(by_length)


def test_alone_in_line_the_head_tells_nothing() -> None:
    history, alone = after_calls_of(120, 1), Standing(1, 1, 2.0)
    assert told(history, alone) == told(history, replace(alone, head_waited_seconds=900.0)) == 40.0


def test_a_half_of_an_agent_serves_half_as_fast() -> None:
    history = after_calls_of(120)
    whole, half = (told(history, Standing(4, 4, agents)) for agents in (1.0, 0.5))
    assert half == pytest.approx(2 * whole)


def test_the_head_of_the_line_counts_while_few_calls_were_handled() -> None:
    standing = Standing(10, 10, 5.0, head_waited_seconds=900.0)
    by_length = 120 / 5 * (10 - 1 / 3)
    few, many = (told(after_calls_of(120, calls), standing) for calls in (1, 1_000))
    assert by_length < many < few < 900
    assert few == pytest.approx(by_length + (9 / 11) * (900 - by_length), rel=0.01)
    assert many == pytest.approx(by_length, rel=0.1)


def test_the_handling_time_follows_the_day() -> None:
    history = reduce(completed, [300.0] * 3 * HANDLED_REMEMBERED, after_calls_of(100))
    assert history.handling.mean_seconds == pytest.approx(300, rel=0.06)
    plain = reduce(completed, [10.0, 20.0, 60.0], History())
    assert plain.handling.mean_seconds == pytest.approx(30)
    assert plain.handling.squared_relative_error() == pytest.approx(1 / 3)


def test_abandons_are_counted_by_the_time_that_all_have_waited() -> None:
    history = answered(abandoned(History(), 100.0), 300.0, None)
    assert history.patience.rate_per_second() == pytest.approx(1 / 400, rel=0.01)
    assert History().patience.rate_per_second() == 0.0


@pytest.mark.parametrize("losses", [0, 1, 40])
def test_the_many_steps_of_a_long_line_are_taken_by_their_integral(losses: int) -> None:
    history = after_calls_of(120)
    for _ in range(losses):
        history = abandoned(history, 300.0)
    served, theta = 2 / 120, history.patience.rate_per_second()
    exact = 2 / 3 / served + sum(1 / (served + ahead * theta) for ahead in range(1, 4_000))
    standing = Standing(4_000, 4_000, 2.0, head_waited_seconds=exact)
    assert told(history, standing) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("disposition", Disposition)
def test_who_leaves_has_waited_and_is_lost_where_it_was_because_of_the_wait(
    disposition: Disposition,
) -> None:
    found = left(History(), 40.0, disposition).patience
    assert found.waited_seconds == 40.0
    assert found.abandons == (disposition in LOST)


def test_a_prospect_tells_place_line_and_time() -> None:
    prospect = Prospect(0, Standing(2, 3, 2.0, head_waited_seconds=90.0), after_calls_of(120))
    assert (prospect.position, prospect.waiting) == (2, 3)
    assert prospect.expected_seconds == told(prospect.history, prospect.standing)


def test_the_error_is_that_of_the_promises_to_callers_who_were_answered() -> None:
    history = History()
    assert error_of(history) is None
    for waited, promised in ((100.0, 90.0), (100.0, 160.0), (50.0, 51.0), (70.0, None)):
        kept = KeptPromise(promised, waited) if promised else None
        history = answered(history, 200.0 + waited, kept)
    assert error_of(abandoned(history, 500.0)) == EstimateError(3, 10.0, 17.0)


def test_what_is_remembered_stays_bounded() -> None:
    history = History()
    for caller in range(5 * ERRORS_REMEMBERED):
        history = answered(history, 60.0, KeptPromise(60.0 + caller, 60.0))
    assert len(history.errors) == ERRORS_REMEMBERED
    assert history.errors[-1] == 5 * ERRORS_REMEMBERED - 1


def test_a_stationary_queue_is_learnt() -> None:
    """M/M/s: given p - 1 callers ahead of one who joins, the wait is gamma distributed with mean
    p / (s·mu). The told median must be that of the simulated waits, position by position."""
    agents, mean, load = 8, 180.0, 0.95
    draw, history = Random(11), History()
    free, starts, at = [0.0] * agents, list[float](), 0.0
    by_position: dict[int, list[tuple[float, float]]] = {}
    for _ in range(40_000):
        at += draw.expovariate(agents * load / mean)
        starts = [start for start in starts if start > at]
        standing = Standing(len(starts) + 1, len(starts) + 1, float(agents))
        promised = expected_wait(history, standing) if min(free) > at else None
        start = max(at, heapq.heappop(free))
        handling = draw.expovariate(1 / mean)
        heapq.heappush(free, start + handling)
        starts.append(start)
        history = completed(answered(history, start - at, None), handling)
        if promised is not None:
            by_position.setdefault(standing.position, []).append((promised, start - at))
    for position in (1, 2, 4, 8, 16):
        promises, real = zip(*by_position[position], strict=True)
        assert len(promises) > 300
        assert median(promises) == pytest.approx(median(real), rel=0.12)
        assert fmean(real) == pytest.approx(position * mean / agents, rel=0.12)
