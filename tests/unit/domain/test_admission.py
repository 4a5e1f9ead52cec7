"""Who may join: the rules on their own."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from edge.domain.admission import Admission, Factor, Preset, condition_of, refusal
from edge.domain.agent import Agent, Device, Occupancy, Overlay
from edge.domain.disposition import Disposition
from edge.domain.ids import QueueId, UserId
from edge.domain.settings import Member, PenaltyRule, Queue

QUEUE = QueueId("qu_a")
FREE: frozenset[Factor] = frozenset()
PAUSED = frozenset({Factor.PAUSED})
STRICT = {"penalty", "paused", "invalid", "unavailable"}


def queue(**settings: Any) -> Queue:
    return Queue("qu_a", "A", "500", **settings)


@pytest.mark.parametrize(
    ("rules", "waiting", "census", "expected"),
    [
        (Admission(), 10_000, [], None),
        (Admission(max_length=3), 2, [], None),
        (Admission(max_length=3), 3, [FREE], Disposition.QUEUE_FULL),
        (Admission(max_length=3, empty_factors=PAUSED), 3, [PAUSED], Disposition.JOIN_EMPTY),
        (Admission(empty_factors=PAUSED), 0, [PAUSED, FREE], None),
        (Admission(empty_factors=PAUSED), 0, [], Disposition.JOIN_EMPTY),
        (Admission(divert_ratio=2), 3, [FREE, PAUSED], None),
        (Admission(divert_ratio=2), 4, [FREE, PAUSED], Disposition.DIVERTED),
        (Admission(divert_ratio=2), 0, [], Disposition.DIVERTED),
    ],
)
def test_why_a_caller_is_turned_away(
    rules: Admission,
    waiting: int,
    census: list[frozenset[Factor]],
    expected: Disposition | None,
) -> None:
    assert refusal(rules, waiting, census) is expected


@pytest.mark.parametrize(
    ("longest", "expects", "expected"),
    [
        (300, 300.0, None),
        (300, 300.1, Disposition.DIVERTED),
        (300, None, None),
        (0, 9_999.0, None),
    ],
)
def test_who_would_wait_longer_than_the_queue_wants_is_diverted_where_it_is_known(
    longest: int, expects: float | None, expected: Disposition | None
) -> None:
    rules = queue(divert_wait_seconds=longest).admission
    assert refusal(rules, 5, [FREE], expects) is expected
    full = Admission(max_length=5, divert_wait_seconds=longest)
    assert refusal(full, 5, [FREE], expects) is Disposition.QUEUE_FULL


def test_all_that_applies_to_an_agent_is_in_the_condition() -> None:
    agent = Agent(
        UserId("user_a"),
        logged_in_at_ms=1,
        paused_at_ms=2,
        device=Device.INVALID,
        occupancy=Occupancy.RESERVED,
    )
    assert condition_of(agent, QUEUE, with_work=True) == frozenset(
        {Factor.PAUSED, Factor.INVALID, Factor.RINGING}
    )
    assert condition_of(agent, QUEUE, with_work=False) == frozenset({Factor.PAUSED, Factor.INVALID})
    assert condition_of(Agent(UserId("user_a")), QUEUE, with_work=True) is None


def test_who_is_paused_in_one_queue_counts_as_such_there_and_is_nobody_where_signed_out() -> None:
    agent = Agent(UserId("user_a"), logged_in_at_ms=1, device=Device.REACHABLE)
    paused = replace(agent, overlays={QUEUE: Overlay(paused_at_ms=2)})
    assert condition_of(paused, QUEUE, with_work=True) == PAUSED
    assert condition_of(paused, QueueId("qu_b"), with_work=True) == FREE
    out = replace(agent, overlays={QUEUE: Overlay(paused_at_ms=2, signed_out_at_ms=3)})
    assert condition_of(out, QUEUE, with_work=True) is None


@pytest.mark.parametrize(
    ("written", "to_join", "to_leave"),
    [
        (True, set(), {"penalty", "paused", "invalid"}),
        (False, {"penalty", "paused", "invalid"}, set()),
        ("strict", STRICT, STRICT),
        ("loose", {"penalty", "invalid"}, {"penalty", "invalid"}),
        (["wrapup", "paused"], {"wrapup", "paused"}, {"wrapup", "paused"}),
        ([], set(), set()),
    ],
)
def test_what_app_queues_words_stand_for(
    written: object, to_join: set[str], to_leave: set[str]
) -> None:
    assert queue(join_when_empty=written).admission.empty_factors == to_join
    assert queue(leave_when_empty=written).factors_to_leave == to_leave


@pytest.mark.parametrize("written", ["yes", 1, None, ["busy"], [["paused"]], {"paused": True}])
def test_other_words_are_refused_with_those_there_are(written: object) -> None:
    with pytest.raises(ValidationError, match="strict, loose, or a list"):
        queue(join_when_empty=written)


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({}, False),
        ({"join_when_empty": False, "leave_when_empty": "strict"}, False),
        ({"leave_when_empty": ["inuse"]}, True),
        ({"join_when_empty": ["ringing"]}, True),
    ],
)
def test_work_is_counted_only_where_a_rule_names_it(settings: dict[str, Any], counts: bool) -> None:
    assert queue(**settings).counts_work is counts


def test_the_presets_are_names() -> None:
    assert queue(join_when_empty="strict").join_when_empty is Preset.STRICT


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_queue_length": -1},
        {"max_queue_length": True},
        {"divert_ratio": -0.5},
        {"divert_ratio": "2"},
        {"timeout_seconds": 86_401},
        {"short_abandon_seconds": 1.5},
    ],
)
def test_numbers_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        queue(**wrong)


@pytest.mark.parametrize(
    ("rules", "unreached"),
    [
        ([], set()),
        ([(5, 0, 1)], set()),
        ([(0, 0, 1)], {"user_c"}),
        ([(0, 0, 0), (30, 0, 1)], {"user_c"}),
        ([(0, 0, 0), (30, 2, None)], {"user_b"}),
        ([(0, 0, 0), (30, 0, None)], set()),
    ],
)
def test_whom_no_penalty_rule_ever_reaches(
    rules: list[tuple[int, int, int | None]], unreached: set[str]
) -> None:
    members = tuple(
        Member(id=f"qum_{name}", user_id=f"user_{name}", penalty=penalty)
        for penalty, name in enumerate("abc")
    )
    with_rules = queue(members=members, penalty_rules=tuple(PenaltyRule(*one) for one in rules))
    assert with_rules.unreached == unreached
    (reached,) = {"user_a"} - with_rules.unreached
    agent = Agent(UserId(reached), logged_in_at_ms=1, device=Device.REACHABLE)
    assert condition_of(agent, QUEUE, with_work=False, is_reached=False) == frozenset(
        {Factor.PENALTY}
    )
