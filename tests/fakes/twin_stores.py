"""Memory and Redis side by side: every move is made on both, and must be the same on both."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import redis

from edge.domain.estimate import Prospect
from edge.domain.events import EventName
from edge.domain.ids import AccountId, EntryId, QueueId, RunId, UserId
from edge.domain.matching import HeadEntry, Heads
from edge.domain.settings import Account
from edge.ports.queue_store import Due, Moved, QueueStore
from edge.store.facts import to_history
from edge.store.records import to_agent, to_entry, to_head_entry
from edge.store.redis_queue_store import RedisQueueStore
from tests.fakes.clock import HandSetClock
from tests.fakes.memory_learnt import learnt
from tests.fakes.memory_site import AccountMemory, MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.fakes.redis_server import FAR_AHEAD_MS, RedisServer, now_ms

ASKS_BY_NAME = "*"
WHY: dict[str, str] = {
    EventName.LEG_ENDED: "reason",
    EventName.OPTION_PRESSED: "digit",
    EventName.WEBHOOK_GIVEN_UP: "reason",
}
"""What of an event the memory store says too."""
Word = TypeVar("Word")
Move = Callable[[QueueStore], Awaitable[tuple[Word, Moved]]]


def by_queue(heads: tuple[Heads, ...]) -> list[Heads]:
    return sorted(heads, key=lambda heads: heads.queue)


class TwinStores:
    """One store of each kind for every edge. The clocks stand until `advance`."""

    def __init__(self, server: RedisServer, account: Account, runs: tuple[RunId, ...]) -> None:
        self.account_id = AccountId(account.id)
        self._tag = "{" + account.id + "}"
        self.plain: redis.Redis = server.client()
        self.plain.flushall()
        self.clock = HandSetClock(now_ms() + FAR_AHEAD_MS)
        self.plain.set(f"{self._tag}:clock", self.clock.now_ms())
        self.site = MemorySite()
        self.seed = 1
        self.memories = {
            run: MemoryQueueStore(run, self.site, self.clock, self._seed) for run in runs
        }
        self.redises = {
            run: RedisQueueStore(server.url, run, (account,), self._seed) for run in runs
        }
        self.published: list[tuple[str, dict[str, Any]]] = []
        """Every fact so far, as a reader of the stream has it."""
        self._last_event = "-"
        self._events_seen = 0

    def _seed(self) -> int:
        """The chance of the move that is being made, the same for both."""
        return self.seed

    @property
    def memory(self) -> AccountMemory:
        return self.site.account(self.account_id, self.clock.now_ms())

    async def open(self, account: Account) -> None:
        """Connect all edges now: each writes its configuration as it comes, then all agree."""
        for run, store in self.redises.items():
            await store.agent(self.account_id, UserId("user_nobody"))
            await self.configure(run, account)
        self.compare_all()

    async def close(self) -> None:
        for store in self.redises.values():
            await store.close()
        self.plain.close()

    def advance(self, ms: int) -> None:
        self.clock.advance(ms)
        self.plain.set(f"{self._tag}:clock", self.clock.now_ms())

    async def configure(self, run: RunId, account: Account) -> None:
        in_memory = await self.memories[run].configure(account)
        in_redis = await self.redises[run].configure(account)
        # Redis writes one queue after the other and may find the same queue several times.
        assert {heads.queue for heads in in_memory} <= {heads.queue for heads in in_redis}

    async def move(self, run: RunId, move: Move[Word]) -> tuple[Word, Moved]:
        """Make the move on both, compare word, clock, records and heads."""
        self.seed += 1
        word, moved = await move(self.redises[run])
        expected_word, expected = await move(cast(QueueStore, self.memories[run]))
        assert (word, moved.now_ms) == (expected_word, expected.now_ms)
        # Redis brings every record that the move read, the tables those it is about.
        for entry in moved.entries:
            assert entry == self.memory.entries[entry.id]
        for agent in moved.agents:
            assert agent == self.memory.agent(agent.id)
        assert {entry.id for entry in expected.entries} <= {entry.id for entry in moved.entries}
        assert {agent.id for agent in expected.agents} <= {agent.id for agent in moved.agents}
        assert set(moved.dues) == set(expected.dues)
        assert by_queue(moved.heads) == by_queue(expected.heads)
        self.compare_events()
        return word, moved

    async def look(self, run: RunId, depth: int, queue: Any) -> tuple[Heads, ...]:
        heads = await self.redises[run].look(self.account_id, queue, depth)
        assert heads == await self.memories[run].look(self.account_id, queue, depth)
        return heads

    async def standing(self, run: RunId, entry: EntryId) -> None:
        """Also what Lua made of it, which decides who is turned away."""
        reply = await self._seen(run, "", entry, 0)
        found = await self.memories[run].standing(self.account_id, entry)
        assert await self.redises[run].standing(self.account_id, entry) == found
        assert (reply["word"] == "SEEN") == (found is not None)
        if found is not None:
            self._compare_expected(reply["expected"], found)

    async def prospect(self, run: RunId, queue: QueueId) -> None:
        found = await self.memories[run].prospect(self.account_id, queue)
        assert await self.redises[run].prospect(self.account_id, queue) == found
        reply = await self._seen(run, queue, "", 0)
        self._compare_expected(reply["expected"], found)

    async def _seen(self, run: RunId, *args: str | int) -> dict[str, Any]:
        connection = self.redises[run]._connection
        return await connection.move("standing", self._tag, [run, *args])

    @staticmethod
    def _compare_expected(text: str, found: Prospect) -> None:
        expected = found.expected_seconds
        assert (float(text) if text else None) == expected

    async def due(self, run: RunId) -> list[Due]:
        due = list(await self.redises[run].due(self.account_id))
        assert due == await self.memories[run].due(self.account_id)
        return due

    def compare_events(self) -> None:
        """The facts published since the last comparison: the same, of the same, in order."""
        rows: Any = self.plain.xrange(f"{self._tag}:events", min=self._last_event)
        if rows:
            self._last_event = f"({rows[-1][0]}"
        facts = [(values["event"], json.loads(values["facts"])) for _, values in rows]
        self.published.extend(facts)
        published = [
            (
                event,
                of[WHY[event]] if event in WHY else "",
                of.get("passed_over", 0),
                tuple(map(tuple, of.get("passed", ()))),
            )
            for event, of in facts
        ]
        expected = self.memory.events[self._events_seen :]
        self._events_seen += len(expected)
        assert published == [
            (event.name.value, event.reason, event.passed_over, event.passed) for event in expected
        ]

    def compare_all(self) -> None:
        """Every record, line, ready set and due time that there is, in one round trip."""
        memory, tag = self.memory, self._tag
        entries, agents, queues = list(memory.entries), list(memory.agents), list(memory.queues)
        with self.plain.pipeline(transaction=False) as pipeline:
            for entry in entries:
                pipeline.hgetall(f"{tag}:entry:{entry}")
            for user in agents:
                pipeline.hgetall(f"{tag}:agent:{user}")
            for queue in queues:
                for kind in ("line", "offerable", "ready"):
                    pipeline.zrange(f"{tag}:queue:{queue}:{kind}", 0, -1)
                pipeline.hgetall(f"{tag}:queue:{queue}:heads")
                pipeline.get(f"{tag}:queue:{queue}:learnt")
                pipeline.lrange(f"{tag}:queue:{queue}:errors", 0, -1)
            pipeline.zrange(f"{tag}:due", 0, -1, withscores=True)
            found: list[Any] = pipeline.execute()
        self._compare_outbox()
        answers = iter(found)
        for entry in entries:
            assert to_entry(entry, next(answers)) == memory.entries[entry]
        for user in agents:
            assert to_agent(user, next(answers)) == memory.agents[user]
        for queue in queues:
            assert next(answers) == [entry.id for entry in memory.line(queue)]
            assert next(answers) == [entry.id for entry in memory.offerable(queue)]
            ready = next(answers)
            assert ready == sorted(memory.queues[queue].ready.values()), ready
            self._compare_kept(next(answers), memory.offerable(queue))
            text, errors = next(answers) or "", tuple(map(float, next(answers)))
            assert to_history(text, errors) == learnt(memory, queue)
        assert dict(next(answers)) == memory.dues

    def _compare_kept(self, kept: dict[str, str], offerable: list[HeadEntry]) -> None:
        """What is kept of the entries near the head is as they are, and of no other entry."""
        heads = {head.id: head for head in offerable}
        assert kept.keys() <= heads.keys(), "of an entry that nobody is offered"
        for entry, text in kept.items():
            known = self.memory.entries[EntryId(entry)]
            asks = bool(known.preferred or known.sticky)
            assert asks == (text == ASKS_BY_NAME)
            assert asks or to_head_entry(text) == heads[EntryId(entry)]

    def _compare_outbox(self) -> None:
        """The webhooks on their way, in whose hands, until when; and those given up."""
        rows = self.memory.outbox.rows
        due: Any = self.plain.zrange(f"{self._tag}:outbox", 0, -1, withscores=True)
        assert dict(due) == {webhook: row.until_ms for webhook, row in rows.items()}
        for webhook, row in rows.items():
            kept: Any = self.plain.hgetall(f"{self._tag}:outbox:{webhook}")
            found = (kept["url"], kept["secret_ref"] or None, kept["body"], kept.get("holder"))
            of = row.webhook
            assert found == (of.url, of.secret_ref, of.body, row.holder)
            assert int(kept["attempts"]) == row.attempts
            assert int(kept["written_at"]) == row.written_at_ms
            assert (kept["leg"], kept["caller"]) == (row.leg, row.caller)
        for sender in {sender for row in rows.values() for sender in (row.leg, row.caller)}:
            of_sender = {id for id, row in rows.items() if sender in (row.leg, row.caller)}
            assert self.plain.smembers(f"{self._tag}:pending:{sender}") == of_sender
