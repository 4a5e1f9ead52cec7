"""A small server that speaks ARI: answers as told, remembers what it was asked, cuts sockets."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import WSMsgType, web

from lab.ports import free_port

USER, PASSWORD = "edge", "secret"


@dataclass(frozen=True, slots=True)
class Asked:
    """One REST call. `lane` is "http" or "socket"."""

    lane: str
    verb: str
    path: str
    query: dict[str, str]
    body: Any

    @property
    def what(self) -> str:
        return f"{self.verb} {self.path}"


Answer = tuple[int, Any]
Answerer = Callable[[Asked], Answer | Awaitable[Answer]]


class FakeAsterisk:
    """Everything is answered 204 (GET: 404) unless `answers` says otherwise for "VERB /path"."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, Answer | Answerer] = {"GET /channels": (200, [])}
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.connections = 0
        self.accepts = True
        self.url = ""

    def asked_for(self, what: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.what == what]

    async def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        told = self.answers.get(asked.what)
        if told is None and asked.path.endswith("/eventFilter"):
            return 200, {}
        if told is None:
            return (404, {"message": "not found"}) if asked.verb == "GET" else (204, None)
        if not callable(told):
            return told
        answer = told(asked)
        return await answer if isinstance(answer, Awaitable) else answer

    async def send(self, app: str, event: dict[str, Any]) -> None:
        await self.sockets[app].send_str(orjson.dumps(event).decode())

    def cut(self, app: str) -> None:
        """The connection breaks without a word."""
        socket = self.sockets.pop(app)
        writer = socket._writer
        assert writer is not None
        assert writer.transport is not None
        writer.transport.abort()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return web.Response(status=401)
        if not self.accepts:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        app = request.query["app"]
        self.sockets[app] = socket
        self.connections += 1
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._rest_over_socket(socket, orjson.loads(message.data))
        return socket

    async def _rest_over_socket(
        self, socket: web.WebSocketResponse, request: dict[str, Any]
    ) -> None:
        body = request.get("message_body")
        asked = Asked(
            "socket",
            request["method"],
            "/" + unquote(request["uri"]),
            {q["name"]: q["value"] for q in request.get("query_strings", [])},
            None if body is None else orjson.loads(body),
        )
        status, content = await self.answer(asked)
        response = {
            "type": "RESTResponse",
            "transaction_id": request["transaction_id"],
            "request_id": request["request_id"],
            "status_code": status,
            "reason_phrase": "",
            "uri": request["uri"],
        }
        if content is not None:
            response["message_body"] = orjson.dumps(content).decode()
        if not socket.closed:
            await socket.send_str(orjson.dumps(response).decode())

    async def _rest_over_http(self, request: web.Request) -> web.Response:
        content = await request.read()
        asked = Asked(
            "http",
            request.method,
            request.path.removeprefix("/ari"),
            dict(request.query),
            orjson.loads(content) if content else None,
        )
        status, body = await self.answer(asked)
        return web.Response(
            status=status,
            body=b"" if body is None else orjson.dumps(body),
            content_type="application/json",
        )


@asynccontextmanager
async def fake_asterisk() -> AsyncIterator[FakeAsterisk]:
    """The server, on a free port of 127.0.0.1."""
    fake = FakeAsterisk()
    application = web.Application()
    application.router.add_get("/ari/events", fake._events)
    application.router.add_route("*", "/ari/{path:.*}", fake._rest_over_http)
    runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    fake.url = f"http://127.0.0.1:{port}/ari"
    try:
        yield fake
    finally:
        for socket in tuple(fake.sockets.values()):
            await socket.close()
        await runner.cleanup()
        await asyncio.sleep(0)
