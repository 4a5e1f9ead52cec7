"""Whether what chance gave is what was promised: Pearson's test."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Drawn = TypeVar("Drawn", bound=Hashable)

BOUNDS = {1: 10.828, 2: 13.816, 3: 16.266, 4: 18.467, 5: 20.515, 19: 43.820}
"""The 0.999 quantile of the chi-square distribution, by degrees of freedom."""


def statistic(seen: Mapping[Drawn, int], shares: Mapping[Drawn, float]) -> float:
    """The sum of (seen - expected)² / expected. Raises AssertionError for what has no share."""
    assert set(seen) <= set(shares), f"never to be seen: {set(seen) - set(shares)}"
    draws, whole = sum(seen.values()), sum(shares.values())
    expected = {one: draws * share / whole for one, share in shares.items()}
    return sum((seen.get(one, 0) - expected[one]) ** 2 / expected[one] for one in shares)


def assert_fair(seen: Mapping[Drawn, int], shares: Mapping[Drawn, float]) -> None:
    """These counts are no rarer than one in a thousand where the shares are as said."""
    found, degrees = statistic(seen, shares), len(shares) - 1
    print(f"chi-square {found:.2f}, {degrees} degrees, bound {BOUNDS[degrees]}: {dict(seen)}")  # noqa: T201
    assert found < BOUNDS[degrees], f"chi-square {found:.2f} over {BOUNDS[degrees]}: {dict(seen)}"
