"""An agent in a call that no queue made is not rung, and is rung when that call is over."""

import time

import pytest

from lab.phone import Phone
from lab.ports import free_port
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import second_edge, start_again

RUNG_WITHIN_SECONDS = 1.0


async def in_a_direct_call(here: Office, who_dials: str, agent: Phone, other: Phone) -> None:
    """Agent and somebody else talk, without a queue."""
    dials, takes = (agent, other) if who_dials == "agent" else (other, agent)
    await dials.call(takes.number)
    await takes.wait_for("incoming")
    await here.device_becomes(1, "in_use")
    await takes.answer()
    await hears(agent, other)
    await hears(other, agent)


async def devices_told(here: Office) -> list[str]:
    """How the agent's phone was reported, one after the other."""
    told = [event for event in await here.events("agent_changed") if event["user"] == "user_a1"]
    return [event["device"] for event in told if "device" in event]


async def rings_after(agent: Phone, caller: Phone, hung_up_at: float) -> None:
    ringing = await agent.wait_for("incoming", 3)
    assert ringing.peer == caller.number
    assert hung_up_at < ringing.at < hung_up_at + RUNG_WITHIN_SECONDS


@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("who_dials", ["agent", "other"])
async def test_an_agent_in_a_direct_call_is_rung_when_it_is_over(
    office: OpenOffice, who_dials: str, lines: int
) -> None:
    """Also a phone with a free second line, which would take the call."""
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1, max_calls=lines)
        other = await here.caller(2)
        await in_a_direct_call(here, who_dials, agent, other)
        caller = await here.waiting_caller()
        await hears_music(caller, 1)
        assert len(agent.seen("incoming")) == (1 if who_dials == "other" else 0)
        assert await here.events("entry_offered") == []
        hung_up_at = time.monotonic()
        await other.hang_up()
        await rings_after(agent, caller, hung_up_at)
        assert (await devices_told(here))[-2:] == ["in_use", "reachable"]
        await agent.answer()
        await hears(caller, agent)
        assert await here.events("leg_ended") == []


async def test_a_phone_that_rings_directly_is_not_rung_by_the_queue(office: OpenOffice) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1, max_calls=2)
        other = await here.caller(2)
        await other.call(agent.number)
        await agent.wait_for("incoming")
        await here.device_becomes(1, "in_use")
        caller = await here.waiting_caller()
        await hears_music(caller, 1)
        assert await here.events("entry_offered") == []
        hung_up_at = time.monotonic()
        await other.hang_up()
        await rings_after(agent, caller, hung_up_at)


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_an_agent_in_a_direct_call_is_not_rung_after_a_restart_either(
    office: OpenOffice, end: str
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1, max_calls=2)
        other = await here.caller(2)
        await in_a_direct_call(here, "agent", agent, other)
        caller = await here.waiting_caller()
        await (here.edge.kill() if end == "kill" else here.edge.stop())
        await start_again(here)
        await hears_music(caller, 2)
        assert agent.seen("incoming") == []
        assert (await here.agent_state(1))["device"] == "in_use"
        hung_up_at = time.monotonic()
        await agent.hang_up()
        await rings_after(agent, caller, hung_up_at)


async def test_a_direct_call_begun_while_no_edge_lived_is_known_at_once(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1, max_calls=2)
        other = await here.caller(2)
        await here.edge.kill()
        await agent.call(other.number)
        await other.wait_for("incoming")
        await other.answer()
        await hears(agent, other)
        await start_again(here)
        caller = await here.waiting_caller()
        await hears_music(caller, 1)
        assert agent.seen("incoming") == []
        hung_up_at = time.monotonic()
        await other.hang_up()
        await rings_after(agent, caller, hung_up_at)


async def test_a_direct_call_that_ended_while_no_edge_lived_holds_nobody_back(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1)
        other = await here.caller(2)
        await in_a_direct_call(here, "agent", agent, other)
        await here.edge.kill()
        await agent.hang_up()
        await start_again(here)
        caller = await here.waiting_caller()
        ringing = await agent.wait_for("incoming", 3)
        assert ringing.peer == caller.number


async def test_a_consultation_that_outlasts_the_queue_call_keeps_its_agent_from_being_rung(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=3, wrap_up_seconds=0) as here:
        agent = await here.agent(1, max_calls=2)
        caller, following = await here.waiting_caller(), await here.waiting_caller(3)
        colleague = await here.caller(2)
        await talk(caller, agent)
        assert (await here.agent_state(1))["device"] == "reachable"
        await agent.call(colleague.number)
        await colleague.wait_for("incoming")
        await colleague.answer()
        await here.device_becomes(1, "in_use")
        await caller.hang_up()
        await here.agent_becomes(1, "idle")
        await hears_music(following, 1)
        assert len(agent.seen("incoming")) == 1
        hung_up_at = time.monotonic()
        await colleague.hang_up()
        await rings_after(agent, following, hung_up_at)


async def test_the_tail_of_a_queue_call_does_not_hold_the_next_one_back(
    office: OpenOffice,
) -> None:
    """The agent is rung milliseconds after hanging up: our own leg makes no phone in use."""
    async with office(agents=1, callers=2, wrap_up_seconds=0) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        following = await here.waiting_caller(2)
        await talk(caller, agent)
        hung_up_at = time.monotonic()
        await agent.hang_up()
        await agent.wait_for("closed")
        ringing = await agent.wait_for("incoming", 3)
        assert ringing.peer == following.number
        assert ringing.at < hung_up_at + 0.25
        assert "in_use" not in await devices_told(here)


async def test_two_edges_tell_of_a_direct_call_once(office: OpenOffice) -> None:
    async with office(agents=1, callers=2) as here:
        edge = second_edge(here, free_port())
        await edge.start()
        try:
            agent = await here.agent(1)
            other = await here.caller(2)
            for _ in range(3):
                await in_a_direct_call(here, "other", agent, other)
                await other.hang_up()
                await agent.wait_for("closed")
                await here.device_becomes(1, "reachable")
            assert (await devices_told(here))[-6:] == ["in_use", "reachable"] * 3
        finally:
            await edge.stop()
