"""Times of many calls put together, and how much of them the machine itself is to blame for."""

import json
import signal
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from lab.child import Child
from lab.wait import wait_until

SAMPLE_SECONDS = 0.001
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Latency:
    """Median, 99th percentile (nearest rank) and worst of a measurement, in milliseconds."""

    count: int
    median_ms: float
    p99_ms: float
    worst_ms: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        """Raises ValueError when nothing was measured."""
        ordered = sorted(seconds)
        if not ordered:
            raise ValueError("nothing was measured")
        rank = -(-99 * len(ordered) // 100) - 1
        median, p99, worst = statistics.median(ordered), ordered[rank], ordered[-1]
        return cls(len(ordered), *(round(value * 1000, 3) for value in (median, p99, worst)))

    def __str__(self) -> str:
        return (
            f"median {self.median_ms:.1f} ms, p99 {self.p99_ms:.1f} ms, "
            f"worst {self.worst_ms:.1f} ms of {self.count}"
        )

    def as_json(self) -> dict[str, float]:
        return asdict(self)


def next_after(starts: Iterable[float], ends: Iterable[float]) -> list[float]:
    """For each start the seconds to the first end at or after it; starts without one are left out.

    Both in the same clock. For pairs that may cross (many calls at once) pair by Call-ID instead.
    """
    later = sorted(ends)
    found, position = [], 0
    for start in sorted(starts):
        while position < len(later) and later[position] < start:
            position += 1
        if position == len(later):
            break
        found.append(later[position] - start)
    return found


class HostJitter:
    """A process of its own that sleeps 1 ms at a time and notes how much longer it took.

    What it reports nobody on this machine could have done better; it costs about 2 % of a core.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._report = folder / "host-jitter.json"
        self._begun = self._report.with_suffix(".begun")
        self._child = Child("host jitter", folder / "host-jitter.log")
        self.stalls: Latency | None = None
        """How late it woke, after the end."""

    @property
    def is_sampling(self) -> bool:
        """Has it begun?"""
        return self._begun.exists()

    async def __aenter__(self) -> Self:
        self._report.unlink(missing_ok=True)
        self._begun.unlink(missing_ok=True)
        self._child.spawn(
            [sys.executable, "-m", "lab.timing", str(self._report)], env={"PYTHONPATH": str(ROOT)}
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        # A signal before it listens would end it without a report.
        await wait_until(lambda: self.is_sampling, "the jitter sampler begins", seconds=10)
        await self._child.stop(5.0)
        if not self._report.exists():
            raise self._child.failure("it left no report")
        self.stalls = Latency(**json.loads(self._report.read_text()))


def _sample(report: Path) -> None:
    ended = False

    def end(*_: object) -> None:
        nonlocal ended
        ended = True

    signal.signal(signal.SIGTERM, end)
    report.with_suffix(".begun").touch()
    late: list[float] = []
    before = time.monotonic()
    while not ended:
        time.sleep(SAMPLE_SECONDS)
        now = time.monotonic()
        late.append(max(0.0, now - before - SAMPLE_SECONDS))
        before = now
    report.write_text(json.dumps(Latency.of(late or [0.0]).as_json()))


if __name__ == "__main__":
    _sample(Path(sys.argv[1]))
