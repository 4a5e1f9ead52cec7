"""The connection to Redis: moves by EVALSHA, waiting out an outage, noticing another Redis run.

A Redis that was restarted (or a replica that took over) may have lost the last moves. Every new
connection asks for the server's run id before it carries a move; where it is not the one we know,
no move goes through until the store has asserted what this edge owns.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from edge.store.pipe import Answer, Pipe, Wire, pack
from edge.store.scripts import load_scripts

log = structlog.get_logger()

ANSWER_WITHIN_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 0.5
RECOVERY_SECONDS = 30.0

# BusyLoadingError is a ConnectionError of redis-py: a Redis that still reads its file is away.
AWAY = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, OSError)


class ServerReplaced(RedisConnectionError):
    """The connection reached another Redis run than the one this edge has asserted itself in."""


class StoreClosed(Exception):
    """The store was closed while a move waited for Redis."""


async def run_id_of(client: Redis) -> str:
    """The server's run id: new at each start. Raises RedisError."""
    answer: dict[str, Any] = await client.info("server")
    return str(answer["run_id"])


async def _command(client: Redis, *args: str | int) -> Any:
    async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
        return await client.execute_command(*args)  # type: ignore[no-untyped-call]


class Connection:
    """Sends moves. `recover` is called with the new run id before moves go on after a change."""

    def __init__(self, url: str, recover: Callable[["Redis", str], Awaitable[None]]) -> None:
        self._url = url
        self._recover = recover
        self._scripts = load_scripts()
        self._redis_run = ""
        self._mending = asyncio.Lock()
        self._is_closed = False
        self._wire = Wire(url, ANSWER_WITHIN_SECONDS, self._greet_on_wire)
        self._guarded = self._client(greet=self._greet)
        self._plain = self._client(greet=None)
        self.listening = self._client(greet=None)

    def _client(self, greet: Callable[[AbstractConnection], Awaitable[None]] | None) -> Redis:
        pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            self._url,
            max_connections=16,
            timeout=None,
            decode_responses=True,
            # Its own time limit is wait_for, which on Python 3.11 can swallow a cancellation that
            # comes as the answer does; ours is around each command.
            socket_timeout=None,
            socket_connect_timeout=ANSWER_WITHIN_SECONDS,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=greet,
        )
        return Redis.from_pool(pool)

    @property
    def redis_run(self) -> str:
        """The Redis run that this edge has asserted itself in; empty before the first time."""
        return self._redis_run

    async def _greet(self, connection: AbstractConnection) -> None:
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        answer = await connection.read_response()
        self._recognise(answer if isinstance(answer, str) else "")

    async def _greet_on_wire(self, pipe: Pipe) -> None:
        self._recognise(str(await pipe.send(pack("INFO", "server"))))

    def _recognise(self, server: str) -> None:
        run = next((line[7:] for line in server.splitlines() if line.startswith("run_id:")), "")
        if run != self._redis_run:
            raise ServerReplaced(f"Redis run {run} is not {self._redis_run or 'known'}")

    async def move(self, name: str, tag: str, args: Sequence[str | int]) -> dict[str, Any]:
        """One move, its answer parsed. Waits for a Redis that is away; raises StoreClosed."""
        script = self._scripts[name]
        command = script.called_with(tag, args)

        async def attempt() -> Answer:
            try:
                return await self._wire.send(command)
            except NoScriptError:
                return await self._wire.send(script.loaded_with(tag, args))

        answer: dict[str, Any] = orjson.loads(await self._persist(attempt))
        return answer

    async def read(self, command: str, *args: str | int) -> Any:
        """One plain command, waiting like a move."""
        return await self._persist(lambda: _command(self._guarded, command, *args))

    async def move_unguarded(
        self, client: Redis, name: str, tag: str, args: Sequence[str | int]
    ) -> dict[str, Any]:
        """A move of the recovery itself: tried once. Raises RedisError."""
        script = self._scripts[name]
        try:
            answer = await _command(client, "EVALSHA", script.sha, 1, tag, *args)
        except NoScriptError:
            answer = await _command(client, "EVAL", script.text, 1, tag, *args)
        parsed: dict[str, Any] = orjson.loads(answer)
        return parsed

    async def _persist(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        failures = 0
        while True:
            try:
                return await attempt()
            except ServerReplaced:
                await self._mend()
            except AWAY as fault:
                if self._is_closed:
                    raise StoreClosed from fault
                failures += 1
                if failures == 1:
                    log.warning("redis_away", fault=type(fault).__name__)
                await asyncio.sleep(self._pause(failures))

    @staticmethod
    def _pause(failures: int) -> float:
        return random.uniform(0.02, min(LONGEST_PAUSE_SECONDS, 0.05 * 2 ** min(failures, 8)))

    async def _mend(self) -> None:
        """Let the store assert itself in the Redis run that is there now; one at a time."""
        async with self._mending:
            try:
                async with asyncio.timeout(RECOVERY_SECONDS):
                    run = await run_id_of(self._plain)
                    if run == self._redis_run:
                        return
                    await self._recover(self._plain, run)
            except AWAY as fault:
                log.warning("redis_away", fault=type(fault).__name__)
                await asyncio.sleep(self._pause(3))
            else:
                self._redis_run = run

    async def close(self) -> None:
        self._is_closed = True
        self._wire.close()
        for client in (self._guarded, self._plain, self.listening):
            await client.aclose()


__all__ = ["AWAY", "Connection", "RedisError", "ServerReplaced", "StoreClosed"]
