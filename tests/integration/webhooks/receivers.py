"""Receivers of webhooks on loopback ports, as good and as bad as they come."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.domain.settings import Account, Webhooks
from edge.domain.webhook import HeldWebhook, Webhook
from edge.webhooks.post import HttpPost
from tests.fakes.world import ACCOUNT_ID, account, webhook_named

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
BEARER = "sesame-open-sesame"
SHORT = Webhooks(timeout_seconds=1, allow_private_addresses=True)
SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(slots=True)
class Receiver:
    """What has arrived, and where it listens."""

    url: str = ""
    requests: list[web.Request] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def has(self, posts: int) -> bool:
        return len(self.at) == posts

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(text) for text in self.texts]


@asynccontextmanager
async def receiver(answer: Answering | int = 200) -> AsyncIterator[Receiver]:
    """A receiver that answers each post so: with a status, or as the function does."""
    found = Receiver()

    async def receive(request: web.Request) -> web.StreamResponse:
        found.at.append(asyncio.get_running_loop().time())
        found.requests.append(request)
        found.texts.append(await request.text())
        if isinstance(answer, int):
            return web.Response(status=answer)
        return await answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receive)
    async with TestServer(app, shutdown_timeout=0.1) as server:
        found.url = str(server.make_url("/hook"))
        yield found


def hook(url: str, number: int = 1, secret_ref: str | None = None) -> Webhook:
    named = webhook_named(number)
    return Webhook(named.id, url, secret_ref, named.body)


def held(webhook: Webhook, attempt: int = 1) -> HeldWebhook:
    return HeldWebhook(ACCOUNT_ID, webhook, attempt)


def account_with_secrets() -> Account:
    return replace(account(), secrets={"kv:hook": BEARER}, webhook_signing_secret=SIGNING_SECRET)


@asynccontextmanager
async def posting(settings: Webhooks = SHORT) -> AsyncIterator[HttpPost]:
    post = HttpPost([account_with_secrets()], settings)
    try:
        yield post
    finally:
        await post.close()
