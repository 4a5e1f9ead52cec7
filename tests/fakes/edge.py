"""One edge on the fakes: the real journey and desk, put together as the service does it."""

import asyncio
from collections.abc import Sequence

from edge.desk import DESK
from edge.domain.ids import AccountId, EndpointName, QueueId, RunId
from edge.domain.matching import DEPTHS, Heads
from edge.domain.routing import Directory
from edge.domain.settings import Webhooks, World
from edge.journey.deadlines import BEAT_SECONDS, Deadlines, home_edge
from edge.journey.floor import Floor
from edge.journey.matcher import Matcher
from edge.journey.reception import Reception, may_claim
from edge.journey.reconcile import NodeFollower
from edge.journey.takeover import take_over
from edge.ports.phone_system import Arrival, NodeFault
from edge.ports.queue_store import BeatWord
from edge.webhooks import Delivery
from tests.fakes.clock import LoopClock
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.fakes.phone_system import FakePhoneSystem
from tests.fakes.receiver import FakeReceiver
from tests.fakes.slow_store import SlowStore
from tests.fakes.switchboard import Switchboard

FIRST_MATCH_AFTER_SECONDS = 1.5
ARRIVED_SECONDS = 0.01
"""What was on its way to node and store when the edge ended has arrived by then."""
CARRIER = EndpointName("carrier")


class FakePrompts:
    """Every prompt has one sound of its own name."""

    def sounds(self, prompt_id: str, language: str) -> Sequence[str]:
        return [f"{language}/{prompt_id}"]


class FakeEdge:
    """One run of one edge. `start` returns at once; `kill` is kill -9, `stop` is an orderly end."""

    def __init__(
        self,
        run: RunId,
        board: Switchboard,
        site: MemorySite,
        clock: LoopClock,
        world: World,
        receiver: FakeReceiver,
    ) -> None:
        self.run = run
        self.receiver = receiver
        self.phone = FakePhoneSystem(run, board, self._may_claim)
        self.slow = SlowStore(MemoryQueueStore(run, site, clock))
        self.store = self.slow.as_store
        self.directory = Directory(world)
        self._world = world
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._is_killed = False
        self._reconciled = asyncio.Event()
        self._nobody_dead = asyncio.Event()
        self._taking_over: set[RunId] = set()
        self.lost_lease = False

    def _may_claim(self, arrival: Arrival) -> bool:
        route = self.directory.route(arrival.endpoint, arrival.dialled, arrival.inside)
        is_ours = (
            self.directory.user_of(arrival.endpoint) is not None
            if arrival.inside
            else arrival.endpoint == CARRIER
        )
        return may_claim(route, is_ours)

    # --- life

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name=self.run)

    async def stop(self) -> None:
        """Cancel everything, as a SIGTERM does: calls stay where they are."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.phone.close()
        await asyncio.sleep(ARRIVED_SECONDS)
        self._check_faults()

    async def kill(self) -> None:
        """From this moment on nothing of this edge reaches the node or the store."""
        assert self._task is not None
        self._is_killed = True
        self.phone.kill()
        self.slow.kill()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.sleep(ARRIVED_SECONDS)

    def _check_faults(self) -> None:
        """An edge that fell over before it was stopped says why; a killed one has its reason."""
        if self._is_killed:
            return
        if self._task is not None and self._task.done() and not self._task.cancelled():
            fault = self._task.exception()
            if fault is not None:
                raise fault

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as work:
            self._put_together(work)
            for task in (
                NodeFollower(
                    self.floor, self.phone, self.reception.arrived, self._reconciled
                ).run(),
                self.matcher.run(),
                self.deadlines.run(),
                self.delivery.run(),
                self._beat(),
                self._answer_summons(),
                self._begin_to_match(),
            ):
                work.create_task(task)
            for account in self._world.accounts:
                await self.store.configure(account)
            self.phone.open()

    def _put_together(self, work: asyncio.TaskGroup) -> None:
        self.matcher = Matcher(self.store)
        self.deadlines = Deadlines(self.store, self._clock, self.directory.accounts)
        self.floor = Floor(
            phones={self.phone.node: self.phone},
            store=self.store,
            directory=self.directory,
            prompts=FakePrompts(),
            clock=self._clock,
            tasks=work,
            matching=self.matcher,
            timing=self.deadlines,
            trunk=CARRIER,
        )
        self.matcher.floor = self.floor
        self.deadlines.floor = self.floor
        self.reception = Reception(self.floor, DESK)
        self.delivery = Delivery(
            self.slow.as_outbox,
            self.receiver,
            self._clock,
            Webhooks(),
            self.directory.accounts,
            lambda account: home_edge(account, self.deadlines.alive) == self.run,
        )

    # --- the tasks of a run, as in the service

    async def _beat(self) -> None:
        while True:
            word, edges = await self.store.beat(takes_over=self._reconciled.is_set())
            if word is BeatWord.LEASE_LOST:
                self.lost_lease = True
                return
            self.deadlines.see(edges)
            if not edges.dead:
                self._nobody_dead.set()
            for dead in edges.to_take - self._taking_over:
                self._taking_over.add(dead)
                self.floor.tasks.create_task(self._take_over(dead), name=f"take over {dead}")
            await self._clock.sleep(BEAT_SECONDS)

    async def _take_over(self, dead: RunId) -> None:
        door = self.reception
        try:
            await take_over(self.floor, dead, door.resume, door.arrived, door.stay_on)
        except NodeFault:
            pass  # the next beat tries again
        finally:
            self._taking_over.discard(dead)

    async def _answer_summons(self) -> None:
        while True:
            summons = await self.store.summons()
            if summons is None:
                await self.reception.heard_nothing()
            else:
                await self.reception.summoned(summons.account, summons.entry)

    async def _begin_to_match(self) -> None:
        await self._reconciled.wait()
        await self._clock.sleep(FIRST_MATCH_AFTER_SECONDS)
        await self._nobody_dead.wait()
        heads: list[Heads] = []
        for account in self._world.accounts:
            for queue in account.queues:
                heads += await self.store.look(AccountId(account.id), QueueId(queue.id), DEPTHS[0])
        self.matcher.open(heads)
