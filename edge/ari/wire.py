"""One REST call and its answer, over the command socket or over HTTP, always with a time limit."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp
import orjson
import structlog

from edge.ari.connection import Access, LivingSocket
from edge.ari.events import EndpointStateChange, read_endpoint
from edge.ari.ids import command_app, in_path
from edge.domain.ids import RunId
from edge.ports.phone_system import NodeFault

log = structlog.get_logger()

HTTP_KEEPALIVE_SECONDS = 10
"""Asterisk closes an idle connection after 15 s, and a POST on a closed one is not sent again."""
HTTP_CONNECTIONS = 64
"""Below Asterisk's default sessionlimit of 100, which edges and browsers share."""
ENDPOINT_STATE_CHANGE = "EndpointStateChange"
SOCKET_BYTES = 60_000
"""Asterisk reads at most 65,535 bytes in one message of a command socket."""


class Lane(Enum):
    """Where a call travels.

    A command socket runs its calls one at a time, so nothing that waits for a channel's own
    thread (busy with a prompt, say) may travel there; HTTP runs them side by side and costs more.
    """

    SOCKET = "socket"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes | str

    def json(self) -> Any:
        return orjson.loads(self.body)


class PhoneWatcher(Protocol):
    """Who is told of phones: besides answers, the command socket brings their changes."""

    async def commands_up(self) -> None:
        """The command socket is there (again): subscribe, and look what was missed."""

    def endpoint_changed(self, event: EndpointStateChange) -> None: ...


class Wire:
    """Both lanes to one node. While the command socket is away its calls go over HTTP."""

    def __init__(self, access: Access, run: RunId, watcher: PhoneWatcher | None = None) -> None:
        self._access = access
        self._watcher = watcher
        self._app = command_app(run)
        self._socket = LivingSocket(access, self._app, self)
        self._http: aiohttp.ClientSession | None = None
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._numbers = itertools.count(1)
        self.connections = 0
        """How often the command socket has come up."""

    async def run(self) -> None:
        """Keep the command socket up until cancelled."""
        await self._socket.run()

    async def close(self) -> None:
        await self._socket.retire()
        if self._http is not None:
            await self._http.close()

    @property
    def takes_events(self) -> bool:
        """The command socket is there, and so its application."""
        return self._socket.is_up

    async def call(
        self,
        lane: Lane,
        verb: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None,
        limit_seconds: float,
    ) -> Reply:
        """Raises NodeFault when no answer came within the limit; what was asked may have happened.

        A call that the command socket lost on its way is repeated over HTTP when it is a GET or a
        DELETE; others are not, for their first run may have counted.
        """
        try:
            async with asyncio.timeout(limit_seconds):
                if lane is Lane.SOCKET and self._socket.is_up:
                    try:
                        return await self._over_socket(verb, path, query, body)
                    except ConnectionError:
                        if verb not in ("GET", "DELETE"):
                            raise
                return await self._over_http(verb, path, query, body)
        except aiohttp.ClientResponseError as error:
            # Its `repr` repeats the request, with our password in the headers.
            raise NodeFault(f"{verb} {path}: the answer is not HTTP") from error
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            raise NodeFault(f"{verb} {path}: {error!r}") from error

    async def _over_socket(
        self, verb: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Reply:
        number = str(next(self._numbers))
        request: dict[str, Any] = {
            "type": "RESTRequest",
            "transaction_id": number,
            "request_id": number,
            "method": verb,
            "uri": path.removeprefix("/"),
        }
        if query:
            request["query_strings"] = [{"name": k, "value": v} for k, v in query.items()]
        if body is not None:
            request["content_type"] = "application/json"
            request["message_body"] = orjson.dumps(body).decode()
        text = orjson.dumps(request).decode()
        if len(text) > SOCKET_BYTES:
            return await self._over_http(verb, path, query, body)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._socket.send(text)
            return await answer
        finally:
            del self._waiting[number]

    async def _over_http(
        self, verb: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Reply:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                headers=self._access.headers(),
                connector=aiohttp.TCPConnector(
                    limit=HTTP_CONNECTIONS, keepalive_timeout=HTTP_KEEPALIVE_SECONDS
                ),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        url = self._access.url.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        content = None if body is None else orjson.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        async with self._http.request(verb, url, data=content, headers=kind) as answer:
            return Reply(answer.status, await answer.read())

    async def socket_up(self) -> None:
        """The command socket wants answers, and no event but those of phones."""
        path = f"/applications/{in_path(self._app)}/eventFilter"
        wanted = {"allowed": [{"type": word} for word in ("RESTResponse", ENDPOINT_STATE_CHANGE)]}
        reply = await self.call(Lane.HTTP, "PUT", path, {}, wanted, 5)
        if reply.status != 200:
            raise NodeFault(f"event filter of {self._app}: {reply.status}")
        self.connections += 1
        if self._watcher is not None:
            await self._watcher.commands_up()

    def socket_down(self) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the command socket closed"))

    def frame(self, text: str | bytes) -> None:
        message = orjson.loads(text)
        if message["type"] == ENDPOINT_STATE_CHANGE and self._watcher is not None:
            self._watcher.endpoint_changed(read_endpoint(message))
        if message["type"] != "RESTResponse":
            return
        answer = self._waiting.get(message["request_id"])
        if answer is not None and not answer.done():
            answer.set_result(Reply(message["status_code"], message.get("message_body", "")))
