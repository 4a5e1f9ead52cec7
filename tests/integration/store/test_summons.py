"""What an edge hears from others, and that it knows when it could not hear."""

import asyncio

import pytest

from edge.ports.queue_store import Summons
from edge.store.keys import summons_channel
from edge.store.redis_queue_store import RedisQueueStore
from tests.fakes.redis_server import RedisServer
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ONE, entry_named

pytestmark = pytest.mark.redis


async def test_an_edge_that_could_not_hear_for_a_while_is_told_so(
    redis_server: RedisServer,
) -> None:
    plain = redis_server.client()
    store = RedisQueueStore(redis_server.url, ONE)

    def listens() -> bool:
        return summons_channel(ONE) in plain.pubsub_channels()

    try:
        heard = asyncio.create_task(store.summons())
        await wait_until(listens, "the edge listens")
        plain.execute_command("CLIENT KILL TYPE pubsub")  # type: ignore[no-untyped-call]
        assert await heard is None
        heard = asyncio.create_task(store.summons())
        await wait_until(listens, "the edge listens again")
        plain.publish(summons_channel(ONE), f"{{{ACCOUNT_ID}}} {entry_named(1)}")
        assert await heard == Summons(ACCOUNT_ID, entry_named(1)), "told once"
    finally:
        await store.close()
        plain.close()
