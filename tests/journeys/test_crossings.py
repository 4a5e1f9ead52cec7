"""Answer and hang-up crossing each other, in every order that the delays in between allow.

Orders to the node take 2 ms, a move of the store 1 ms each way: hanging up at every half of a
millisecond around the answer meets every step between answered and connected.
"""

import asyncio

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.ports.phone_system import EndReason
from tests.fakes.office import open_office
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, BOB

HALF_MILLISECONDS = range(-16, 40)


@pytest.mark.parametrize("half_ms", HALF_MILLISECONDS)
async def test_caller_hangs_up_while_the_agent_answers(half_ms: int) -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).leg is not None, "dialled")
        leg = office.phone(ANN).leg
        assert leg is not None
        loop = asyncio.get_running_loop()
        answer_at = loop.time() + 1.0
        loop.call_at(answer_at, office.board.answered, leg)
        loop.call_at(answer_at + half_ms / 2000, caller.hang_up)
        await asyncio.sleep(1.2)
        assert office.phone(ANN).leg is None, "nobody is left alone on the line"
        assert caller.entry.stage is Stage.ENDED
        assert caller.entry.disposition in (Disposition.ABANDONED, Disposition.ANSWERED)
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        assert office.agent(ANN).misses == 0
        following = office.call()
        await following.talks_with(ANN)


@pytest.mark.parametrize("half_ms", HALF_MILLISECONDS)
async def test_agent_hangs_up_right_after_answering(half_ms: int) -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).leg is not None, "dialled")
        leg = office.phone(ANN).leg
        assert leg is not None
        loop = asyncio.get_running_loop()
        answer_at = loop.time() + 1.0
        loop.call_at(answer_at, office.board.answered, leg)
        loop.call_at(answer_at + half_ms / 2000, office.board.end, leg, EndReason.REFUSED)
        await asyncio.sleep(1.2)
        if caller.is_on_the_line:
            assert caller.hears == "music default", "given back, with music"
            assert caller.entry.stage in (Stage.WAITING, Stage.OFFERED)
            await office.log_in(BOB)
            await caller.talks_with(BOB, within_seconds=20)
        else:
            assert caller.entry.disposition is Disposition.ANSWERED
        await office.is_occupied(ANN, Occupancy.IDLE, within_seconds=20)


@pytest.mark.parametrize("half_ms", range(-4, 40))
async def test_caller_hangs_up_while_the_agent_is_being_dialled(half_ms: int) -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        caller = office.call()
        await wait_until(lambda: office.agent(ANN).leg is not None, "reserved")
        asyncio.get_running_loop().call_later(max(0.0, half_ms / 2000), caller.hang_up)
        await asyncio.sleep(0.2)
        assert office.phone(ANN).leg is None, "nothing rings for a caller who is gone"
        assert caller.entry.disposition is Disposition.ABANDONED
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        following = office.call()
        await following.talks_with(ANN)


@pytest.mark.parametrize("ms", range(0, 30, 1))
async def test_caller_hangs_up_while_arriving(ms: int) -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await asyncio.sleep(ms / 1000)
        caller.hang_up()
        await asyncio.sleep(0.5)
        assert not caller.has_place or caller.entry.stage is Stage.ENDED
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        assert office.phone(ANN).leg is None


@pytest.mark.parametrize("half_ms", range(-20, 20))
async def test_the_answer_comes_as_the_ring_time_ends(half_ms: int) -> None:
    async with open_office(ANN, ring_seconds=5, wrap_up_seconds=0) as office:
        office.phone(ANN).after_seconds = 5.0 + half_ms / 2000
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(5.2)
        talks = caller.hears.startswith("talk")
        assert talks == (office.phone(ANN).leg is not None and office.phone(ANN).rung == 1)
        assert caller.hears in ("talk with 201", "music default")
        office.phone(ANN).after_seconds = 1.0
        await caller.talks_with(ANN)


async def test_both_hang_up_in_the_same_moment() -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        caller.hang_up()
        office.hang_up_agent(ANN)
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        assert caller.entry.disposition is Disposition.ANSWERED
        assert office.agent(ANN).calls == 1
