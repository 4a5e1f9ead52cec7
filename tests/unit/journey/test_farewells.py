"""Whoever is let go unserved is told why."""

from edge.domain.disposition import UNSERVED
from edge.journey.farewell import FAREWELLS


def test_every_end_that_a_caller_did_not_choose_has_its_words() -> None:
    assert FAREWELLS.keys() == UNSERVED
