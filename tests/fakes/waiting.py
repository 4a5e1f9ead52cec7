"""Waiting for a fact in a test, instead of sleeping and hoping."""

import asyncio
from collections.abc import Callable

LOOK_EVERY_SECONDS = 0.005


async def wait_until(
    predicate: Callable[[], bool], what: str, within_seconds: float = 10.0
) -> None:
    """Return as soon as the predicate holds. Raises AssertionError naming `what` otherwise.

    The time is the running loop's: virtual seconds where the loop is virtual.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_seconds
    while not predicate():
        if loop.time() >= deadline:
            raise AssertionError(f"not within {within_seconds} s: {what}")
        await asyncio.sleep(LOOK_EVERY_SECONDS)
