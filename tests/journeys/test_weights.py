"""Two queues share their only agent: the heavier one is served first, and nobody starves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from edge.domain.ids import EndpointName, QueueId, UserId
from edge.domain.settings import Member, World
from tests.fakes.clock import LoopClock
from tests.fakes.office import Caller, Office
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, BETA, phone_of

INSIDE = EndpointName("301")
LIGHT, HEAVY = ALPHA, BETA
EXTENSION = {LIGHT: "500", HEAVY: "501"}
WEIGHT = 3
AGING_SECONDS = 60
TALK_SECONDS = 30
CALL_SECONDS = TALK_SECONDS + 3
"""From one offer to the next: two seconds of ringing, the talk, and what happens in between."""


@asynccontextmanager
async def shared_office(aging_seconds: int = AGING_SECONDS) -> AsyncIterator[Office]:
    """Ann alone serves both queues; Beta is the heavy one."""
    office = Office(wrap_up_seconds=0)
    (account,) = office.world.accounts
    queues = tuple(
        replace(
            queue,
            weight=WEIGHT if queue.id == HEAVY else 0,
            members=(Member(id=f"qum_ann{queue.name.lower()}", user_id=ANN),),
        )
        for queue in account.queues
    )
    office.world = World(accounts=(replace(account, queues=queues, aging_seconds=aging_seconds),))
    office.start_edge()
    await office.ready()
    try:
        yield office
        await office.comes_to_rest()
    finally:
        await office.edge.stop()


def call(office: Office, queue: QueueId) -> Caller:
    return office.call(EXTENSION[queue], INSIDE, number="301")


class Rush:
    """Callers who talk half a minute each; how long each waited, by queue, in order of joining."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.waited: dict[QueueId, list[float]] = {LIGHT: [], HEAVY: []}
        self._talks: set[asyncio.Task[None]] = set()

    def arrives(self, queue: QueueId) -> None:
        task = asyncio.create_task(self._story(queue))
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)

    async def _story(self, queue: QueueId) -> None:
        caller = call(self._office, queue)
        began = self._office.clock.now_ms()
        await caller.talks_with(ANN, within_seconds=20_000)
        self.waited[queue].append((self._office.clock.now_ms() - began) / 1000)
        await LoopClock().sleep(TALK_SECONDS)
        caller.hang_up()

    async def saturate(self, seconds: int) -> None:
        """Five always wait in the heavy queue, and every minute somebody comes to the light one."""
        for second in range(seconds):
            for _ in range(5 - len(self._office.memory.line(HEAVY))):
                self.arrives(HEAVY)
            if second % 60 == 1:
                self.arrives(LIGHT)
            await LoopClock().sleep(1)

    async def end(self) -> None:
        for task in self._talks:
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)


async def test_the_heavier_queue_is_served_first_when_their_agent_becomes_free() -> None:
    async with shared_office() as office:
        light = call(office, LIGHT)
        await light.joins()
        await LoopClock().sleep(AGING_SECONDS)
        heavy = call(office, HEAVY)
        await heavy.joins()
        await office.log_in(ANN)
        await heavy.talks_with(ANN)
        heavy.hang_up()
        await light.talks_with(ANN)


async def test_waiting_makes_up_for_weight() -> None:
    async with shared_office() as office:
        light = call(office, LIGHT)
        await light.joins()
        await LoopClock().sleep(WEIGHT * AGING_SECONDS + 1)
        heavy = call(office, HEAVY)
        await heavy.joins()
        await office.log_in(ANN)
        await light.talks_with(ANN)
        light.hang_up()
        await heavy.talks_with(ANN)


async def test_no_queue_starves_beside_a_heavier_one_that_is_never_empty() -> None:
    """With aging a light caller waits as long as the weight is worth, and as the longest of those
    who stand in the heavy queue, and for one call that has begun already. An hour of it."""
    async with shared_office() as office:
        await office.log_in(ANN)
        rush = Rush(office)
        await rush.saturate(3_600)
        light, heavy = rush.waited[LIGHT], rush.waited[HEAVY]
        bound = WEIGHT * AGING_SECONDS + max(heavy) + CALL_SECONDS
        waits_still = [
            (office.clock.now_ms() - entry.joined_at_ms) / 1000
            for entry in office.memory.line(LIGHT)
        ]
        assert len(light) > 30, "about one a minute came, and was served"
        assert max(light + waits_still) <= bound, f"{max(light + waits_still)} over {bound}"
        settled = slice(10, None)
        assert min(light[settled]) > max(heavy[settled]), "and weight is worth something"
        await rush.end()


async def test_without_aging_a_queue_that_is_never_empty_keeps_the_lighter_one_waiting() -> None:
    async with shared_office(aging_seconds=0) as office:
        await office.log_in(ANN)
        rush = Rush(office)
        await rush.saturate(1_200)
        assert len(rush.waited[HEAVY]) > 30
        assert rush.waited[LIGHT] == []
        await rush.end()


async def test_a_light_caller_is_served_at_once_when_the_agent_is_free() -> None:
    async with shared_office() as office:
        await office.log_in(ANN)
        light = call(office, LIGHT)
        await light.talks_with(ANN, within_seconds=3)
        heavy = call(office, HEAVY)
        await heavy.joins()
        assert office.phone(UserId(ANN)).rung == 1
        light.hang_up()
        await wait_until(lambda: heavy.hears == f"talk with {phone_of(ANN)}", "the heavy one", 5)
