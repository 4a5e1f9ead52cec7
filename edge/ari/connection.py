"""A WebSocket to Asterisk that comes back by itself: one application's events, or its commands."""

import asyncio
import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from edge.ports.phone_system import NodeFault

log = structlog.get_logger()

CONNECT_SECONDS = 5.0
PING_SECONDS = 5.0
"""A dead node is noticed after at most two of these."""
FIRST_BACK_OFF_SECONDS = 0.1
LONGEST_BACK_OFF_SECONDS = 5.0
QUEUED_FRAMES = 4096
"""Frames parsed ahead of us: the kernel must be read on, or Asterisk cuts a slow reader off."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a node's ARI is, and who we are to it. `url` is the HTTP root: http://host:8088/ari."""

    url: str
    user: str
    password: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Credentials stand in the header: a URL with them ends in logs."""
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}

    def socket_url(self, app: str) -> str:
        scheme, rest = self.url.rstrip("/").split("://", 1)
        secure = "wss" if scheme == "https" else "ws"
        return f"{secure}://{rest}/events?app={app}&subscribeAll=false"


class SocketOwner(Protocol):
    """Who is told what happens on a socket; the synchronous calls must only parse and enqueue."""

    async def socket_up(self) -> None:
        """Connected: send filter and subscriptions again. NodeFault: connect once more."""

    def socket_down(self) -> None: ...

    def frame(self, text: str | bytes) -> None: ...


def back_off_seconds(failures: int, chance: Callable[[], float] = random.random) -> float:
    """Wait before the next attempt: exponential with full jitter, at most 5 s.

    `failures` counts the attempts in a row that failed; 0 right after a working connection broke.
    """
    ceiling = min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2.0 ** min(failures, 10))
    return ceiling * chance()


class LivingSocket:
    """One application's WebSocket, connected again after every loss until `retire`."""

    def __init__(self, access: Access, app: str, owner: SocketOwner) -> None:
        self._access = access
        self._app = app
        self._owner = owner
        self._connection: ClientConnection | None = None
        self._retired = False
        self._log = log.bind(ari_app=app)

    @property
    def is_up(self) -> bool:
        return self._connection is not None

    async def send(self, text: str) -> None:
        """Raises ConnectionError when the socket is not there."""
        if self._connection is None:
            raise ConnectionError("the socket is down")
        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise ConnectionError("the socket closed") from closed

    async def run(self) -> None:
        """Keep the socket up until cancelled or retired."""
        failures = 0
        while not self._retired:
            try:
                await self._live_once()
                failures = 0
            except (OSError, TimeoutError, WebSocketException, NodeFault) as error:
                failures += 1
                report = self._log.warning if failures == 1 else self._log.debug
                report("ari_connect_failed", reason=repr(error), failures=failures)
            if not self._retired:
                await asyncio.sleep(back_off_seconds(failures))

    async def _live_once(self) -> None:
        """One connection from hand-shake to its end; returns when a working one was lost."""
        connection = await connect(
            self._access.socket_url(self._app),
            additional_headers=self._access.headers(),
            compression=None,
            proxy=None,
            max_size=None,
            max_queue=QUEUED_FRAMES,
            open_timeout=CONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=1,
        )
        self._connection = connection
        reader = asyncio.create_task(self._read(connection))
        try:
            await self._owner.socket_up()
            self._log.info("ari_socket_up")
            await reader
        finally:
            self._connection = None
            reader.cancel()
            self._owner.socket_down()
            await connection.close()
            await asyncio.gather(reader, return_exceptions=True)
        if not self._retired:
            self._log.warning("ari_socket_lost", code=connection.close_code)

    async def _read(self, connection: ClientConnection) -> None:
        try:
            while True:
                self._owner.frame(await connection.recv())
        except ConnectionClosed:
            return

    async def drop(self) -> None:
        """Cut the present connection; a new one follows."""
        if self._connection is not None:
            await self._connection.close()

    async def retire(self) -> None:
        """Close for good."""
        self._retired = True
        await self.drop()
