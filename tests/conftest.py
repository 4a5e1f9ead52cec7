"""Runs `async def` tests and fails those that leave a task, an error or a resource behind.

Tests under tests/journeys run in virtual time, all others on a real event loop.
"""

import asyncio
import gc
import inspect
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.redis_server import RedisServer
from tests.fakes.virtual_time import VirtualTimeLoop

pytest.register_assert_rewrite("tests.fakes.twin_stores", "tests.properties.invariants")

JOURNEYS = Path(__file__).parent / "journeys"


async def _and_nothing_left(story: Coroutine[Any, Any, None], faults: list[str]) -> None:
    """Await the test's own story, then look for tasks that outlived it."""
    loop = asyncio.get_running_loop()

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        faults.append(f"{context['message']}: {context.get('exception')!r}")

    loop.set_exception_handler(note)
    await story
    leaked = asyncio.all_tasks() - {asyncio.current_task()}
    # A task cancelled in the test's last step may need one turn of the loop to be over.
    for _ in range(3):
        if leaked:
            await asyncio.sleep(0)
            leaked = asyncio.all_tasks() - {asyncio.current_task()}
    faults.extend(f"leaked task: {task!r}" for task in leaked)


def run_story(story: Coroutine[Any, Any, None], *, virtual: bool = False) -> None:
    """Run one async test to its end. Fails where something was left behind."""
    faults: list[str] = []
    factory = VirtualTimeLoop if virtual else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_and_nothing_left(story, faults))
    # Unclosed sockets and never-awaited coroutines speak when they are collected; pytest makes
    # what they say an error of the test that runs.
    gc.collect()
    if faults:
        pytest.fail("; ".join(faults))


def pytest_collection_finish() -> None:
    """What all tests share is left out of the collection after each test: it takes 4 ms, not 80."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    wanted = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    run_story(test(**wanted), virtual=pyfuncitem.path.is_relative_to(JOURNEYS))
    return True


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One real Redis for all tests of a worker that ask for it; each test empties it first."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server
