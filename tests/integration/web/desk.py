"""The API listening on a loopback port, over the store in memory, with two accounts."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from edge.domain.entry import Joining
from edge.domain.ids import AccountId, EndpointName, EntryId, LegId, NodeId, QueueId, RunId
from edge.domain.matching import Heads
from edge.domain.settings import Account, Member, PhoneNumber, Queue, User, World
from edge.media import MediaRounds
from edge.ports.outbox import WholeStore
from edge.ports.queue_store import Moved
from edge.web import MediaDoor, Readiness, make_app
from tests.fakes.clock import HandSetClock
from tests.fakes.memory_media import EchoConverter, MemoryMediaSite, MemoryMediaStore, StubbornNode
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore

KEY, OTHER_KEY, MASTER_KEY = "sk_first", "sk_second", "sk_both"
MEDIA_MOST_BYTES, MEDIA_ROOM = 1_000_000, 2_000_000
FIRST, SECOND = AccountId("acct_first"), AccountId("acct_second")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def world(members: int = 3) -> World:
    """Account first has queue qu_support with so many members; second has qu_sales with one."""
    users = tuple(
        User(f"user_{index}", f"User {index}", f"{200 + index}", f"first-{index}")
        for index in range(1, members + 1)
    )
    return World(
        (
            Account(
                id=FIRST,
                name="First",
                api_key_sha256=(digest("sk_old"), digest(KEY), digest(MASTER_KEY)),
                users=users,
                queues=(
                    Queue(
                        id="qu_support",
                        name="Support",
                        extension="500",
                        wrap_up_seconds=5,
                        music_media="media_inuse",
                        members=tuple(
                            Member(f"qum_{user.id[5:]}", user.id, position=index)
                            for index, user in enumerate(users, start=1)
                        ),
                    ),
                ),
                phone_numbers=(PhoneNumber("12025550100", "qu_support"),),
            ),
            Account(
                id=SECOND,
                name="Second",
                api_key_sha256=(digest(OTHER_KEY), digest(MASTER_KEY)),
                users=(User("user_other", "Other", "201", "second-1"),),
                queues=(
                    Queue(
                        id="qu_sales",
                        name="Sales",
                        extension="500",
                        members=(Member("qum_other", "user_other"),),
                    ),
                ),
            ),
        )
    )


@dataclass
class Api:
    """What a test holds: requests with the first account's key, and what stands behind."""

    client: aiohttp.ClientSession
    clock: HandSetClock
    store: MemoryQueueStore
    readiness: list[Readiness]
    converter: EchoConverter
    node: StubbornNode
    media_site: MemoryMediaSite
    door: MediaDoor
    looked: list[Heads] = field(default_factory=list)
    followed: list[Moved] = field(default_factory=list)

    async def ask(
        self, method: str, path: str, *, status: int = 200, key: str | None = KEY, **more: Any
    ) -> Any:
        """The JSON of the answer, whose status must be this one."""
        headers = dict(more.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        async with self.client.request(method, path, headers=headers, **more) as response:
            text = await response.text()
            assert response.status == status, text
            self.headers = response.headers
            return await response.json(content_type=None) if text else None

    async def refused(
        self, status: int, problem: str, method: str, path: str, **more: Any
    ) -> dict[str, Any]:
        """The problem of a refusal: always the same shape, with this id."""
        shape: dict[str, Any] = await self.ask(method, path, status=status, **more)
        assert self.headers["Content-Type"].startswith("application/problem+json")
        assert self.headers["Cache-Control"] == "no-store"
        assert set(shape) == {"type", "title", "status", "detail", "errors"}
        assert shape["type"] == f"urn:queue-edge:problem:{problem}"
        assert shape["status"] == status
        assert shape["title"]
        assert shape["detail"]
        return shape

    async def join(self, name: str, number: str = "+12025550199", **more: Any) -> None:
        joining = Joining(
            entry=EntryId(f"ent_{name}"),
            queue=QueueId("qu_support"),
            leg=LegId(f"leg_{name}"),
            node=NodeId("pbx-1"),
            endpoint=EndpointName("carrier"),
            dialled="500",
            inside=False,
            caller_number=number,
            caller_name="",
            arrived_at_ms=self.clock.now_ms(),
            **more,
        )
        await self.store.join(FIRST, joining)


@asynccontextmanager
async def api(
    *,
    members: int = 3,
    of: World | None = None,
    answering: WholeStore | None = None,
    store_limit_seconds: float = 3.0,
) -> AsyncIterator[Api]:
    """The API while inside. `answering` stands in for the store where a test needs a bad one."""
    accounts = of or world(members)
    clock = HandSetClock()
    store = MemoryQueueStore(RunId("edge-1"), MemorySite(), clock)
    for account in accounts.accounts:
        await store.configure(account)
    converter, node, media_site = EchoConverter(), StubbornNode(), MemoryMediaSite()
    rounds = MediaRounds(
        MemoryMediaStore(media_site),
        converter,
        [node],
        accounts.accounts,
        "http://127.0.0.1:1",
        MEDIA_ROOM,
        clock.now_ms,
    )
    door = MediaDoor(rounds, MEDIA_MOST_BYTES)
    held = Api(None, clock, store, [Readiness()], converter, node, media_site, door)  # type: ignore[arg-type]

    def follow_up(account: AccountId, moved: Moved) -> None:
        held.looked.extend(moved.heads)
        held.followed.append(moved)

    app: web.Application = make_app(
        accounts,
        answering or store,
        lambda: held.readiness[-1],
        follow_up,
        now_ms=clock.now_ms,
        store_limit_seconds=store_limit_seconds,
        media_door=door,
    )
    async with TestServer(app, host="127.0.0.1") as server:
        base = str(server.make_url("/"))
        going = asyncio.create_task(rounds.run())
        try:
            async with aiohttp.ClientSession(base) as held.client:
                yield held
        finally:
            going.cancel()
            await asyncio.wait([going])
