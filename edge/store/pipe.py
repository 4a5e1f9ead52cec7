"""One connection that carries the moves of all tasks at once, answered in the order they were sent.

redis-py gives each command a connection of its own for as long as it lasts and costs more time
than a move's script does; a move is one EVALSHA with a text for an answer, which needs little.
Whoever gives up waiting for an answer leaves it to be read and dropped.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

from redis.asyncio.connection import SSLConnection, parse_url
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoScriptError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

Answer = str | int | None
Greeting = Callable[["Pipe"], Awaitable[None]]

FAULTS: dict[str, type[Exception]] = {
    "LOADING": BusyLoadingError,
    "NOAUTH": AuthenticationError,
    "NOSCRIPT": NoScriptError,
    "READONLY": ReadOnlyError,
    "WRONGPASS": AuthenticationError,
}


def words(*of_command: str | int) -> bytes:
    """Words of a command as Redis reads them."""
    texts = [str(word).encode() for word in of_command]
    return b"".join([b"$%d\r\n%b\r\n" % (len(text), text) for text in texts])


def pack(*of_command: str | int) -> bytes:
    """A whole command."""
    return b"*%d\r\n%b" % (len(of_command), words(*of_command))


class Pipe(asyncio.Protocol):
    """One standing connection; once lost it stays lost.

    An answer is a text, a number or nothing; no command is sent here that answers a list.
    """

    def __init__(self, answer_within_seconds: float) -> None:
        self._within = answer_within_seconds
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._unanswered: deque[tuple[float, asyncio.Future[Answer]]] = deque()
        self._read = bytearray()
        self._watch: asyncio.TimerHandle | None = None
        self._lost: Exception | None = None

    @property
    def is_lost(self) -> bool:
        return self._lost is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are transports without being of the class.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(RedisConnectionError(f"the connection to Redis ended: {exc}"))

    def lose(self, fault: Exception) -> None:
        """Close; whoever waits for an answer is told why there is none."""
        if self._lost is not None:
            return
        self._lost = fault
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.abort()
        while self._unanswered:
            _, answer = self._unanswered.popleft()
            if not answer.done():
                answer.set_exception(fault)

    def send(self, command: bytes) -> asyncio.Future[Answer]:
        """One packed command, written at once: what is sent first is answered first.

        Raises RedisError, here or where it is awaited; its TimeoutError ends the connection.
        """
        if self._lost is not None:
            raise RedisConnectionError("the connection to Redis is lost") from self._lost
        assert self._transport is not None
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._unanswered.append((self._loop.time(), answer))
        if self._watch is None:
            self._watch = self._loop.call_later(self._within, self._check)
        self._transport.write(command)
        return answer

    def _check(self) -> None:
        """One timer for all: it looks at the oldest that is unanswered."""
        self._watch = None
        if not self._unanswered:
            return
        left = self._unanswered[0][0] + self._within - self._loop.time()
        if left <= 0:
            self.lose(RedisTimeoutError(f"no answer from Redis within {self._within} s"))
        else:
            self._watch = self._loop.call_later(left, self._check)

    def data_received(self, data: bytes) -> None:
        self._read += data
        at = 0
        while (found := _parse(self._read, at)) is not None:
            value, at = found
            _, answer = self._unanswered.popleft()
            if answer.done():
                continue
            if isinstance(value, Exception):
                answer.set_exception(value)
            else:
                answer.set_result(value)
        del self._read[:at]


def _parse(read: bytearray, at: int) -> tuple[Answer | Exception, int] | None:
    """The answer that begins there and where the next one does; None where it is not whole."""
    end = read.find(b"\r\n", at)
    if end < 0:
        return None
    kind, text = read[at], read[at + 1 : end]
    match chr(kind):
        case "$":
            length = int(text)
            if length < 0:
                return None, end + 2
            begin, end = end + 2, end + 2 + length
            if len(read) < end + 2:
                return None
            return read[begin:end].decode(), end + 2
        case ":":
            return int(text), end + 2
        case "-":
            message = text.decode()
            fault = FAULTS.get(message.partition(" ")[0], ResponseError)
            return fault(message), end + 2
        case _:
            return text.decode(), end + 2


class Wire:
    """Keeps a pipe to one Redis, anew where it was lost. `greet` may refuse a new one."""

    def __init__(self, url: str, answer_within_seconds: float, greet: Greeting) -> None:
        self._to: dict[str, Any] = dict(parse_url(url))
        self._within = answer_within_seconds
        self._greet = greet
        self._pipe: Pipe | None = None
        self._connecting = asyncio.Lock()
        self._is_closed = False

    async def send(self, command: bytes) -> Answer:
        """Raises RedisError or OSError where Redis is away, and what `greet` raises."""
        pipe = self._pipe
        if pipe is None or pipe.is_lost:
            pipe = await self._connect()
        return await pipe.send(command)

    async def _connect(self) -> Pipe:
        async with self._connecting:
            if self._is_closed:
                raise RedisConnectionError("the connection was closed")
            if self._pipe is not None and not self._pipe.is_lost:
                return self._pipe
            pipe = Pipe(self._within)
            try:
                async with asyncio.timeout(self._within):
                    await self._open(pipe)
                    await self._introduce(pipe)
                    await self._greet(pipe)
                self._pipe = pipe
            finally:
                if self._pipe is not pipe:
                    pipe.lose(RedisConnectionError("the connection was not made"))
            return pipe

    async def _open(self, pipe: Pipe) -> None:
        loop = asyncio.get_running_loop()
        to = self._to
        if "path" in to:
            await loop.create_unix_connection(lambda: pipe, to["path"])
            return
        host, port = to.get("host", "localhost"), to.get("port", 6379)
        await loop.create_connection(lambda: pipe, host, port, ssl=self._encryption())

    def _encryption(self) -> ssl.SSLContext | None:
        if self._to.get("connection_class") is not SSLConnection:
            return None
        options = {name: value for name, value in self._to.items() if name != "connection_class"}
        return SSLConnection(**options).ssl_context.get()

    async def _introduce(self, pipe: Pipe) -> None:
        password, user = self._to.get("password"), self._to.get("username")
        if password:
            await pipe.send(pack("AUTH", *([user] if user else []), password))
        if self._to.get("db"):
            await pipe.send(pack("SELECT", self._to["db"]))

    def close(self) -> None:
        self._is_closed = True
        if self._pipe is not None:
            self._pipe.lose(RedisConnectionError("the connection was closed"))
