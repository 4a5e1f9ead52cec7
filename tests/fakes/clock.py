"""Clocks for tests: one that follows the running loop's time, one that is set by hand."""

import asyncio

MONDAY_MORNING_MS = 1_767_600_000_000
"""2026-01-05 08:00 UTC: where the virtual clock starts."""


class LoopClock:
    """Wall time that moves with the running event loop: with virtual time, if that is virtual."""

    def __init__(self, start_ms: int = MONDAY_MORNING_MS) -> None:
        self.start_ms = start_ms

    def now_ms(self) -> int:
        # Rounded first: the loop's time is a sum of floats, 0.999999999 s is one second.
        return self.start_ms + int(round(asyncio.get_running_loop().time(), 6) * 1000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HandSetClock:
    """Wall time that stands still until the test moves it."""

    def __init__(self, start_ms: int = MONDAY_MORNING_MS) -> None:
        self.at_ms = start_ms

    def now_ms(self) -> int:
        return self.at_ms

    def advance(self, ms: int) -> None:
        self.at_ms += ms

    async def sleep(self, seconds: float) -> None:
        self.advance(int(seconds * 1000))
