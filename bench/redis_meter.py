"""What a Redis spent on our scripts: calls, time, round trips, slow ones, memory."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import redis

SLOW_US = 1_000
SLOW_ONES_KEPT = 100_000


@dataclass(slots=True)
class Spent:
    """Between two moments. `script_us` is inside scripts, `cpu_us` all of the server's main thread.

    `reads` are packets of commands that arrived: one a round trip while one command is on its way
    at a time.
    """

    calls: int = 0
    script_us: int = 0
    cpu_us: int = 0
    reads: int = 0
    slow: int = 0

    @property
    def script_mean_us(self) -> float:
        return self.script_us / max(self.calls, 1)

    @property
    def slow_share(self) -> float:
        return self.slow / max(self.calls, 1)

    def add(self, other: "Spent") -> None:
        self.calls += other.calls
        self.script_us += other.script_us
        self.cpu_us += other.cpu_us
        self.reads += other.reads
        self.slow += other.slow


class RedisMeter:
    """Reads a server that nobody else uses. Raises RedisError where it is away."""

    def __init__(self, url: str) -> None:
        self._client: redis.Redis = redis.Redis.from_url(url, decode_responses=True)
        self._client.config_set("slowlog-log-slower-than", SLOW_US)
        self._client.config_set("slowlog-max-len", SLOW_ONES_KEPT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def begin(self) -> None:
        """Count from now on."""
        self._client.slowlog_reset()
        self._before = self._read()

    def spent(self) -> Spent:
        """Since `begin`."""
        after, before = self._read(), self._before
        return Spent(
            calls=after.calls - before.calls,
            script_us=after.script_us - before.script_us,
            cpu_us=after.cpu_us - before.cpu_us,
            # The INFO that ends the count is a packet of its own.
            reads=after.reads - before.reads - 1,
            slow=self._slow_scripts(),
        )

    def memory_bytes(self) -> int:
        return int(self._info()["used_memory"])

    def version(self) -> str:
        return str(self._info()["redis_version"])

    def _info(self) -> dict[str, Any]:
        answer: Any = self._client.info("everything")
        return dict(answer)

    def _read(self) -> Spent:
        info = self._info()
        scripts = info.get("cmdstat_evalsha", {"calls": 0, "usec": 0})
        cpu = info["used_cpu_user_main_thread"] + info["used_cpu_sys_main_thread"]
        return Spent(
            calls=scripts["calls"],
            script_us=scripts["usec"],
            cpu_us=round(cpu * 1e6),
            reads=info["total_reads_processed"],
        )

    def _slow_scripts(self) -> int:
        slow: Any = self._client.slowlog_get(SLOW_ONES_KEPT)
        return sum(one["command"].startswith(b"EVALSHA") for one in slow)
