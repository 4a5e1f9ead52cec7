"""Time as the journey sees it, so that a test can make it run."""

from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Wall time, milliseconds since 1970, UTC."""

    async def sleep(self, seconds: float) -> None: ...
