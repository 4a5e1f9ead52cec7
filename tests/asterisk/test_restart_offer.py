"""The edge dies while an agent's phone rings: it rings on, and whatever happens to it counts."""

import pytest

from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, talk
from tests.asterisk.restarts import (
    hears_on,
    listening,
    never_in_silence,
    start_again,
)


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_the_phone_rings_on_through_the_end_of_the_edge_and_can_be_answered(
    office: OpenOffice, end: str
) -> None:
    async with office(agents=1, callers=1, ring_seconds=30) as here:
        agent = await here.agent(1)
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await agent.wait_for("incoming")
            await (here.edge.kill() if end == "kill" else here.edge.stop())
            await hears_on(caller)
            await start_again(here)
            assert agent.in_call
            await here.agent_becomes(1, "ringing")
            await agent.answer()
            await hears(agent, caller)
            await hears(caller, agent)
        assert len(agent.seen("incoming")) == 1
        listened.without_gap(caller, speaker=agent)
        assert listened.trace is not None
        assert len(listened.trace.sip("INVITE", call_id=agent.seen("incoming")[0].call_id)) == 1
        assert never_in_silence(caller)
        assert len(await here.events("entry_offered")) == 1


async def test_a_phone_answered_while_no_edge_lives_is_connected_when_one_does(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, ring_seconds=30) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await here.edge.kill()
        await agent.answer()
        await agent.wait_for("answered")
        await here.edge.start()
        await hears(agent, caller)
        await hears(caller, agent)
        await here.agent_becomes(1, "talking")
        assert await here.events("leg_ended") == []


async def test_an_answer_counts_even_if_no_edge_lived_until_the_ring_time_was_over(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, ring_seconds=2) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await here.edge.kill()
        await agent.answer()
        await hears_on(caller, seconds=6)
        await start_again(here)
        await hears(agent, caller)
        await hears(caller, agent)
        assert await here.events("leg_ended") == []


async def test_a_phone_that_refused_while_no_edge_lived_rings_again_in_the_next_round(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, ring_seconds=30) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await here.agent_becomes(1, "ringing")
        await here.edge.kill()
        await agent.reject()
        await agent.wait_for("closed")
        await start_again(here)
        await talk(caller, agent)
        (ended,) = await here.events("leg_ended")
        assert ended["reason"] == "lost"
        assert never_in_silence(caller)


async def test_a_ring_time_that_ends_while_no_edge_lives_leaves_the_caller_in_line(
    office: OpenOffice,
) -> None:
    async with office(agents=2, callers=1, ring_seconds=2) as here:
        await here.robot_agent(1, Behaviour(status=None))
        second = await here.agent(2, log_in=False)
        caller = await here.waiting_caller()
        await here.agent_becomes(1, "ringing")
        await here.edge.kill()
        await hears_on(caller, seconds=4)
        await start_again(here)
        await here.set_agent(1, "logged_out")
        await here.set_agent(2, "available")
        await talk(caller, second)


async def test_a_caller_who_hangs_up_while_it_rings_and_no_edge_lives_stops_the_ringing(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, ring_seconds=30) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await here.edge.kill()
        await caller.hang_up()
        await caller.wait_for("closed")
        await start_again(here)
        await agent.wait_for("closed")
        await here.agent_becomes(1, "idle")
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "abandoned"


async def test_a_ringing_phone_survives_two_kills(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, ring_seconds=30) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        for _ in range(2):
            await here.edge.kill()
            await start_again(here)
        await hears_music(caller)
        await agent.answer()
        await hears(agent, caller)
        await hears(caller, agent)
        await wait_until(lambda: here.events("call_connected"), "connected")
        assert len(agent.seen("incoming")) == 1
