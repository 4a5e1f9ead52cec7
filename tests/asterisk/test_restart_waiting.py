"""The edge dies while callers wait: music and places stay, and the next edge serves in order."""

from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import (
    hears_on,
    listening,
    living,
    never_in_silence,
    runs_known_to_asterisk,
    start_again,
)


async def serve_all(here: Office, agent: Phone, callers: list[Phone]) -> None:
    """The agent takes these callers, who must come in this order."""
    for caller in callers:
        await talk(caller, agent)
        await agent.hang_up()
        await caller.wait_for("closed")


async def test_callers_wait_through_a_kill_with_music_and_are_served_in_order(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=3, wrap_up_seconds=0) as here:
        agent = await here.agent(1, log_in=False)
        async with listening(here) as listened:
            callers = [await here.waiting_caller(n) for n in (1, 2, 3)]
            places = [entry["id"] for entry in await here.line()]
            dead = await living(here)
            await here.edge.kill()
            await hears_on(*callers)
            await start_again(here)
            assert [entry["id"] for entry in await here.line()] == places
            await hears_on(*callers)
        listened.without_gap(*callers)
        assert all(never_in_silence(caller) for caller in callers)
        await here.set_agent(1, "available")
        await serve_all(here, agent, callers)
        taken = await here.events("entry_taken_over")
        assert sorted(event["entry"] for event in taken) == sorted(places)
        assert len(await here.events("entry_joined")) == 3

        async def is_forgotten() -> bool:
            return not dead & await runs_known_to_asterisk(here)

        await wait_until(is_forgotten, "Asterisk keeps nothing of the dead edge")


async def test_an_edge_told_to_stop_leaves_its_callers_to_the_next_at_once(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=0) as here:
        agent = await here.agent(1, log_in=False)
        callers = [await here.waiting_caller(n) for n in (1, 2)]
        await here.edge.stop()
        assert await living(here) == set()
        assert len(await here.channels()) == 2
        await hears_on(*callers)
        await start_again(here)
        assert await here.callers_in_line() == [caller.number for caller in callers]
        assert all(never_in_silence(caller) for caller in callers)
        await here.set_agent(1, "available")
        await serve_all(here, agent, callers)


async def test_a_caller_who_hangs_up_while_no_edge_lives_has_left_the_line(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1, log_in=False)
        first, second = [await here.waiting_caller(n) for n in (1, 2)]
        await here.edge.kill()
        await first.hang_up()
        await start_again(here)
        await wait_until(lambda: here.events("entry_left"), "the first caller has left")
        (left,) = await here.events("entry_left")
        assert left["disposition"] == "abandoned"
        assert await here.callers_in_line() == [second.number]
        await here.set_agent(1, "available")
        await talk(second, agent)


async def test_who_logs_in_before_the_takeover_still_gets_the_first_in_line(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=0) as here:
        agent = await here.agent(1, log_in=False)
        callers = [await here.waiting_caller(n) for n in (1, 2)]
        await here.edge.kill()
        await here.edge.start()
        await here.set_agent(1, "available")
        await serve_all(here, agent, callers)


async def test_callers_who_come_while_no_edge_lives_hear_music_and_keep_their_order(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=5, wrap_up_seconds=0) as here:
        agent = await here.agent(1)
        callers = [await here.caller(n) for n in (1, 2, 3, 4, 5)]
        await here.edge.kill()
        for caller in callers:
            await caller.call(here.slot.queue())
            await caller.wait_for("progress")
        await hears_on(*callers)
        await here.edge.start()
        await serve_all(here, agent, callers)


async def test_a_star_code_call_whose_edge_dies_is_ended_and_counts_once(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1, log_in=False)
        await agent.call("*45")
        await wait_until(lambda: here.events("agent_changed"), "the change is made", every=0.005)
        await here.edge.kill()
        assert agent.in_call
        await start_again(here)
        await agent.wait_for("closed", 20)
        assert (await here.agent_state(1))["status"] == "available"
        changes = [one for one in await here.events("agent_changed") if "status" in one]
        assert [change["status"] for change in changes] == ["available"]
