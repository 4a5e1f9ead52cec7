"""Callers of a queue that the next edge's configuration has no more: none is left in the music."""

import asyncio
from dataclasses import replace

import pytest

from edge.domain.entry import Stage
from edge.domain.settings import World
from tests.fakes.office import Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, phone_of

CLOSED = "en/queue-closed"


async def start_without_the_queue(office: Office) -> None:
    await office.edge.kill()
    (account,) = office.world.accounts
    queues = tuple(queue for queue in account.queues if queue.id != ALPHA)
    numbers = tuple(one for one in account.phone_numbers if one.queue_id != ALPHA)
    office.world = World(accounts=(replace(account, queues=queues, phone_numbers=numbers),))
    office.start_edge()
    await office.ready()


@pytest.mark.parametrize("is_offered", [False, True])
async def test_who_waits_in_a_removed_queue_is_told_that_it_is_closed(is_offered: bool) -> None:
    async with open_office(*([ANN] if is_offered else [])) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await caller.joins()
        if is_offered:
            await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        await start_without_the_queue(office)
        await caller.hears_soon(CLOSED, 15)
        await wait_until(lambda: not caller.is_on_the_line, "the call has ended", 20)
        (entry,) = office.memory.entries.values()
        assert entry.stage is Stage.ENDED
        assert entry.disposition == "closed"
        assert office.agent(ANN).leg is None


async def test_a_conversation_of_a_removed_queue_goes_on() -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await start_without_the_queue(office)
        await asyncio.sleep(60)
        assert caller.hears == f"talk with {phone_of(ANN)}"
        caller.hang_up()
        await wait_until(lambda: office.agent(ANN).leg is None, "the agent is free", 20)
        (entry,) = office.memory.entries.values()
        assert entry.disposition == "answered"
