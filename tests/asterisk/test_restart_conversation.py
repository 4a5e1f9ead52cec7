"""The edge dies while caller and agent talk, and afterwards: nobody hears it, nobody is stuck."""

import pytest

from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, talk
from tests.asterisk.restarts import hears_on, listening, never_in_silence, start_again


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_a_conversation_goes_on_through_the_end_of_its_edge(
    office: OpenOffice, end: str
) -> None:
    async with office(agents=1, callers=1, wrap_up_seconds=1) as here:
        agent = await here.agent(1)
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await talk(caller, agent)
            await (here.edge.kill() if end == "kill" else here.edge.stop())
            await hears_on(caller, agent)
            await start_again(here)
            await hears(agent, caller, 3)
            await hears(caller, agent, 3)
        listened.without_gap(caller, speaker=agent)
        listened.without_gap(agent, speaker=caller)
        assert never_in_silence(caller)
        assert never_in_silence(agent)
        await here.agent_becomes(1, "talking")
        await agent.hang_up()
        await caller.wait_for("closed")
        await here.agent_becomes(1, "wrap_up")
        await here.agent_becomes(1, "idle")
        names = [event["event"] for event in await here.events()]
        assert names.count("call_connected") == names.count("call_completed") == 1


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_one_hangs_up_while_no_edge_lives_and_the_other_is_not_left_alone(
    office: OpenOffice, who: str
) -> None:
    async with office(agents=1, callers=1, wrap_up_seconds=1) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await talk(caller, agent)
        await here.edge.kill()
        leaves, stays = (caller, agent) if who == "caller" else (agent, caller)
        await leaves.hang_up()
        await leaves.wait_for("closed")
        await start_again(here)
        await stays.wait_for("closed")
        await here.agent_becomes(1, "idle")
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "answered"
        assert len(await here.events("wrap_up_ended")) == 1


async def test_both_hang_up_while_no_edge_lives(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, wrap_up_seconds=0) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await talk(caller, agent)
        await here.edge.kill()
        await caller.hang_up()
        await agent.hang_up()
        await start_again(here)
        await here.agent_becomes(1, "idle")
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "answered"


async def test_a_wrap_up_through_a_kill_ends_at_its_time(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, wrap_up_seconds=5) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await talk(caller, agent)
        await caller.hang_up()
        await here.agent_becomes(1, "wrap_up")
        await here.edge.kill()
        await start_again(here)
        await here.agent_becomes(1, "idle")
        (began,) = await here.events("wrap_up_started")
        (ended,) = await here.events("wrap_up_ended")
        assert 5000 <= ended["at"] - began["at"] < 7500
