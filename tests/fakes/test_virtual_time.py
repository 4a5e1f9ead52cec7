"""The virtual-time loop itself: it jumps, keeps order, and says so when nothing can happen."""

import asyncio
import time

import pytest

from tests.conftest import run_story
from tests.fakes.clock import MONDAY_MORNING_MS, HandSetClock, LoopClock
from tests.fakes.virtual_time import NothingWillHappen
from tests.fakes.waiting import wait_until


def test_an_hour_passes_at_once_and_in_order() -> None:
    heard: list[str] = []

    async def say(word: str, after: float) -> None:
        await asyncio.sleep(after)
        heard.append(word)

    async def story() -> None:
        clock = LoopClock()
        async with asyncio.TaskGroup() as group:
            group.create_task(say("hour", 3600))
            group.create_task(say("second", 1))
            group.create_task(clock.sleep(1800))
        assert clock.now_ms() == MONDAY_MORNING_MS + 3_600_000

    began = time.monotonic()
    run_story(story(), virtual=True)
    assert heard == ["second", "hour"]
    assert time.monotonic() - began < 5


def test_waiting_for_what_never_comes_is_told_at_once() -> None:
    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingWillHappen):
        run_story(story(), virtual=True)


def test_a_leaked_task_fails_the_test() -> None:
    async def story() -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(60), name="left behind")

    with pytest.raises(pytest.fail.Exception, match="left behind"):
        run_story(story(), virtual=True)


def test_an_error_nobody_looked_at_fails_the_test() -> None:
    async def break_down() -> None:
        raise ValueError("broken")

    async def story() -> None:
        task = asyncio.get_running_loop().create_task(break_down())
        await asyncio.wait([task])
        del task

    with pytest.raises(pytest.fail.Exception, match="broken"):
        run_story(story(), virtual=True)


def test_wait_until_names_what_did_not_come() -> None:
    async def story() -> None:
        await wait_until(lambda: False, "the caller hears music", within_seconds=2)

    with pytest.raises(AssertionError, match="the caller hears music"):
        run_story(story(), virtual=True)


async def test_async_tests_run_on_a_real_loop_here() -> None:
    clock = HandSetClock()
    await clock.sleep(1.5)
    assert clock.now_ms() == MONDAY_MORNING_MS + 1_500
    assert type(asyncio.get_running_loop()).__module__.startswith("asyncio")


def test_timers_of_one_moment_go_off_in_the_order_they_were_set() -> None:
    heard: list[int] = []

    async def story() -> None:
        for number in range(50):
            asyncio.get_running_loop().call_later(1.0, heard.append, number)
        await asyncio.sleep(2)

    run_story(story(), virtual=True)
    assert heard == list(range(50))
