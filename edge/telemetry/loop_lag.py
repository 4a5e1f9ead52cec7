"""How late the event loop wakes: what blocks it shows here before callers notice."""

import asyncio
from collections import deque

EVERY_SECONDS = 0.1
REMEMBERED = 600


class LoopLag:
    """The lags of the last minute, in seconds, sampled ten times a second."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque(maxlen=REMEMBERED)

    async def watch(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            wanted = loop.time() + EVERY_SECONDS
            await asyncio.sleep(EVERY_SECONDS)
            self.note(max(0.0, loop.time() - wanted))

    def note(self, lag_seconds: float) -> None:
        self._lags.append(lag_seconds)

    def worst(self) -> float:
        """The longest lag remembered; 0 before the first sample."""
        return max(self._lags, default=0.0)

    def summary(self) -> dict[str, float]:
        """How many samples, and the median, 99th percentile and worst of them in ms."""
        return {
            "count": len(self._lags),
            "median_ms": round(self.quantile(0.5) * 1000, 1),
            "p99_ms": round(self.quantile(0.99) * 1000, 1),
            "worst_ms": round(self.worst() * 1000, 1),
        }

    def quantile(self, share: float) -> float:
        """The lag that `share` (0 to 1) of the samples do not exceed; 0 before the first."""
        if not 0 <= share <= 1:
            raise ValueError(f"share {share} is not within 0 and 1")
        ordered = sorted(self._lags)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
