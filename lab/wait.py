"""Waiting in tests and in the demo: for a claim to come true, never for a time to pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def wait_until(
    predicate: Callable[[], object | Awaitable[object]],
    what: str,
    seconds: float = 10.0,
    every: float = 0.02,
) -> None:
    """Return once `predicate()` (plain or async) is true; it is asked every `every` seconds.

    Raises AssertionError naming `what` when it is still false after `seconds`. The predicate
    is asked at least twice, the last time after the limit, so that a machine that stalls does
    not fail a claim that has come true meanwhile. What the predicate raises goes through.
    """
    deadline = time.monotonic() + seconds
    while True:
        last_try = time.monotonic() >= deadline
        answer = predicate()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return
        if last_try:
            raise AssertionError(f"waited {seconds:g} s in vain for: {what}")
        await asyncio.sleep(every)
