"""Strategies are lists of fields; an agent's standing sorts as the fields do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.ids import MemberId, UserId
from edge.domain.strategies import (
    FIELD_WIDTH,
    LEASTRECENT,
    STRATEGIES,
    Field,
    Round,
    Strategy,
    standing,
    table,
)

numbers = st.integers(0, 10**FIELD_WIDTH - 1)
candidates = st.tuples(
    numbers, st.integers(0, 99_999), st.from_regex(r"qum_[a-z0-9]{4}", fullmatch=True)
)


def stand(candidate: tuple[int, int, str]) -> str:
    last_ended, order, member = candidate
    values = {Field.TIER: 0, Field.LAST_ENDED: last_ended, Field.ORDER: order}
    return standing(LEASTRECENT, values, MemberId(member), UserId("user_x"))


@given(candidates, candidates)
def test_standing_sorts_as_the_fields_do(
    one: tuple[int, int, str], two: tuple[int, int, str]
) -> None:
    assert (stand(one) < stand(two)) == (one < two)


def test_leastrecent_is_last_end_then_position_then_member() -> None:
    never, early, late = (0, 9, "qum_b"), (5, 1, "qum_b"), (6, 0, "qum_a")
    tie = (0, 9, "qum_a")
    assert sorted([late, early, never, tie], key=stand) == [tie, never, early, late]


def test_the_user_is_the_last_part() -> None:
    text = stand((1, 2, "qum_ab12"))
    assert text == "000000000000000:000000000000001:000000000000002:qum_ab12:user_x"
    assert text.rsplit(":", 1)[1] == "user_x"


def test_strategies_are_known_by_name_and_say_whose_rule_they_are() -> None:
    for name, strategy in STRATEGIES.items():
        assert strategy.name == name
        assert strategy.fields[0] is Field.TIER
        assert strategy.source


class Point:
    """What an installed package declares under `queue_edge.strategies`."""

    value = "theirs:strategy"

    def __init__(self, declared: object) -> None:
        self.declared = declared

    def load(self) -> object:
        return self.declared


def declare(monkeypatch: pytest.MonkeyPatch, *declared: object) -> None:
    points = [Point(one) for one in declared]
    monkeypatch.setattr(table, "entry_points", lambda group: points)
    monkeypatch.setattr(table, "STRATEGIES", dict(STRATEGIES))


def test_a_site_adds_a_strategy_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = Strategy("theirs", (Field.TIER, Field.LAST_RUNG_HERE), "the site")
    declare(monkeypatch, theirs)
    table.register()
    table.register()
    assert table.STRATEGIES["theirs"] is theirs


@pytest.mark.parametrize("declared", [Strategy("linear", (Field.TIER,), "the site"), "no strategy"])
def test_a_strategy_that_is_none_or_takes_a_known_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, declared: object
) -> None:
    declare(monkeypatch, declared)
    with pytest.raises(ValueError, match=r"[Ss]trategy"):
        table.register()


@pytest.mark.parametrize(
    ("own_lap", "order", "lap"), [(0, 3, 5), (0, 2, 6), (0, 1, 6), (7, 3, 7), (6, 1, 6)]
)
def test_who_stands_behind_the_last_dialled_is_of_this_lap(
    own_lap: int, order: int, lap: int
) -> None:
    assert Round(lap=5, last_order=2).lap_of(own_lap, order) == lap
