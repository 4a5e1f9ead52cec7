"""What a failed leg means for its agent."""

import pytest

from edge.domain.offer import CONSEQUENCES, Consequence, LegFailure


def test_every_failure_has_its_consequence() -> None:
    assert set(CONSEQUENCES) == set(LegFailure)


@pytest.mark.parametrize("failure", [LegFailure.REFUSED, LegFailure.BUSY, LegFailure.FAILED])
def test_who_refuses_or_is_busy_is_left_alone_for_ten_seconds(failure: LegFailure) -> None:
    assert CONSEQUENCES[failure] == Consequence(10_000, is_miss=False, is_unreachable=False)


def test_only_no_answer_is_a_missed_call() -> None:
    misses = {failure for failure, after in CONSEQUENCES.items() if after.is_miss}
    assert misses == {LegFailure.NO_ANSWER}
    assert CONSEQUENCES[LegFailure.NO_ANSWER].back_off_ms == 0


def test_only_a_phone_that_is_gone_is_unreachable() -> None:
    gone = {failure for failure, after in CONSEQUENCES.items() if after.is_unreachable}
    assert gone == {LegFailure.UNREACHABLE}


@pytest.mark.parametrize("failure", [LegFailure.NOT_DIALLED, LegFailure.CANCELLED, LegFailure.LOST])
def test_what_is_not_the_agents_doing_has_no_consequence(failure: LegFailure) -> None:
    assert CONSEQUENCES[failure] == Consequence(0, is_miss=False, is_unreachable=False)
