"""*47: an agent answers a waiting caller by the agent's own call, out of order if asked."""

import asyncio

import pytest

from edge.domain.agent import Occupancy
from edge.domain.entry import Stage
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, BOB, phone_of

PICK = "*47"


async def waiting(office: Office, count: int) -> list[Caller]:
    """So many callers in line, one after the other."""
    callers = []
    for n in range(count):
        caller = office.call(number=f"1202555011{n}")
        await caller.joins()
        await asyncio.sleep(0.1)
        callers.append(caller)
    return callers


async def test_47_puts_the_agent_through_to_the_head_of_the_line() -> None:
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        first, second = await waiting(office, 2)
        call = office.call(PICK, phone_of(ANN), number="")
        await first.talks_with(ANN, within_seconds=1)
        assert first.entry.agent == ANN
        assert second.entry.stage is Stage.WAITING
        assert office.phone(ANN).rung == 0, "the agent's own call is the leg"
        first.hang_up()
        await wait_until(lambda: not call.is_on_the_line, "the agent's call ends with it")
        await office.is_occupied(ANN, Occupancy.WRAP_UP)


async def test_47_and_a_position_leaves_those_ahead_where_they_are() -> None:
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        first, second, third = await waiting(office, 3)
        office.call(f"{PICK}3", phone_of(ANN), number="")
        await third.talks_with(ANN, within_seconds=1)
        assert [first.entry.stage, second.entry.stage] == [Stage.WAITING] * 2
        assert "silence" not in third.heard


async def test_picking_a_caller_for_whom_another_is_rung_stops_that_ringing() -> None:
    async with open_office(BOB) as office:
        office.phone(BOB).after_seconds = 15
        (caller,) = await waiting(office, 1)
        await wait_until(lambda: office.phone(BOB).rung == 1, "Bob is rung")
        await office.log_in(ANN)
        office.call(PICK, phone_of(ANN), number="")
        await caller.talks_with(ANN, within_seconds=1)
        await wait_until(lambda: office.phone(BOB).leg is None, "Bob's phone is quiet", 1)
        assert office.agent(BOB).misses == 0


@pytest.mark.parametrize("code", [PICK, f"{PICK}2"])
async def test_where_nobody_stands_there_is_nobody_to_pick(code: str) -> None:
    async with open_office(ANN) as office:
        assert await office.dial_star(ANN, code) == "en/nobody-waiting"
        assert office.agent(ANN).occupancy is Occupancy.IDLE


async def test_47_while_logged_out_is_refused_aloud() -> None:
    async with open_office() as office:
        (caller,) = await waiting(office, 1)
        assert await office.dial_star(ANN, PICK) == "en/log-in-first"
        assert caller.entry.stage is Stage.WAITING


async def test_the_caller_hangs_up_as_the_agent_picks_and_nobody_is_left_alone() -> None:
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        (caller,) = await waiting(office, 1)
        call = office.call(PICK, phone_of(ANN), number="")
        await wait_until(lambda: caller.entry.stage is not Stage.WAITING, "picked")
        caller.hang_up()
        await wait_until(lambda: not call.is_on_the_line, "the agent's call ends")


async def test_a_caller_of_another_edge_is_picked_all_the_same() -> None:
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        (caller,) = await waiting(office, 1)
        office.start_edge()
        await office.ready()
        # The switchboard offers a call to the oldest edge: this one is to go to the other.
        oldest = office.edges[0]
        office.board.apps[oldest.run] = office.board.apps.pop(oldest.run)
        office.call(PICK, phone_of(ANN), number="")
        await caller.talks_with(ANN, within_seconds=2)
