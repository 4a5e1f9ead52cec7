"""Waiting: comes back with the claim, fails with its name, lets faults through."""

import pytest

from lab.wait import wait_until


async def _true_at(count: int, asked: list[int]) -> bool:
    asked.append(1)
    return len(asked) >= count


async def test_a_claim_that_comes_true_ends_the_wait() -> None:
    asked: list[int] = []
    await wait_until(lambda: _true_at(3, asked), "third time", seconds=5, every=0.001)
    assert len(asked) == 3


async def test_a_claim_that_stays_false_is_named() -> None:
    with pytest.raises(AssertionError, match=r"waited 0.01 s in vain for: the moon"):
        await wait_until(lambda: False, "the moon", seconds=0.01, every=0.002)


async def test_a_claim_that_came_true_while_the_machine_stalled_counts() -> None:
    asked: list[int] = []
    await wait_until(lambda: _true_at(2, asked), "second time", seconds=0.001, every=0.01)
    assert len(asked) == 2


async def test_what_the_claim_raises_goes_through() -> None:
    def breaks() -> bool:
        raise KeyError("gone")

    with pytest.raises(KeyError):
        await wait_until(breaks, "nothing")
