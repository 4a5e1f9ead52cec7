"""A queue store by its kind: the executable specification, or the real one on a real Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from edge.store.redis_queue_store import seed_of_chance
from tests.fakes.redis_server import RedisServer
from tests.fakes.store_bench import MemoryBench, RedisBench, StoreBench

OpenBench = Callable[..., AbstractAsyncContextManager[StoreBench]]


@pytest.fixture(params=["memory", "redis"])
def open_bench(request: pytest.FixtureRequest, redis_server: RedisServer) -> OpenBench:
    """Opens a bench of either kind; afterwards no key without a known lifetime is left."""

    @asynccontextmanager
    async def opened(chance: Callable[[], int] = seed_of_chance) -> AsyncIterator[StoreBench]:
        in_memory = request.param == "memory"
        bench = MemoryBench(chance) if in_memory else RedisBench(redis_server, chance)
        await bench.open()
        try:
            yield bench
            bench.check_keys()
        finally:
            await bench.close()

    return opened
