"""The demo world up and running: Redis, Asterisk and one edge, each with its port to choose."""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.asterisk_conf import REPOSITORY
from lab.child import Process
from lab.ports import require_free_port
from lab.processes import AsteriskProcess, AsteriskSettings, EdgeProcess, RedisProcess

API_KEY = "sk_demo"
"""The bearer key of `acct_demo`; demo.yaml has its digest."""


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """Addresses and ports; `run_dir` takes logs, recordings and what Redis keeps."""

    run_dir: Path
    asterisk: AsteriskSettings = field(default_factory=AsteriskSettings)
    redis_port: int = 6380
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    config: Path = REPOSITORY / "edge.yaml"

    @classmethod
    def from_environment(cls, run_dir: Path, env: Mapping[str, str] = os.environ) -> Self:
        """BIND, HTTP_PORT, REDIS_PORT and those of AsteriskSettings. BIND is for HTTP too."""
        return cls(
            run_dir,
            AsteriskSettings.from_environment(env),
            redis_port=int(env.get("REDIS_PORT") or 6380),
            http_host=env.get("BIND") or "127.0.0.1",
            http_port=int(env.get("HTTP_PORT") or 8080),
        )


class DemoWorld:
    """Async context: all three serve inside, and are stopped on leaving, the edge first."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        asterisk = settings.asterisk
        self.redis = RedisProcess(settings.run_dir, settings.redis_port)
        self.asterisk = AsteriskProcess(settings.run_dir, asterisk)
        self.http_url = f"http://{settings.http_host}:{settings.http_port}"
        self.edge = EdgeProcess(
            settings.run_dir, settings.config, self.http_url, env=self.edge_environment()
        )
        self._stack = AsyncExitStack()

    @property
    def parts(self) -> tuple[Process, ...]:
        """In the order of starting."""
        return (self.redis, self.asterisk, self.edge)

    def edge_environment(self) -> dict[str, str]:
        """What edge.yaml takes from the environment; the same for every edge of this world."""
        return {
            "ARI_URL": self.asterisk.ari_url,
            "ARI_PASSWORD": self.asterisk.ari_password,
            "REDIS_URL": self.redis.url,
            "HTTP_HOST": self.settings.http_host,
            "HTTP_PORT": str(self.settings.http_port),
        }

    async def __aenter__(self) -> Self:
        # All ports are looked at before anything is started: one clear message, nothing to undo.
        require_free_port(
            self.settings.http_host, self.settings.http_port, "tcp", "the edge (HTTP)", "HTTP_PORT"
        )
        self.asterisk.require_free_ports()
        async with AsyncExitStack() as starting:
            for part in self.parts:
                await starting.enter_async_context(part)
            self._stack = starting.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
