"""One account on a queue store of either kind, with three edges, and the clock in our hand."""

from collections.abc import Callable
from typing import Any, Protocol

import redis

from edge.domain.agent import Agent, PresenceChange
from edge.domain.entry import Entry
from edge.domain.ids import EntryId, LegId, QueueId, RunId, UserId, new_leg_id
from edge.domain.matching import Heads, decide
from edge.ports.outbox import Outbox
from edge.ports.queue_store import ClaimWord, FireWord, JoinWord, Moved, QueueStore
from edge.store.keys import KEYS, summons_channel
from edge.store.redis_queue_store import RedisQueueStore, seed_of_chance
from tests.fakes.clock import HandSetClock
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.fakes.redis_server import FAR_AHEAD_MS, RedisServer, now_ms
from tests.fakes.world import ACCOUNT_ID, ALPHA, EDGES, ONE, account, joining


class StoreBench(Protocol):
    """What the contract tests need of either kind."""

    clock: HandSetClock

    def store(self, run: RunId = ONE) -> QueueStore: ...

    def outbox(self, run: RunId = ONE) -> Outbox:
        """The same store, as the delivery of webhooks sees it."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def advance(self, ms: int) -> None: ...

    def check_keys(self) -> None: ...

    def is_listening(self, run: RunId) -> bool:
        """Whether a summons of this edge would be heard now."""


class MemoryBench:
    def __init__(self, chance: Callable[[], int] = seed_of_chance) -> None:
        self.clock = HandSetClock()
        site = MemorySite()
        self._stores = {run: MemoryQueueStore(run, site, self.clock, chance) for run in EDGES}

    def store(self, run: RunId = ONE) -> QueueStore:
        return self._stores[run]

    def outbox(self, run: RunId = ONE) -> Outbox:
        return self._stores[run]

    async def open(self) -> None:
        await self.store().configure(account())

    async def close(self) -> None:
        """Nothing to close."""

    def advance(self, ms: int) -> None:
        self.clock.advance(ms)

    def check_keys(self) -> None:
        """Memory has no keys."""

    def is_listening(self, run: RunId) -> bool:
        return True


class RedisBench:
    """The account's clock is set a day ahead: it stands until the test moves it."""

    def __init__(self, server: RedisServer, chance: Callable[[], int] = seed_of_chance) -> None:
        self.clock = HandSetClock(now_ms() + FAR_AHEAD_MS)
        self.plain: redis.Redis = server.client()
        self._stores = {
            run: RedisQueueStore(server.url, run, (account(),), chance) for run in EDGES
        }

    def store(self, run: RunId = ONE) -> QueueStore:
        return self._stores[run]

    def outbox(self, run: RunId = ONE) -> Outbox:
        return self._stores[run]

    async def open(self) -> None:
        self.plain.flushall()
        self.advance(0)
        for store in self._stores.values():
            await store.configure(account())

    async def close(self) -> None:
        for store in self._stores.values():
            await store.close()
        self.plain.close()

    def advance(self, ms: int) -> None:
        self.clock.advance(ms)
        self.plain.set(f"{{{ACCOUNT_ID}}}:clock", self.clock.now_ms())

    def check_keys(self) -> None:
        check_keys(self.plain)

    def is_listening(self, run: RunId) -> bool:
        channels: Any = self.plain.pubsub_channels()
        return summons_channel(run) in channels


def check_keys(plain: redis.Redis) -> None:
    """Every key is one of the key table, of its type, and expires where the table says so."""
    found: Any = plain.keys("*")
    for key in found:
        kinds = [kind for kind in KEYS if matches(kind.pattern, key)]
        assert kinds, f"not in the key table: {key}"
        kind = max(kinds, key=lambda kind: len(kind.pattern))
        assert plain.type(key) == kind.type, key
        if kind.lifetime == "an hour after it ended":
            has_ended = plain.hget(key, "stage") == "ended"
            assert (plain.ttl(key) != -1) == has_ended, f"{key} ended: {has_ended}"
        elif kind.lifetime.endswith(("a day", "ten minutes", "an hour", "30 days")):
            assert plain.ttl(key) != -1, f"no lifetime: {key}"


def matches(pattern: str, key: str) -> bool:
    """Whether the key is of that pattern; `<x>` and `{account}` stand for one part each."""
    parts, wanted = key.split(":"), pattern.split(":")
    return len(parts) == len(wanted) and all(
        want.startswith("<") or want == part or (want == "{account}" and part[0] == "{")
        for want, part in zip(wanted, parts, strict=True)
    )


async def log_in(store: QueueStore, *users: UserId) -> None:
    for user in users:
        await store.change_presence(ACCOUNT_ID, user, PresenceChange.AVAILABLE)


async def join(store: QueueStore, queue: QueueId = ALPHA, priority: int = 0) -> Entry:
    word, moved = await store.join(ACCOUNT_ID, joining(queue, priority=priority))
    assert word is JoinWord.JOINED
    return moved.entry


async def look(store: QueueStore, queue: QueueId = ALPHA) -> Heads:
    (heads,) = await store.look(ACCOUNT_ID, queue, 8)
    return heads


async def claim(store: QueueStore, queue: QueueId = ALPHA) -> tuple[Moved, LegId]:
    """Claim what is possible now. Raises AssertionError where nothing is."""
    match = decide(await look(store, queue))
    assert match is not None, "nobody may be served"
    leg = new_leg_id()
    word, moved = await store.claim(ACCOUNT_ID, queue, match, [leg])
    assert word is ClaimWord.CLAIMED
    return moved, leg


async def talk(store: QueueStore, queue: QueueId = ALPHA) -> tuple[Agent, Entry]:
    """Claim, ring, accept and connect: a conversation stands."""
    moved, leg = await claim(store, queue)
    await store.leg_dialled(ACCOUNT_ID, moved.agent.id, leg, 20)
    _, moved = await store.accept(ACCOUNT_ID, moved.agent.id, leg)
    agent = moved.agent
    _, moved = await store.connect(ACCOUNT_ID, moved.entry.id)
    return agent, moved.entry


async def fire_all(store: QueueStore, alive: frozenset[RunId] = frozenset(EDGES)) -> list[str]:
    """Fire what is due now; returns what fired."""
    fired = []
    for due in await store.due(ACCOUNT_ID):
        word, _ = await store.fire(due, alive)
        if word is FireWord.FIRED:
            fired.append(due.what)
    return fired


async def line(store: QueueStore, queue: QueueId = ALPHA) -> list[EntryId]:
    return [entry.id for entry in await store.line(ACCOUNT_ID, queue)]
