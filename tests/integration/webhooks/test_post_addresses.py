"""Where a post goes: names, addresses of ours in all their guises, redirects, proxies."""

import asyncio
import socket
import sys
import threading
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult

from edge.domain.ids import AccountId
from edge.domain.settings import Webhooks
from edge.domain.webhook import HeldWebhook, Settled
from edge.webhooks.post import NAMES_AT_ONCE, HttpPost, OwnThreadsResolver
from tests.fakes.waiting import wait_until
from tests.fakes.world import account
from tests.integration.webhooks.receivers import (
    SHORT,
    account_with_secrets,
    held,
    hook,
    posting,
    receiver,
)

GUARDED = Webhooks(timeout_seconds=1)


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
