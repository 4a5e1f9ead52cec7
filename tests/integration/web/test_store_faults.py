"""What a client is told when the store is silent or broken."""

import asyncio
from typing import Any

from structlog.testing import capture_logs

from edge.domain.agent import Agent
from edge.domain.entry import Entry
from edge.domain.ids import AccountId, QueueId, RunId, UserId
from tests.fakes.clock import HandSetClock
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.integration.web.desk import api


class SilentStore(MemoryQueueStore):
    """Never answers."""

    def __init__(self) -> None:
        super().__init__(RunId("edge-1"), MemorySite(), HandSetClock())

    async def line(
        self, account: AccountId, queue: QueueId, most: int | None = None
    ) -> tuple[Entry, ...]:
        await asyncio.Event().wait()
        raise AssertionError

    async def agent(self, account: AccountId, user: UserId) -> Agent:
        await asyncio.Event().wait()
        raise AssertionError

    async def change_presence(self, *_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()


class BrokenStore(SilentStore):
    """Answers with nonsense."""

    async def line(
        self, account: AccountId, queue: QueueId, most: int | None = None
    ) -> tuple[Entry, ...]:
        raise LookupError("the number is +12025550199")


async def test_a_silent_store_is_503_for_every_noun() -> None:
    async with api(answering=SilentStore(), store_limit_seconds=0.02) as desk:
        for method, path, body in (
            ("GET", "/v1/queues/qu_support", None),
            ("GET", "/v1/queues/qu_support/entries", None),
            ("GET", "/v1/users/user_1/queue-agent", None),
            ("POST", "/v1/users/user_1/queue-agent", {"status": "available"}),
        ):
            await desk.refused(503, "store-unavailable", method, path, json=body)
            assert desk.headers["Retry-After"] == "1"
        await desk.ask("GET", "/healthz", key=None)


async def test_a_fault_of_ours_is_500_logged_once_and_tells_nothing_outside() -> None:
    async with api(answering=BrokenStore()) as desk:
        with capture_logs() as lines:
            shape = await desk.refused(500, "internal", "GET", "/v1/queues/qu_support")
        assert "12025550199" not in str(shape)
        faults = [line for line in lines if line["log_level"] == "error"]
        assert [(line["event"], line["route"]) for line in faults] == [
            ("http_request_failed", "/v1/queues/{queue}")
        ]
