"""Several callers and several agents: who is served when, and by whom."""

import asyncio

from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, talk
from tests.asterisk.office import Office


async def waiting_callers(here: Office, count: int) -> list[Phone]:
    """Callers who stand in the line in this order."""
    return [await here.waiting_caller(n) for n in range(1, count + 1)]


async def test_callers_are_served_in_the_order_of_their_arrival(office: OpenOffice) -> None:
    async with office(agents=1, callers=3) as here:
        callers = await waiting_callers(here, 3)
        numbers = [caller.number for caller in callers]
        assert await here.callers_in_line() == numbers
        agent = await here.agent(1)
        for served, caller in enumerate(callers):
            ringing = await agent.wait_for("incoming")
            assert ringing.peer == caller.number
            await agent.answer()
            await hears(caller, agent)
            assert await here.callers_in_line() == numbers[served + 1 :]
            await caller.hang_up()
            await agent.wait_for("closed")


async def test_two_callers_and_two_agents_talk_in_pairs(office: OpenOffice) -> None:
    async with office(agents=2, callers=2) as here:
        agents = [await here.agent(n) for n in (1, 2)]
        callers = await waiting_callers(here, 2)
        await asyncio.gather(talk(callers[0], agents[0]), talk(callers[1], agents[1]))
        assert await here.line() == []
        assert len(await here.bridges()) == 2


async def test_the_agent_whose_last_call_ended_the_longest_ago_rings_first(
    office: OpenOffice,
) -> None:
    async with office(agents=3, callers=1, strategy="leastrecent") as here:
        agents = {n: await here.agent(n, auto_answer_after=0.05) for n in (1, 2, 3)}
        caller = await here.caller(1)
        for expected in (1, 2, 3, 1):
            await caller.call(here.slot.queue())
            await agents[expected].wait_for("answered")
            await here.agent_becomes(expected, "talking")
            await caller.hang_up()
            await here.agent_becomes(expected, "idle")
        answered = [event["user"] for event in await here.events("call_answered")]
        assert answered == ["user_a1", "user_a2", "user_a3", "user_a1"]


async def test_an_agent_has_at_most_one_call(office: OpenOffice) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1, max_calls=3)
        first, second = await waiting_callers(here, 2)
        await agent.wait_for("incoming")
        await hears_music(second)
        await agent.answer()
        await hears(first, agent)
        await hears_music(second)
        assert len(agent.seen("incoming")) == 1
        assert await here.callers_in_line() == [second.number]
        await first.hang_up()
        await talk(second, agent)


async def test_the_next_caller_rings_when_the_wrap_up_is_over(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=2) as here:
        agent = await here.agent(1)
        first, second = await waiting_callers(here, 2)
        await talk(first, agent)
        await first.hang_up()
        closed = await agent.wait_for("closed")
        await here.agent_becomes(1, "wrap_up")
        await hears_music(second)
        ringing = await agent.wait_for("incoming")
        assert 1.9 < ringing.at - closed.at < 3.5
        assert ringing.peer == second.number
        await agent.answer()
        await hears(second, agent)


async def test_a_caller_who_hangs_up_leaves_the_line_and_the_others_keep_their_order(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=3) as here:
        first, second, third = await waiting_callers(here, 3)
        await second.hang_up()

        async def both_are_left() -> bool:
            return await here.callers_in_line() == [first.number, third.number]

        await wait_until(both_are_left, "the others stand in the line")
        left = await here.events("entry_left")
        assert [one["disposition"] for one in left] == ["abandoned"]
        assert [entry["position"] for entry in await here.line()] == [1, 2]
