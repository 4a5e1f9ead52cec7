"""By API: an agent answers a caller out of order, callers change places, and both are explained."""

from typing import Any

from lab.phone import Phone
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music
from tests.asterisk.office import Office


async def entry_of(here: Office, caller: Phone) -> str:
    (entry,) = [one for one in await here.line() if one["caller"] == caller.number]
    return f"/v1/queues/{here.queue}/entries/{entry['id']}"


async def answer(here: Office, entry: str, n: int) -> tuple[int, Any]:
    status, problem = await here.ask("POST", f"{entry}/answer", {"user_id": f"user_a{n}"})
    return status, problem and problem["type"].rsplit(":", 1)[1]


async def test_the_second_in_line_is_answered_and_the_first_keeps_position_1(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1)
        await here.set_agent(1, "paused")
        first, second = await here.waiting_caller(1), await here.waiting_caller(2)
        entry = await entry_of(here, second)
        assert await answer(here, entry, 1) == (204, None)
        ringing = await agent.wait_for("incoming", 2)
        assert ringing.peer == second.number
        assert await answer(here, await entry_of(here, first), 1) == (409, "agent-not-idle")
        await agent.answer()
        await hears(second, agent)
        await hears_music(first)
        assert [(one["caller"], one["position"]) for one in await here.line()] == [
            (first.number, 1)
        ]
        (offered,) = await here.events("entry_offered")
        assert offered["chosen"] == "pick"
        _, explained = await here.ask("GET", f"{entry}/explain")
        assert explained["words"] == "talks with user_a1"
        assert await answer(here, entry, 1) == (409, "entry-not-waiting")
        await second.hang_up()
        await here.agent_becomes(1, "idle")


async def test_another_agents_phone_that_rings_for_the_caller_stops(office: OpenOffice) -> None:
    async with office(agents=2, callers=1) as here:
        ringing, picking = await here.agent(1), await here.agent(2)
        await here.set_agent(2, "paused")
        caller = await here.waiting_caller(1)
        await ringing.wait_for("incoming")
        assert (await answer(here, await entry_of(here, caller), 2))[0] == 204
        await ringing.wait_for("closed", 2)
        await picking.wait_for("incoming", 2)
        await picking.answer()
        await hears(caller, picking)
        assert await here.agent_is(1, "idle")
        state = await here.agent_state(1)
        assert state["missed_calls"] == 0


async def test_the_explanation_of_a_caller_is_what_then_happens(office: OpenOffice) -> None:
    async with office(agents=2, callers=1) as here:
        agent = await here.agent(1)
        await here.set_agent(1, "paused")
        await here.agent(2, log_in=False)
        caller = await here.waiting_caller(1)
        entry = await entry_of(here, caller)
        _, explained = await here.ask("GET", f"{entry}/explain")
        assert explained["words"] == "no agent is ready: 1 logged out, 1 paused"
        _, told = await here.ask("GET", "/v1/users/user_a1/queue-agent/explain")
        assert (told["code"], told["queues"][0]["first"]["position"]) == ("paused", 1)
        await here.set_agent(1, "available")
        await agent.wait_for("incoming", 1)
        await here.agent_becomes(1, "ringing")
        _, explained = await here.ask("GET", f"{entry}/explain")
        assert explained["words"] == "is being offered to user_a1"
        await agent.answer()
        await hears(caller, agent)


async def test_a_caller_who_is_moved_to_the_head_is_served_first(office: OpenOffice) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1)
        await here.set_agent(1, "paused")
        first, second = await here.waiting_caller(1), await here.waiting_caller(2)
        status, moved = await here.ask("PATCH", await entry_of(here, second), {"position": 1})
        assert (status, moved["position"]) == (200, 1)
        assert await here.callers_in_line() == [second.number, first.number]
        await here.set_agent(1, "available")
        assert (await agent.wait_for("incoming")).peer == second.number
        await agent.answer()
        await hears(second, agent)
        await hears_music(first)
