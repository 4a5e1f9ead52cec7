"""The edge is killed between an agent's answer and the bridge; the next one connects them."""

from edge.ports.prompts import Prompt
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music
from tests.asterisk.test_agent_prompts import is_told, rung_and_answered


async def test_killed_in_the_announcement_to_the_agent(office: OpenOffice) -> None:
    spoken = [Prompt.QUEUE_CLOSED.value]
    async with office(agents=1, callers=1, agent_announcement=spoken) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await wait_until(lambda: here.events("call_answered"), "accepted")
        await here.edge.kill()
        await hears_music(caller, 1)
        await here.restart_edge()
        await hears(caller, agent)
        await hears(agent, caller)
        assert len(agent.seen("incoming")) == 1
        await caller.hang_up()
        await agent.wait_for("closed")


async def test_killed_in_the_question_for_the_key(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, agent_confirm=True, confirm_seconds=30) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await is_told(agent, Prompt.PRESS_TO_ACCEPT)
        await here.edge.kill()
        await agent.press("1")
        await here.restart_edge()

        async def is_accepted() -> bool:
            await agent.press("1")
            return bool(await here.events("call_answered"))

        await wait_until(is_accepted, "the key is heard", every=1)
        await hears(caller, agent)
        await hears(agent, caller)
        await caller.hang_up()
        await agent.wait_for("closed")


async def test_killed_as_an_agent_picks(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1)
        await here.set_agent(1, "paused")
        caller = await here.waiting_caller()
        await agent.call("*47")
        await agent.wait_for("answered")
        await here.edge.kill()
        await here.restart_edge()
        await hears(caller, agent)
        await hears(agent, caller)
        await caller.hang_up()
        await agent.wait_for("closed")
        await here.agent_becomes(1, "idle")
