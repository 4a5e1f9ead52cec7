"""Ids we choose: of fixed length, so that none is a prefix of another, and never twice."""

import re
from collections.abc import Callable

import pytest

from edge.domain.ids import (
    CONFIGURED_ID,
    CROCKFORD,
    LegId,
    new_entry_id,
    new_leg_id,
    new_run_id,
    new_suffix,
    playbacks_on,
)


def test_a_suffix_is_26_letters_without_look_alikes() -> None:
    assert len(CROCKFORD) == len(set(CROCKFORD)) == 32
    assert re.fullmatch(rf"[{CROCKFORD}]{{26}}", new_suffix())


@pytest.mark.parametrize(
    ("make", "prefix"),
    [
        (new_entry_id, "ent_"),
        (new_leg_id, "leg_"),
        (new_run_id, "edge-"),
    ],
)
def test_ids_of_a_kind_have_one_prefix_and_one_length(make: Callable[[], str], prefix: str) -> None:
    made = {make() for _ in range(200)}
    assert len(made) == 200
    assert {len(name) for name in made} == {len(prefix) + 26}
    assert all(name.startswith(prefix) for name in made)


def test_what_is_played_on_a_leg_has_names_that_follow_from_it() -> None:
    made = [*playbacks_on(LegId("leg_1")), *playbacks_on(LegId("leg_11"))]
    assert made[:4] == list(playbacks_on(LegId("leg_1")))
    assert len(set(made)) == 8
    assert all(re.fullmatch(rf"say_[{CROCKFORD}]{{26}}", name) for name in made)


def test_configured_ids_are_prefix_and_letters() -> None:
    assert CONFIGURED_ID.fullmatch("qu_support")
    assert not CONFIGURED_ID.fullmatch("qu-support")
    assert not CONFIGURED_ID.fullmatch("qu_")
