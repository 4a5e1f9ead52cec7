"""What happens later. The truth is a due time in the store; here are the timers that are on time.

The edge that wrote a due time sets a timer for it; the account's home edge sweeps each second for
those whose edge is gone. Firing is one move that removes the due time, so it fires once.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Sequence

import structlog

from edge.domain.ids import AccountId, RunId
from edge.journey.floor import Floor
from edge.ports.clock import Clock
from edge.ports.queue_store import Due, FireWord, LivingEdges, Moved, QueueStore

log = structlog.get_logger()

SWEEP_SECONDS = 1.0
CLOCKS_DIFFER_MS = 3
CHUNKED = "rerank:"
LOOK = "queue:"
LOOKS_A_SWEEP = 64
"""Each brings some hundred that are due."""
BEAT_SECONDS = 0.5
HEARD_FOR_MS = 1_500
"""Each edge beats twice a second, and learns at its own beat when the others last did: of one that
lives, what is known is at most two beats old, and half a second is left for a busy machine. With
one beat a second an edge counted as silent for a part of each, and who looked in that part of every
second never served its callers. One not heard of for longer may be dead, though its lease still
runs: what its legs wait for is left to it or to the takeover."""


def home_edge(account: AccountId, alive: Iterable[RunId]) -> RunId | None:
    """The living edge that sweeps this account: rendezvous hash, the same on every edge."""

    def weight(run: RunId) -> bytes:
        return hashlib.sha256(f"{account} {run}".encode()).digest()

    return max(alive, key=weight, default=None)


class Deadlines:
    """Timers of this edge and the sweep of its accounts."""

    floor: Floor
    """Set by the composition root, before `run`."""

    def __init__(
        self,
        store: QueueStore,
        clock: Clock,
        accounts: Iterable[AccountId],
    ) -> None:
        self._store = store
        self._clock = clock
        self._accounts = tuple(accounts)
        self._timers: dict[tuple[AccountId, str], tuple[int, asyncio.Task[None]]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._heard_until_ms: dict[RunId, int] = {}
        self._dead: frozenset[RunId] = frozenset()

    def see(self, edges: LivingEdges) -> None:
        """What the last beat told of the edges."""
        heard_ms = self._clock.now_ms() + HEARD_FOR_MS
        self._dead = edges.dead
        self._heard_until_ms = {run: heard_ms - edges.silent_ms.get(run, 0) for run in edges.alive}

    @property
    def alive(self) -> frozenset[RunId]:
        """This edge, and those that were heard of just now."""
        now_ms = self._clock.now_ms()
        heard = {run for run, until_ms in self._heard_until_ms.items() if until_ms > now_ms}
        return frozenset(heard | {self._store.run})

    def is_silent(self, run: RunId) -> bool:
        """Dead, or probably so. A run that no beat has told of yet is new, not silent."""
        until_ms = self._heard_until_ms.get(run)
        return run in self._dead or (until_ms is not None and run not in self.alive)

    def note(self, account: AccountId, moved: Moved) -> None:
        """Set, move or take away the timers of the records that a move changed."""
        for agent in moved.agents:
            self._set(Due(account, f"agent:{agent.id}", agent.due_at_ms), moved.now_ms)
        for entry in moved.entries:
            if entry.owner == self._store.run:
                self._set(Due(account, f"entry:{entry.id}", entry.due_at_ms), moved.now_ms)
        for due in moved.dues:
            self._set(due, moved.now_ms)

    def _set(self, due: Due, now_ms: int) -> None:
        name = (due.account, due.what)
        known = self._timers.get(name)
        if known and known[0] == due.at_ms:
            return
        if known:
            known[1].cancel()
            del self._timers[name]
        if due.at_ms and self._tasks is not None:
            delay = max(0, due.at_ms - now_ms + CLOCKS_DIFFER_MS) / 1000
            task = self._tasks.create_task(self._wait(due, delay), name=f"due {due.what}")
            self._timers[name] = (due.at_ms, task)

    async def _wait(self, due: Due, delay: float) -> None:
        await self._clock.sleep(delay)
        # Out of the table first: the fire's own answer may set the next timer of this name.
        del self._timers[due.account, due.what]
        await self._fire(due)

    async def _fire(self, due: Due) -> FireWord:
        word, moved = await self._store.fire(due, self.alive)
        if word is FireWord.FIRED:
            log.debug("due_fired", account=due.account, due=due.what)
            self.floor.follow_up(due.account, moved)
            for entry in moved.entries:
                conductor = self.floor.conductors.get(entry.id)
                if conductor is not None:
                    conductor.see(entry)
        else:
            # Another edge was faster, and its word of it may have been lost.
            self.floor.tell_ends(moved)
        return word

    async def run(self) -> None:
        """Sweep for as long as the edge runs; timers live as long as this does."""
        async with asyncio.TaskGroup() as self._tasks:
            while True:
                await self._clock.sleep(SWEEP_SECONDS)
                await self.sweep()

    async def sweep(self) -> None:
        """Fire what is due in the accounts whose home edge this is."""
        alive = self.alive
        for account in self._accounts:
            if home_edge(account, alive) != self._store.run:
                continue
            left = 0
            for _ in range(LOOKS_A_SWEEP):
                dues = await self._store.due(account, left)
                if not dues:
                    break
                left += len(dues) - await self._fire_each(dues)

    async def _fire_each(self, dues: Sequence[Due]) -> int:
        """Fire them; how many have fired. The others are due still: their owners are silent."""
        fired = await self._look_again([due for due in dues if due.what.startswith(LOOK)])
        for due in dues:
            if due.what.startswith(LOOK):
                continue
            has_fired = word = await self._fire(due)
            # A window of calls ends in chunks of agents: the next one is due at once.
            while word is FireWord.FIRED and due.what.startswith(CHUNKED):
                word = await self._fire(due)
            fired += has_fired is FireWord.FIRED
        return fired

    async def _look_again(self, dues: Iterable[Due]) -> int:
        """Look at all queues before any of them is served: they may share their agents, and the
        most urgent is to come first."""
        answers = [(due, *await self._store.fire(due, self.alive)) for due in dues]
        fired = [(due, moved) for due, word, moved in answers if word is FireWord.FIRED]
        for due, moved in fired:
            self.floor.follow_up(due.account, moved)
        return len(fired)
