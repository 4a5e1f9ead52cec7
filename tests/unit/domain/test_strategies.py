"""Strategies are lists of fields; an agent's standing sorts as the fields do."""

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.ids import MemberId, UserId
from edge.domain.strategies import FIELD_WIDTH, LEASTRECENT, STRATEGIES, Field, standing

numbers = st.integers(0, 10**FIELD_WIDTH - 1)
candidates = st.tuples(
    numbers, st.integers(0, 99_999), st.from_regex(r"qum_[a-z0-9]{4}", fullmatch=True)
)


def stand(candidate: tuple[int, int, str]) -> str:
    last_ended, order, member = candidate
    values = {Field.LAST_ENDED: last_ended, Field.ORDER: order}
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
    assert text == "000000000000001:000000000000002:qum_ab12:user_x"
    assert text.rsplit(":", 1)[1] == "user_x"


def test_strategies_are_known_by_name_and_say_whose_rule_they_are() -> None:
    for name, strategy in STRATEGIES.items():
        assert strategy.name == name
        assert strategy.fields
        assert strategy.source
