"""Webhooks from the outbox in a real Redis to real receivers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import structlog
from aiohttp import web

from edge.domain.entry import Entry
from edge.domain.ids import RunId, WebhookId
from edge.domain.settings import Webhooks
from edge.domain.webhook import GivenUp, Webhook, option_pressed
from edge.ports.outbox import HELD_MS
from edge.ports.queue_store import PressWord
from edge.service import WallClock
from edge.webhooks import Delivery, HttpPost
from tests.fakes.redis_server import RedisServer
from tests.fakes.store_bench import RedisBench, join
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ONE, TWO
from tests.integration.webhooks.receivers import (
    BEARER,
    SIGNING_SECRET,
    account_with_secrets,
    hook,
    receiver,
)

pytestmark = pytest.mark.redis

SETTINGS = Webhooks(attempts=3, timeout_seconds=10, allow_private_addresses=True)
NEXT_ATTEMPT_MS = 20_000
HOOK = WebhookId("hook_pressed")


class Line:
    """A caller in line on a real Redis, whose clock stands until it is moved."""

    def __init__(self, bench: RedisBench, entry: Entry) -> None:
        self.bench = bench
        self.entry = entry

    async def press(self, webhook: Webhook, run: RunId = ONE) -> None:
        word, _ = await self.bench.store(run).press(ACCOUNT_ID, self.entry.id, "1", None, webhook)
        assert word is PressWord.PRESSED

    @property
    def left(self) -> int:
        found = self.bench.plain.zcard(f"{{{ACCOUNT_ID}}}:outbox")
        assert isinstance(found, int)
        return found

    def pressed(self, digit: str, url: str) -> Webhook:
        """The webhook of a real press, with a bearer token."""
        now_ms = self.bench.clock.now_ms()
        return option_pressed(HOOK, url, "kv:hook", ACCOUNT_ID, self.entry, digit, now_ms)

    def is_held(self, webhook: WebhookId) -> bool:
        return bool(self.bench.plain.hget(f"{{{ACCOUNT_ID}}}:outbox:{webhook}", "holder"))

    def everything(self) -> str:
        """All that stands in Redis about webhooks, and all that was told."""
        plain = self.bench.plain
        streams = [f"{{{ACCOUNT_ID}}}:given_up", f"{{{ACCOUNT_ID}}}:events"]
        rows: list[Any] = [plain.xrange(stream) for stream in streams]
        rows += [plain.hgetall(key) for key in plain.keys("*:outbox:*")]
        return str(rows)

    @asynccontextmanager
    async def delivering(
        self, run: RunId = ONE, settings: Webhooks = SETTINGS
    ) -> AsyncIterator[asyncio.Task[None]]:
        """An edge's delivery; cancelled at the end, as an edge that dies."""
        post = HttpPost([account_with_secrets()], settings)
        delivery = Delivery(
            self.bench.outbox(run), post, WallClock(), settings, [ACCOUNT_ID], lambda _: True
        )
        running = asyncio.create_task(delivery.run())
        try:
            yield running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await post.close()


@asynccontextmanager
async def a_caller(server: RedisServer) -> AsyncIterator[Line]:
    bench = RedisBench(server)
    await bench.open()
    try:
        yield Line(bench, await join(bench.store()))
        bench.check_keys()
    finally:
        await bench.close()


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def test_the_receiver_has_it_within_50_ms_of_the_key(redis_server: RedisServer) -> None:
    async with a_caller(redis_server) as line, receiver() as there, line.delivering():
        await line.press(hook(there.url, 1))  # the first one loads the script and opens connections
        await wait_until(lambda: len(there.at) == 1, "it is there")
        took = []
        for number in range(2, 12):
            pressed_at = asyncio.get_running_loop().time()
            await line.press(hook(there.url, number))
            await wait_until(partial(there.has, number), "it is there")
            took.append(there.at[-1] - pressed_at)
        assert sorted(took)[len(took) // 2] < 0.05, took
        await wait_until(lambda: not line.left, "nothing is left")


async def test_one_that_hangs_does_not_delay_another(redis_server: RedisServer) -> None:
    async with (
        a_caller(redis_server) as line,
        receiver(hang) as slow,
        receiver() as good,
        line.delivering(),
    ):
        # The lanes are those of a host: by name and by number this machine is two.
        hanging = slow.url.replace("127.0.0.1", "localhost")
        for number in range(9):
            await line.press(hook(hanging, number))
        await wait_until(lambda: len(slow.at) == 8, "all its lanes hang")
        pressed_at = asyncio.get_running_loop().time()
        await line.press(hook(good.url, 100))
        await wait_until(lambda: len(good.at) == 1, "the other has its own")
        assert good.at[0] - pressed_at < 0.2
        assert len(slow.at) == 8


async def test_a_receiver_that_fails_gets_it_again_and_then_no_more(
    redis_server: RedisServer,
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with a_caller(redis_server) as line, receiver(500) as there, line.delivering():
            token = f"{there.url}?token=t0ps3cret"
            await line.press(line.pressed("1", token))
            assert "kv:hook" in line.everything()
            for attempt in (1, 2, 3):
                await wait_until(partial(there.has, attempt), "an attempt")
                await wait_until(lambda: not line.is_held(HOOK), "it is settled")
                line.bench.advance(NEXT_ATTEMPT_MS)
            assert not line.left
            (lost,) = await line.bench.outbox(TWO).given_up(ACCOUNT_ID, 9)
            assert (lost.reason, lost.attempts, lost.answer) == (
                GivenUp.ATTEMPTS_SPENT,
                3,
                "500",
            )
            everything = line.everything()
    assert len({request.headers["webhook-id"] for request in there.requests}) == 1
    errors = [one for one in logs if one["log_level"] == "error"]
    assert [(one["event"], one["reason"]) for one in errors] == [
        ("webhook_given_up", "attempts_spent")
    ]
    for secret in (BEARER, SIGNING_SECRET, SIGNING_SECRET.removeprefix("whsec_")):
        assert secret not in str(logs)
        assert secret not in everything
    assert [body["caller"] for body in there.bodies] == ["12025550111"] * 3
    assert "12025550111" not in str(logs)
    assert "t0ps3cret" not in str(logs)


async def test_what_a_killed_edge_had_in_hand_another_delivers(redis_server: RedisServer) -> None:
    answers = iter([hang])

    async def hang_once(request: web.Request) -> web.StreamResponse:
        answer = next(answers, None)
        return await answer(request) if answer else web.Response()

    async with a_caller(redis_server) as line, receiver(hang_once) as there:
        async with line.delivering(ONE):
            await line.press(hook(there.url))
            await wait_until(lambda: len(there.at) == 1, "the first edge has it in hand")
        async with line.delivering(TWO):
            line.bench.advance(HELD_MS - 1)
            assert line.left == 1
            line.bench.advance(1)
            await wait_until(lambda: len(there.at) == 2, "the other has taken it")
            await wait_until(lambda: not line.left, "and delivered it")
    first, second = there.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert there.texts[0] == there.texts[1]


async def test_webhooks_of_an_account_that_is_no_more_go_away_by_themselves(
    redis_server: RedisServer,
) -> None:
    """No edge looks after them; numbers of callers stand in them."""
    async with a_caller(redis_server) as line:
        await line.press(hook("http://hooks.example/hook"))
        plain = line.bench.plain
        kept: Any = [*plain.keys("*:outbox*"), *plain.keys("*:pending:*")]
        assert len(kept) == 4
        assert all(0 < plain.ttl(key) <= 30 * 86_400 for key in kept)
        plain.delete(f"{{{ACCOUNT_ID}}}:outbox:{hook('').id}")
        line.bench.advance(HELD_MS)
        assert await line.bench.outbox().take_webhooks(ACCOUNT_ID, 9, 3) == ()
        assert not line.left, "an account that comes back finds nothing of it"


async def test_an_address_that_is_none_is_given_up_and_the_others_go_on(
    redis_server: RedisServer,
) -> None:
    once = Webhooks(attempts=1, timeout_seconds=1, allow_private_addresses=True)
    async with (
        a_caller(redis_server) as line,
        receiver() as good,
        line.delivering(settings=once) as delivery,
    ):
        await line.press(hook("http://[nobody/hook?token=t0ps3cret", 1))
        await wait_until(lambda: not line.left, "it is given up")
        await line.press(hook(good.url, 2))
        await wait_until(lambda: len(good.at) == 1, "the next one is delivered")
        assert not delivery.done()
