"""One attempt to deliver a webhook over HTTP.

No redirect is followed, nothing of the answer but its status is read, and the address is judged
where the connection is made: what a name resolved to a moment before does not count.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from ipaddress import ip_address
from threading import Thread
from typing import Any, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

from edge.domain.addresses import is_public
from edge.domain.ids import AccountId
from edge.domain.settings import Account
from edge.domain.settings.site import Webhooks
from edge.domain.webhook import Answer, HeldWebhook, Settled
from edge.webhooks.signature import headers

Found = TypeVar("Found")
GONE = 410
READ_AT_ONCE = 4_096
"""What of an answer is read ahead, in bytes; the rest is never asked for."""
READ_MOST = 16_384
"""What of an answer is read at all, in bytes: enough for its status and headers. A receiver that
sends interim answers without end would keep the whole process busy."""
NAMES_AT_ONCE = 8
"""Of one account: its names that nobody answers for keep no other account waiting."""


class EndlessAnswer(aiohttp.ClientError):
    """The receiver sends and sends, and does not come to its answer."""


class _BriefAnswer(ResponseHandler):
    """One connection, of whose answer only the beginning is read."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._left = READ_MOST

    def data_received(self, data: bytes) -> None:
        if self._left:
            super().data_received(data[: self._left])
        self._left -= min(self._left, len(data))
        if not self._left and self.transport is not None:
            # An answer that has come is read all the same: it stands before this in the queue.
            self.set_exception(EndlessAnswer())
            self.transport.close()


class _Connector(aiohttp.TCPConnector):
    def __init__(self, **wanted: Any) -> None:
        super().__init__(**wanted)
        self._factory = partial(_BriefAnswer, loop=self._loop)  # type: ignore[assignment]


class AddressRefused(OSError):
    """The address is not public."""


class OwnThreadsResolver(AbstractResolver):
    """Asks for addresses in threads of its own: a name server that does not answer keeps nobody
    else in this process waiting, nor the end of the process."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(NAMES_AT_ONCE)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError."""
        async with self._turns:
            found = await _in_a_thread(
                lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=of,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for of, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        """Nothing to close: a thread ends with its answer."""


async def _in_a_thread(ask: Callable[[], Found]) -> Found:
    """A daemon: the threads of an executor are waited for at the end of the process."""
    answer: Future[Found] = Future()
    answer.set_running_or_notify_cancel()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as fault:  # noqa: BLE001 - told to who asks
            answer.set_exception(fault)

    Thread(target=run, name="webhook-names", daemon=True).start()
    return await asyncio.wrap_future(answer)


def _socket_to_public(where: aiohttp.AddrInfoType) -> socket.socket:
    """The socket of one connection that is about to be made. Raises AddressRefused."""
    family, kind, protocol, _, address = where
    host = str(address[0])
    if not is_public(ip_address(host.partition("%")[0])):
        raise AddressRefused(errno.EACCES, f"{host} is not a public address")
    return socket.socket(family, kind, protocol)


class HttpPost:
    """Posts webhooks. Secrets are looked up at each attempt and kept nowhere else."""

    def __init__(self, accounts: Iterable[Account], settings: Webhooks) -> None:
        self._accounts: Mapping[AccountId, Account] = {
            AccountId(account.id): account for account in accounts
        }
        self._settings = settings
        self._sessions: dict[AccountId, aiohttp.ClientSession] = {}

    async def __call__(self, held: HeldWebhook) -> Answer:
        """What became of it; never raises for what a receiver or a network does."""
        webhook, account = held.webhook, self._accounts[held.account]
        bearer = account.secrets.get(webhook.secret_ref) if webhook.secret_ref else None
        if webhook.secret_ref and bearer is None:
            return Answer(Settled.FAILED, f"there is no secret {webhook.secret_ref}")
        now = int(time.time())
        try:
            async with self._session_of(held.account).post(
                webhook.url,
                data=webhook.body.encode(),
                headers=headers(webhook, now, account.webhook_signing_secret, bearer),
                allow_redirects=False,
            ) as response:
                status = response.status
                response.close()
        except TimeoutError:
            return Answer(Settled.FAILED, f"no answer in {self._settings.timeout_seconds} s")
        except EndlessAnswer:
            return Answer(Settled.FAILED, "the answer has no end")
        except aiohttp.InvalidURL:
            return Answer(Settled.FAILED, "not an address of http")
        except aiohttp.ClientResponseError:
            # Its words repeat the address, with its token, and what the receiver wrote.
            return Answer(Settled.FAILED, "the answer is not HTTP")
        except (aiohttp.ClientError, OSError, UnicodeError) as fault:
            return Answer(Settled.FAILED, f"{type(fault).__name__}: {_reason(fault)}")
        if 200 <= status < 300:
            return Answer(Settled.DELIVERED, str(status))
        return Answer(Settled.GONE if status == GONE else Settled.FAILED, str(status))

    def _session_of(self, account: AccountId) -> aiohttp.ClientSession:
        if account not in self._sessions:
            is_any = self._settings.allow_private_addresses
            self._sessions[account] = aiohttp.ClientSession(
                connector=_Connector(
                    resolver=OwnThreadsResolver(),
                    socket_factory=None if is_any else _socket_to_public,
                    limit=0,
                    # A new connection each time: none is found dead after the post was sent.
                    force_close=True,
                ),
                timeout=aiohttp.ClientTimeout(total=self._settings.timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=READ_AT_ONCE,
            )
        return self._sessions[account]

    async def close(self) -> None:
        while self._sessions:
            _, session = self._sessions.popitem()
            await session.close()


def _reason(fault: Exception) -> str:
    """In few words, on one line: a person reads it among what was given up."""
    return " ".join(str(fault).split())[:200]
