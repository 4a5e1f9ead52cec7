"""A queue store by its kind: the executable specification, or the real one on a real Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.fakes.redis_server import RedisServer
from tests.fakes.store_bench import MemoryBench, RedisBench, StoreBench

OpenBench = Callable[[], AbstractAsyncContextManager[StoreBench]]


@pytest.fixture(params=["memory", "redis"])
def open_bench(request: pytest.FixtureRequest, redis_server: RedisServer) -> OpenBench:
    """Opens a bench of either kind; afterwards no key without a known lifetime is left."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[StoreBench]:
        bench = MemoryBench() if request.param == "memory" else RedisBench(redis_server)
        await bench.open()
        try:
            yield bench
            bench.check_keys()
        finally:
            await bench.close()

    return opened
