"""One attempt to deliver, to receivers that do what receivers do."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from edge.domain.webhook import Settled
from edge.webhooks.post import READ_AT_ONCE, HttpPost
from edge.webhooks.signature import signature
from tests.fakes.world import account
from tests.integration.webhooks.receivers import (
    BEARER,
    SHORT,
    SIGNING_SECRET,
    held,
    hook,
    posting,
    receiver,
)


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
