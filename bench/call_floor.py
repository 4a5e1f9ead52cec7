"""A call floor of any size on a real store: its queues, its ready agents, its waiting callers.

Queues come in blocks; an agent is a member of every queue of one block. So agents in one queue
have blocks of one, and what one block does touches no other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from edge.domain.agent import PresenceChange
from edge.domain.entry import Joining
from edge.domain.ids import (
    AccountId,
    EndpointName,
    EntryId,
    LegId,
    NodeId,
    QueueId,
    RunId,
    UserId,
    new_entry_id,
    new_leg_id,
)
from edge.domain.matching import Heads, decide
from edge.domain.settings import Account, Member, Queue, User
from edge.ports.queue_store import AcceptWord, ClaimWord, CompleteWord, JoinWord, Moved
from edge.store import RedisQueueStore

ACCOUNT = AccountId("acct_bench")
RUN = RunId(f"edge-bench{'0' * 21}")
FILL_TASKS = 16
JUST_NOW_MS = 2**41
"""Arrival "in the future" is now, whatever the clock says."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`agents` are configured; `queues` is a multiple of `queues_each`."""

    queues: int
    queues_each: int
    agents: int
    legs: int = 1
    """How many phones ring for a caller."""

    @property
    def blocks(self) -> int:
        return self.queues // self.queues_each

    def block_of(self, agent: int) -> int:
        return agent % self.blocks

    def queues_of(self, block: int) -> range:
        return range(block * self.queues_each, (block + 1) * self.queues_each)


def queue_named(number: int) -> QueueId:
    return QueueId(f"qu_{number:026d}")


def user_named(number: int) -> UserId:
    return UserId(f"user_{number:026d}")


def account_of(layout: Layout) -> Account:
    """No wrap-up: who is done is ready. Ids are as long as those made by the API."""
    users = tuple(
        User(id=user_named(n), name=f"agent {n}", extension=f"{10_000 + n}", sip=f"{10_000 + n}")
        for n in range(layout.agents)
    )
    members: dict[int, list[Member]] = {queue: [] for queue in range(layout.queues)}
    for agent in range(layout.agents):
        for queue in layout.queues_of(layout.block_of(agent)):
            name = f"qum_{agent * layout.queues + queue:026d}"
            members[queue].append(
                Member(id=name, user_id=user_named(agent), position=len(members[queue]))
            )
    queues = tuple(
        Queue(
            id=queue_named(n),
            name=f"queue {n}",
            extension=f"{20_000 + n}",
            strategy="leastrecent" if layout.legs == 1 else "ringall",
            ring_max=layout.legs,
            members=tuple(members[n]),
        )
        for n in range(layout.queues)
    )
    return Account(id=ACCOUNT, name="Bench", users=users, queues=queues)


def caller_of(queue: QueueId) -> Joining:
    return Joining(
        entry=new_entry_id(),
        queue=queue,
        leg=new_leg_id(),
        node=NodeId("node1"),
        endpoint=EndpointName("carrier"),
        dialled="12025550100",
        inside=False,
        caller_number="12025550111",
        caller_name="A caller",
        arrived_at_ms=JUST_NOW_MS,
    )


class CallFloor:
    """Agents 0 … ready − 1 are logged in; entries wait in all queues alike."""

    def __init__(self, url: str, layout: Layout) -> None:
        self.layout = layout
        self.store = RedisQueueStore(url, RUN, (account_of(layout),))
        self.ready = 0
        self.waiting = 0
        self.retries = 0
        self._newest: dict[QueueId, Heads] = {}
        self._matching = asyncio.Lock()

    async def open(self) -> None:
        """Connect, which writes the configuration."""
        await self.store.beat()

    async def close(self) -> None:
        await self.store.close()

    @property
    def served(self) -> int:
        """Blocks that have an agent."""
        return min(self.ready, self.layout.blocks)

    async def staff(self, ready: int) -> None:
        """Log agents in or out until so many are ready."""
        change = PresenceChange.AVAILABLE if ready > self.ready else PresenceChange.LOGGED_OUT
        first, last = sorted((ready, self.ready))

        async def change_one(agent: int) -> None:
            await self.store.change_presence(ACCOUNT, user_named(agent), change)

        await in_parallel(change_one, range(first, last))
        self.ready = ready

    async def fill(self, waiting: int) -> None:
        """Callers join until so many wait."""

        async def one(number: int) -> None:
            await self.join(queue_named(number % self.layout.queues))

        await in_parallel(one, range(self.waiting, waiting))
        self.waiting = waiting

    def queue_of_turn(self, turn: int) -> QueueId:
        """The blocks one after the other, in each its queues one after the other."""
        lap, block = divmod(turn, self.served)
        return self.queue_of_block(block, lap)

    def queue_of_block(self, block: int, turn: int) -> QueueId:
        return queue_named(self.layout.queues_of(block)[turn % self.layout.queues_each])

    async def join(self, queue: QueueId) -> None:
        word, moved = await self.store.join(ACCOUNT, caller_of(queue))
        assert word is JoinWord.JOINED
        self._note(moved)

    async def look(self, queue: QueueId) -> None:
        for heads in await self.store.look(ACCOUNT, queue, 8):
            self._newest[heads.queue] = heads

    async def claim(self, queue: QueueId) -> tuple[UserId, LegId, EntryId]:
        """Match and claim; one at a time in an account, as the matcher does. Again where the heads
        were out of date."""
        async with self._matching:
            while True:
                if queue not in self._newest:
                    await self.look(queue)
                match = decide(self._newest.pop(queue))
                assert match is not None, "nobody may be served"
                legs = [new_leg_id() for _ in match.agents]
                word, moved = await self.store.claim(ACCOUNT, queue, match, legs)
                self._note(moved)
                if word is ClaimWord.CLAIMED:
                    return match.agents[0], legs[0], match.entry.id
                self.retries += 1

    async def accept(self, user: UserId, leg: LegId) -> None:
        word, moved = await self.store.accept(ACCOUNT, user, leg)
        assert word is AcceptWord.ACCEPTED
        self._note(moved)

    async def complete(self, entry: EntryId) -> None:
        word, moved = await self.store.complete(ACCOUNT, entry)
        assert word is CompleteWord.COMPLETED
        self._note(moved)

    async def cycle(self, queue: QueueId) -> None:
        """A caller joins; who is first in line is offered, answered, and done."""
        await self.join(queue)
        user, leg, entry = await self.claim(queue)
        await self.accept(user, leg)
        await self.complete(entry)

    def _note(self, moved: Moved) -> None:
        for heads in moved.heads:
            # Heads of depth 0 only name an agent who became ready.
            if heads.depth:
                self._newest[heads.queue] = heads


async def in_parallel(do: Callable[[int], Awaitable[None]], numbers: Iterable[int]) -> None:
    """Do it for each number, some at a time."""
    left = iter(numbers)

    async def worker() -> None:
        for number in left:
            await do(number)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(FILL_TASKS):
            tasks.create_task(worker())
