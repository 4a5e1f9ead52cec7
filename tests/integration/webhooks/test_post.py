"""One attempt to deliver, to receivers that do what receivers do."""

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult

from edge.domain.ids import AccountId
from edge.domain.settings import Webhooks
from edge.domain.webhook import HeldWebhook, Settled
from edge.webhooks.post import NAMES_AT_ONCE, READ_AT_ONCE, HttpPost, OwnThreadsResolver
from edge.webhooks.signature import signature
from tests.fakes.waiting import wait_until
from tests.fakes.world import account
from tests.integration.webhooks.receivers import (
    BEARER,
    SIGNING_SECRET,
    account_with_secrets,
    held,
    hook,
    receiver,
)

SHORT = Webhooks(timeout_seconds=1, allow_private_addresses=True)
GUARDED = Webhooks(timeout_seconds=1)


@asynccontextmanager
async def posting(settings: Webhooks = SHORT) -> AsyncIterator[HttpPost]:
    post = HttpPost([account_with_secrets()], settings)
    try:
        yield post
    finally:
        await post.close()


@pytest.mark.parametrize(
    ("status", "settled"),
    [
        (200, Settled.DELIVERED),
        (204, Settled.DELIVERED),
        (299, Settled.DELIVERED),
        (301, Settled.FAILED),
        (400, Settled.FAILED),
        (404, Settled.FAILED),
        (410, Settled.GONE),
        (429, Settled.FAILED),
        (500, Settled.FAILED),
        (503, Settled.FAILED),
    ],
)
async def test_only_2xx_is_delivered_and_410_wants_no_more(status: int, settled: Settled) -> None:
    async with receiver(status) as there, posting() as post:
        answer = await post(held(hook(there.url)))
    assert (answer.settled, answer.said) == (settled, str(status))
    assert len(there.texts) == 1


async def test_the_receiver_can_tell_that_it_is_ours() -> None:
    webhook = hook("", secret_ref="kv:hook")
    async with receiver() as there, posting() as post:
        await post(held(hook(there.url, secret_ref="kv:hook")))
    (request,), (text,) = there.requests, there.texts
    timestamp = int(request.headers["webhook-timestamp"])
    assert (request.method, text) == ("POST", webhook.body)
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["webhook-id"] == webhook.id
    assert request.headers["webhook-signature"] == signature(
        SIGNING_SECRET, webhook.id, timestamp, text
    )
    assert request.headers["Authorization"] == f"Bearer {BEARER}"


async def test_an_account_without_secrets_signs_nothing() -> None:
    async with receiver() as there:
        post = HttpPost([account()], SHORT)
        await post(held(hook(there.url)))
        await post.close()
    assert not {"webhook-signature", "Authorization"} & set(there.requests[0].headers)


async def test_a_token_that_nobody_has_is_not_left_out() -> None:
    async with receiver() as there, posting() as post:
        answer = await post(held(hook(there.url, secret_ref="kv:other")))
    assert (answer.settled, there.texts) == (Settled.FAILED, [])
    assert "kv:other" in answer.said


async def test_who_hangs_is_given_up_when_the_time_is_over() -> None:
    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async with receiver(hang) as there, posting() as post:
        started = asyncio.get_running_loop().time()
        answer = await post(held(hook(there.url)))
        took = asyncio.get_running_loop().time() - started
    assert answer.settled is Settled.FAILED
    assert "no answer in 1 s" in answer.said
    assert took < 1.5


async def test_who_closes_without_an_answer_has_not_taken_it() -> None:
    async def close(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with receiver(close) as there, posting() as post:
        answer = await post(held(hook(there.url)))
    assert answer.settled is Settled.FAILED


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"\x1b[2Jforged\nline\r\n\r\n",
    ],
)
async def test_an_answer_that_is_not_http_does_not_bring_the_address_into_the_log(
    answer: bytes,
) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server, posting() as post:
        port = server.sockets[0].getsockname()[1]
        found = await post(held(hook(f"http://127.0.0.1:{port}/t0ps3cret?token=t0ps3cret")))
    assert (found.settled, found.said) == (Settled.FAILED, "the answer is not HTTP")


async def test_nobody_there_is_a_failed_attempt() -> None:
    async with receiver() as there:
        pass
    async with posting() as post:
        answer = await post(held(hook(there.url)))
    assert answer.settled is Settled.FAILED


async def test_a_name_that_nobody_has_is_a_failed_attempt() -> None:
    async with posting() as post:
        answer = await post(held(hook("http://nobody.invalid/hook")))
        too_long = await post(held(hook(f"http://{'a' * 70}.example/hook")))
        none = await post(held(hook("http://[::1/hook?token=t0ps3cret")))
    assert {answer.settled, too_long.settled, none.settled} == {Settled.FAILED}
    assert "t0ps3cret" not in none.said


async def test_a_name_server_that_does_not_answer_keeps_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, go_on = threading.Event(), threading.Event()
    usual = socket.getaddrinfo

    def slow(host: str, *more: Any) -> Any:
        if host == "slow.example":
            asked.set()
            go_on.wait(10)
            raise OSError("no name server answers")
        return usual(host, *more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    async with receiver() as there, posting() as post:
        waiting = asyncio.create_task(post(held(hook("http://slow.example/hook"))))
        await wait_until(asked.is_set, "the name server is asked")
        started = asyncio.get_running_loop().time()
        port = urlsplit(there.url).port
        answer = await post(held(hook(f"http://localhost:{port}/hook")))
        took = asyncio.get_running_loop().time() - started
        late = await waiting
        go_on.set()
    assert (answer.settled, took < 0.5) == (Settled.DELIVERED, True)
    assert late.settled is Settled.FAILED


async def test_names_of_one_account_that_nobody_answers_for_keep_no_other_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many hosts it posts to."""
    hosts, go_on = {f"slow{number}.example" for number in range(100)}, threading.Event()
    asked: set[str] = set()
    usual = socket.getaddrinfo

    def slow(host: str, *more: Any) -> Any:
        if host in hosts:
            asked.add(host)
            go_on.wait(10)
            raise OSError("no name server answers")
        return usual(host, *more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    accounts = [account_with_secrets(), replace(account(), id="acct_other")]
    async with receiver() as there:
        post = HttpPost(accounts, SHORT)
        waiting = [asyncio.create_task(post(held(hook(f"http://{host}/hook")))) for host in hosts]
        await wait_until(lambda: len(asked) >= NAMES_AT_ONCE, "the name server is asked")
        port = urlsplit(there.url).port
        other = HeldWebhook(AccountId("acct_other"), hook(f"http://localhost:{port}/hook"), 1)
        answer = await post(other)
        late = await asyncio.gather(*waiting)
        go_on.set()
        await post.close()
    assert (answer.settled, len(there.texts)) == (Settled.DELIVERED, 1)
    assert {one.settled for one in late} == {Settled.FAILED}


STOPPING = """
import asyncio, socket, time
from edge.webhooks.post import OwnThreadsResolver

socket.getaddrinfo = lambda *of: time.sleep(60)

async def stop() -> None:
    resolver = OwnThreadsResolver()
    asking = asyncio.create_task(resolver.resolve("slow.example"))
    await asyncio.sleep(0.1)
    asking.cancel()
    await resolver.close()

asyncio.run(stop())
"""


async def test_an_edge_that_stops_does_not_wait_for_a_name_server() -> None:
    """Its calls are served by the next one, which may have to wait for its end."""
    edge = await asyncio.create_subprocess_exec(sys.executable, "-c", STOPPING)
    try:
        async with asyncio.timeout(30):
            assert await edge.wait() == 0
    finally:
        if edge.returncode is None:
            edge.kill()
            await edge.wait()


async def test_a_redirect_is_not_followed() -> None:
    async with receiver() as inside:

        async def send_on(_: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"Location": inside.url})

        async with receiver(send_on) as there, posting() as post:
            answer = await post(held(hook(there.url)))
    assert (answer.settled, answer.said) == (Settled.FAILED, "307")
    assert inside.texts == []


async def test_an_endless_answer_is_not_read() -> None:
    """The status is enough; what else a receiver sends would only fill our memory."""
    sent = 0

    async def go_on(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while sent < 200_000_000:
                await response.write(b"x" * 100_000)
                sent += 100_000
        except ConnectionError:
            pass  # what the test wants
        return response

    async with receiver(go_on) as there, posting() as post:
        answer = await post(held(hook(there.url)))
    assert answer.settled is Settled.DELIVERED
    assert sent < 20_000_000, "only what fits into the buffers of the system"
    assert READ_AT_ONCE <= 4_096


async def test_who_never_comes_to_the_answer_is_cut_off() -> None:
    """Interim answers without end: to read them would keep every call of this edge waiting."""
    sent = 0

    async def go_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        hints = b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 1_000
        with contextlib.suppress(ConnectionError):
            while sent < 200_000_000:
                writer.write(hints)
                sent += len(hints)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(go_on, "127.0.0.1", 0) as server, posting() as post:
        port = server.sockets[0].getsockname()[1]
        answer = await post(held(hook(f"http://127.0.0.1:{port}/hook")))
    assert (answer.settled, answer.said) == (Settled.FAILED, "the answer has no end")
    assert sent < 10_000_000, "only what fits into the buffers of the system"


async def test_a_long_answer_that_is_whole_in_time_counts() -> None:
    async def answer_at_length(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * 100_000, headers={"X-Long": "x" * 8_000})

    async with receiver(answer_at_length) as there, posting() as post:
        answer = await post(held(hook(there.url)))
    assert (answer.settled, answer.said) == (Settled.DELIVERED, "200")


async def test_a_slow_body_keeps_nobody() -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(30)
        return response

    async with receiver(trickle) as there, posting() as post:
        started = asyncio.get_running_loop().time()
        answer = await post(held(hook(there.url)))
        took = asyncio.get_running_loop().time() - started
    assert (answer.settled, took < 0.5) == (Settled.DELIVERED, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_our_own_network_is_not_reached(host: str) -> None:
    """Judged where the connection is made: also where a name resolves to it (localhost)."""
    async with receiver() as there, posting(GUARDED) as post:
        port = urlsplit(there.url).port
        answer = await post(held(hook(f"http://{host}:{port}/hook")))
    assert (answer.settled, there.texts) == (Settled.FAILED, [])
    assert "not a public address" in answer.said


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127\u30020\u30020\u30021",
        "\uff11\uff12\uff17.0.0.1",
        "%31%32%37.0.0.1",
        "\u24db\u24de\u24d2\u24d0lhost",
        "localhost.",
        "[::]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[::1%25lo]",
    ],
)
async def test_nor_by_any_other_way_to_write_it(host: str) -> None:
    async with receiver() as there, posting(GUARDED) as post:
        port = urlsplit(there.url).port
        answer = await post(held(hook(f"http://{host}:{port}/hook")))
    assert (answer.settled, there.texts) == (Settled.FAILED, [])


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would reach for us what we do not."""
    async with receiver() as proxy, receiver() as there:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with posting() as post:
            answer = await post(held(hook(there.url)))
    assert (answer.settled, len(there.texts), proxy.texts) == (Settled.DELIVERED, 1, [])


async def test_a_name_is_judged_by_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the name server says: a name of two addresses leads to neither of ours."""

    async def ours(
        self: OwnThreadsResolver, host: str, port: int = 0, family: int = 0
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=of, proto=0, flags=socket.AI_NUMERICHOST
            )
            for one, of in (("::1", socket.AF_INET6), ("127.0.0.1", socket.AF_INET))
        ]

    monkeypatch.setattr(OwnThreadsResolver, "resolve", ours)
    async with receiver() as there, posting(GUARDED) as post:
        port = urlsplit(there.url).port
        answer = await post(held(hook(f"http://hooks.example:{port}/hook")))
        assert (answer.settled, there.texts) == (Settled.FAILED, [])
        async with posting() as allowed:
            answer = await allowed(held(hook(f"http://hooks.example:{port}/hook")))
    assert (answer.settled, len(there.texts)) == (Settled.DELIVERED, 1)


async def test_the_site_may_allow_its_own_network() -> None:
    async with receiver() as there, posting() as post:
        port = urlsplit(there.url).port
        answer = await post(held(hook(f"http://localhost:{port}/hook")))
    assert answer.settled is Settled.DELIVERED
