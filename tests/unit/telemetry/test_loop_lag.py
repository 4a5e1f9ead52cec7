"""How late the loop wakes."""

import asyncio
import contextlib
import time

import pytest

from edge.telemetry.loop_lag import REMEMBERED, LoopLag
from tests.fakes.waiting import wait_until


def test_nothing_seen_is_no_lag() -> None:
    assert (LoopLag().worst(), LoopLag().quantile(0.99)) == (0.0, 0.0)


def test_worst_and_quantiles_of_what_is_remembered() -> None:
    lag = LoopLag()
    lag.note(9.0)
    for index in range(REMEMBERED):
        lag.note(index / 1000)
    assert lag.worst() == (REMEMBERED - 1) / 1000
    assert lag.quantile(0.5) == REMEMBERED / 2 / 1000
    assert lag.quantile(1) == lag.worst()
    with pytest.raises(ValueError, match="share"):
        lag.quantile(99)


async def test_what_blocks_the_loop_is_seen() -> None:
    lag = LoopLag()
    watching = asyncio.create_task(lag.watch())
    await asyncio.sleep(0)
    time.sleep(0.15)  # noqa: ASYNC251 - the fault itself
    await wait_until(lambda: lag.worst() >= 0.04, "the lag of the blocked loop")
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
