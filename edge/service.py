"""The composition root: the only file that knows every adapter. Start, run, stop.

One run is one id: the edge's ARI application, its lease and its fence. A run that lost its lease
ends (others have its calls) and the process goes on as a new run; so does a run that failed.
Stopping leaves every call where it is, with its music, for the edge that takes over.
"""

import asyncio
import gc
import signal
import time
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Any, Never

import structlog

from edge.ari.phone_system import AriPhoneSystem, AriSettings
from edge.desk import DESK
from edge.domain.ids import AccountId, EndpointName, NodeId, RunId, new_run_id
from edge.domain.routing import Directory
from edge.domain.settings import Site, World
from edge.journey.deadlines import Deadlines, home_edge
from edge.journey.floor import Floor
from edge.journey.lease import Lease
from edge.journey.matcher import Matcher
from edge.journey.reception import Reception, may_claim
from edge.journey.reconcile import NodeFollower
from edge.media import MediaRounds
from edge.ports.phone_system import Arrival
from edge.ports.queue_store import Moved
from edge.prompts.converter import FfmpegConverter
from edge.prompts.library import PACKAGED, PromptLibrary
from edge.store import RedisMediaStore, RedisQueueStore
from edge.telemetry.loop_lag import LoopLag
from edge.web import MediaDoor, Missing, PortTaken, Readiness, make_app, serving
from edge.webhooks import Delivery, HttpPost

log = structlog.get_logger()

RUN_AGAIN_SECONDS = 1.0
RETIRE_SECONDS = 1.0
MEGABYTE = 1_000_000


class RunEnd(StrEnum):
    STOPPED = "stopped"
    LEASE_LOST = "lease_lost"
    FAILED = "failed"


class WallClock:
    """Real time."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Over(Exception):
    """Ends the tasks of a run."""


async def serve(site: Site, world: World) -> None:
    """Run one edge until SIGTERM or SIGINT. Raises PortTaken when HTTP cannot listen."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    while not stop.is_set():
        run = EdgeRun(site, world, stop)
        end = await run.run()
        log.info("run_ended", run=run.id, end=end.value)
        if end is RunEnd.FAILED:
            await asyncio.sleep(RUN_AGAIN_SECONDS)


class EdgeRun:
    """One run of one edge, put together and taken apart."""

    def __init__(self, site: Site, world: World, stop: asyncio.Event) -> None:
        self.id: RunId = new_run_id()
        self._site = site
        self._world = world
        self._stop = stop
        self._lag = LoopLag()
        self._directory = Directory(world)
        self._store = RedisQueueStore(site.redis.url, self.id, world.accounts)
        self._post = HttpPost(world.accounts, site.webhooks)
        self._phones: dict[NodeId, AriPhoneSystem] = {
            NodeId(node.id): AriPhoneSystem(
                AriSettings(
                    node=NodeId(node.id),
                    run=self.id,
                    url=node.url.rstrip("/").removesuffix("/ari") + "/ari",
                    user=node.user,
                    password=node.password,
                    may_claim=self._may_claim,
                    sip_domain=node.own_domain,
                )
            )
            for node in site.nodes
        }
        self._media_store = RedisMediaStore(site.redis.url)
        self._media = MediaRounds(
            self._media_store,
            FfmpegConverter(site.media.most_seconds),
            [phone.media for phone in self._phones.values()],
            world.accounts,
            site.media_url,
            site.media.account_megabytes * MEGABYTE,
        )
        self._reconciled: dict[NodeId, asyncio.Event] = {
            node: asyncio.Event() for node in self._phones
        }
        self._lease: Lease | None = None

    # --- life of a run

    async def run(self) -> RunEnd:
        """Until it is stopped, has lost its lease or has failed. Raises PortTaken."""
        end = RunEnd.FAILED
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._serve(tasks)
        except* _Over:
            end = RunEnd.STOPPED if self._stop.is_set() else RunEnd.LEASE_LOST
        except* PortTaken as taken:
            raise taken.exceptions[0] from None
        except* Exception:
            log.exception("run_failed", run=self.id)
        finally:
            await self._retire()
            await self._post.close()
            await self._store.close()
            await self._media_store.close()
            log.info("loop_lag", **self._lag.summary())
        return end

    async def _retire(self) -> None:
        """Nothing of ours runs any more: the next edge need not wait for the end of our lease."""
        if not self._has_lease:
            return
        try:
            async with asyncio.timeout(RETIRE_SECONDS):
                await self._store.retire()
        except TimeoutError:
            log.info("lease_not_given_back", run=self.id)

    async def _serve(self, tasks: asyncio.TaskGroup) -> Never:
        conductors = asyncio.TaskGroup()
        async with conductors:
            self._lease = self._put_together(conductors)
            leased = tasks.create_task(self._lease.run())
            for work in self._work():
                tasks.create_task(work)
            app = make_app(
                self._world,
                self._store,
                self._readiness,
                self._follow_up,
                media_door=MediaDoor(self._media, self._site.media.most_megabytes * MEGABYTE),
            )
            async with serving(app, self._site.http):
                log.info("run_started", run=self.id)
                gc.collect()
                gc.freeze()
                stopped = asyncio.create_task(self._stop.wait())
                try:
                    await asyncio.wait([stopped, leased], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    stopped.cancel()
            raise _Over

    def _put_together(self, conductors: asyncio.TaskGroup) -> Lease:
        clock = WallClock()
        self._matcher = Matcher(self._store)
        self._deadlines = Deadlines(self._store, clock, self._directory.accounts)
        self._floor = Floor(
            phones=self._phones,
            store=self._store,
            directory=self._directory,
            prompts=PromptLibrary([*map(Path, self._site.prompts.folders), PACKAGED]),
            clock=clock,
            tasks=conductors,
            matching=self._matcher,
            timing=self._deadlines,
            trunk=EndpointName(self._site.trunks[0]) if self._site.trunks else None,
        )
        self._matcher.floor = self._floor
        self._deadlines.floor = self._floor
        self._reception = Reception(self._floor, DESK)
        self._delivery = Delivery(
            self._store,
            self._post,
            clock,
            self._site.webhooks,
            self._directory.accounts,
            self._is_home,
        )
        return Lease(
            self._floor,
            self._reception,
            self._matcher,
            self._deadlines,
            self._reconciled.values(),
        )

    def _work(self) -> list[Coroutine[Any, Any, None]]:
        return [
            *(phone.run() for phone in self._phones.values()),
            *(self._follower(phone).run() for phone in self._phones.values()),
            self._matcher.run(),
            self._deadlines.run(),
            self._delivery.run(),
            self._media.run(),
            self._lag.watch(),
        ]

    def _follower(self, phone: AriPhoneSystem) -> NodeFollower:
        is_reconciled = self._reconciled[phone.node]
        return NodeFollower(self._floor, phone, self._reception.arrived, is_reconciled)

    # --- what the parts ask

    def _may_claim(self, arrival: Arrival) -> bool:
        if self._stop.is_set():
            return False
        route = self._directory.route(arrival.endpoint, arrival.dialled, arrival.inside)
        is_ours = (
            self._directory.user_of(arrival.endpoint) is not None
            if arrival.inside
            else arrival.endpoint in self._site.trunks
        )
        return may_claim(route, is_ours)

    def _is_home(self, account: AccountId) -> bool:
        return home_edge(account, self._deadlines.alive) == self.id

    @property
    def _has_lease(self) -> bool:
        return self._lease is not None and self._lease.has_begun

    def _follow_up(self, account: AccountId, moved: Moved) -> None:
        self._floor.moved_by_others(account, moved)

    def _readiness(self) -> Readiness:
        missing = [
            Missing(f"node:{node}", "not connected and reconciled")
            for node, event in self._reconciled.items()
            if not event.is_set()
        ]
        if not self._has_lease:
            missing.append(Missing("redis", "no lease yet"))
        if not self._matcher.is_open:
            missing.append(Missing("matching", "waits for callers whom the dialplan holds"))
        return Readiness(tuple(missing))
