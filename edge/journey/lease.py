"""One edge among others: it beats, takes over from those that died, and begins to match."""

import asyncio
import contextlib
from collections.abc import Collection

import structlog

from edge.domain.ids import QueueId, RunId
from edge.domain.matching import DEPTHS, Heads
from edge.journey.deadlines import BEAT_SECONDS, Deadlines
from edge.journey.floor import Floor
from edge.journey.matcher import Matcher
from edge.journey.reception import Reception
from edge.journey.takeover import take_over
from edge.ports.phone_system import NodeFault
from edge.ports.queue_store import BeatWord

log = structlog.get_logger()

FIRST_MATCH_AFTER_SECONDS = 1.5
"""Callers whom the dialplan holds try again each second: all are in line before the first match."""


class Lease:
    """`reconciled` has an event a node, set while it is connected and was compared with what we
    know: only then does this edge take over."""

    def __init__(
        self,
        floor: Floor,
        reception: Reception,
        matcher: Matcher,
        deadlines: Deadlines,
        reconciled: Collection[asyncio.Event],
    ) -> None:
        self._floor = floor
        self._reception = reception
        self._matcher = matcher
        self._deadlines = deadlines
        self._reconciled = reconciled
        self._nobody_dead = asyncio.Event()
        """Set once a beat found no dead edge whose calls nobody has."""
        self._taking_over: set[RunId] = set()
        self.has_begun = False
        """It was given to us once."""

    async def run(self) -> None:
        """Until it is lost: others have our calls then."""
        async with asyncio.TaskGroup() as tasks:
            others = [
                tasks.create_task(self._answer_summons()),
                tasks.create_task(self._begin_to_match()),
            ]
            is_reconciled = self._is_reconciled
            while await self._beats(tasks, is_reconciled):
                await self._until_next_beat(is_reconciled)
                is_reconciled = self._is_reconciled
            for other in others:
                other.cancel()

    async def _beats(self, tasks: asyncio.TaskGroup, is_reconciled: bool) -> bool:
        word, edges = await self._floor.store.beat(takes_over=is_reconciled)
        if word is BeatWord.LEASE_LOST:
            return False
        self._deadlines.see(edges)
        self.has_begun = True
        if not edges.dead:
            self._nobody_dead.set()
        for dead in edges.to_take - self._taking_over:
            self._taking_over.add(dead)
            tasks.create_task(self._take_over(dead), name=f"take over {dead}")
        return True

    @property
    def _is_reconciled(self) -> bool:
        return all(event.is_set() for event in self._reconciled)

    async def _until_next_beat(self, was_reconciled: bool) -> None:
        """A beat later, or at once when this edge may now take over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT_SECONDS):
                if was_reconciled:
                    await asyncio.sleep(BEAT_SECONDS)
                for event in self._reconciled:
                    await event.wait()

    async def _take_over(self, dead: RunId) -> None:
        door = self._reception
        try:
            await take_over(self._floor, dead, door.resume, door.arrived, door.stay_on)
        except NodeFault as fault:
            # The next beat tries again.
            log.warning("takeover_broken_off", dead=dead, reason=str(fault))
        finally:
            self._taking_over.discard(dead)

    async def _answer_summons(self) -> None:
        while True:
            summons = await self._floor.store.summons()
            if summons is None:
                await self._reception.heard_nothing()
            else:
                await self._reception.summoned(summons.account, summons.entry)

    async def _begin_to_match(self) -> None:
        for event in self._reconciled:
            await event.wait()
        # Whether other edges live is known only when their leases have had time to end.
        await asyncio.sleep(FIRST_MATCH_AFTER_SECONDS)
        await self._nobody_dead.wait()
        heads: list[Heads] = []
        for account in self._floor.directory.accounts:
            for queue in self._floor.directory.account(account).queues:
                heads += await self._floor.store.look(account, QueueId(queue.id), DEPTHS[0])
        self._matcher.open(heads)
        log.info("matching_begins", run=self._floor.store.run)
