"""Two queues share their only agent: the heavier one is served first, and nobody starves."""

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
    """Callers who talk half a minute each; five always wait in the heavy queue, and every minute
    somebody comes to the light one."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._on_the_line: list[Caller] = []

    async def lasts(self, seconds: int) -> None:
        for second in range(seconds):
            for _ in range(5 - len(self._office.memory.line(HEAVY))):
                self._on_the_line.append(call(self._office, HEAVY))
            if second % 60 == 1:
                self._on_the_line.append(call(self._office, LIGHT))
            await LoopClock().sleep(1)
            for caller in list(self._on_the_line):
                if caller.hears.startswith("talk") and self._has_talked(caller):
                    caller.hang_up()
                    self._on_the_line.remove(caller)

    def _has_talked(self, caller: Caller) -> bool:
        connected_at_ms = caller.entry.connected_at_ms
        talked_ms = self._office.clock.now_ms() - connected_at_ms
        return bool(connected_at_ms) and talked_ms >= TALK_SECONDS * 1_000

    def waits(self, queue: QueueId) -> list[float]:
        """How long everybody who was answered has waited, in order of joining."""
        return [
            (entry.answered_at_ms - entry.joined_at_ms) / 1_000
            for entry in self._office.memory.entries.values()
            if entry.queue == queue and entry.answered_at_ms
        ]

    def waiting(self, queue: QueueId) -> list[float]:
        """How long those have waited who wait still."""
        now_ms = self._office.clock.now_ms()
        return [(now_ms - entry.joined_at_ms) / 1_000 for entry in self._office.memory.line(queue)]


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
        await rush.lasts(3_600)
        light, heavy = rush.waits(LIGHT), rush.waits(HEAVY)
        bound = WEIGHT * AGING_SECONDS + max(heavy) + CALL_SECONDS
        longest = max(light + rush.waiting(LIGHT))
        assert longest <= bound, f"{longest} s over {bound} s"
        assert len(light) > 40, "one a minute came, and was served"
        settled = slice(10, None)
        assert min(light[settled]) > max(heavy[settled]), "and weight is worth something"


async def test_without_aging_a_queue_that_is_never_empty_keeps_the_lighter_one_waiting() -> None:
    async with shared_office(aging_seconds=0) as office:
        await office.log_in(ANN)
        rush = Rush(office)
        await rush.lasts(1_200)
        assert len(rush.waits(HEAVY)) > 30
        assert rush.waits(LIGHT) == []


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
