"""One edge on the fakes: the real journey and desk, put together as the service does it."""

import asyncio
from collections.abc import Sequence

from edge.desk import DESK
from edge.domain.ids import EndpointName, RunId
from edge.domain.routing import Directory
from edge.domain.settings import Webhooks, World
from edge.journey.deadlines import Deadlines, home_edge
from edge.journey.floor import Floor
from edge.journey.lease import Lease
from edge.journey.matcher import Matcher
from edge.journey.reception import Reception, may_claim
from edge.journey.reconcile import NodeFollower
from edge.ports.phone_system import Arrival
from edge.webhooks import Delivery
from tests.fakes.clock import LoopClock
from tests.fakes.memory_site import MemorySite
from tests.fakes.memory_store import MemoryQueueStore
from tests.fakes.phone_system import FakePhoneSystem
from tests.fakes.receiver import FakeReceiver
from tests.fakes.slow_store import SlowStore
from tests.fakes.switchboard import Switchboard

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
                self._hold_lease(),
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
        self.lease = Lease(
            self.floor, self.reception, self.matcher, self.deadlines, [self._reconciled]
        )

    async def _hold_lease(self) -> None:
        await self.lease.run()
        self.lost_lease = True
