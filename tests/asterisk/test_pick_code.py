"""*47 and a position: an agent's own call is put through to a waiting caller."""

from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music


async def test_47_and_a_position_connects_the_agents_call_with_that_caller(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1)
        await here.set_agent(1, "paused")
        first = await here.waiting_caller(1)
        second = await here.waiting_caller(2)
        await agent.call("*472")
        await agent.wait_for("answered")
        await hears(second, agent)
        await hears_music(first)
        assert await here.callers_in_line() == [first.number]
        (offered,) = await here.events("entry_offered")
        assert offered["chosen"] == "pick"
        await second.hang_up()
        await agent.wait_for("closed")
        await here.agent_becomes(1, "idle")


async def test_47_with_nobody_in_line_says_so_and_ends(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1)
        await agent.call("*47")
        await agent.wait_for("answered")
        await agent.wait_for("closed", 5)
        assert await here.agent_is(1, "idle")
