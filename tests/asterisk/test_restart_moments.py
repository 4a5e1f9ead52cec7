"""The edge dies right after each of the facts of a busy minute: everybody is served once."""

from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears_music, talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import living, never_in_silence, start_again

ANSWERS = Behaviour(status=200, after_ms=150, talk_ms=1500)
ROUNDS = (1, 3, 4, 5, 6, 7, 8, 9, 11, 13)
"""After how many facts of a round the edge is killed; a round of three callers has about 24."""


async def until_fact(here: Office, number: int) -> None:
    """Return within a millisecond or two of the account's so-and-so-many-th fact."""
    await wait_until(lambda: _facts(here, number), f"{number} facts", every=0.001)


async def _facts(here: Office, number: int) -> bool:
    return int(await here.redis.xlen(f"{{{here.account}}}:events")) >= number


async def test_everybody_is_served_once_whenever_the_edge_is_killed(office: OpenOffice) -> None:
    async with office(agents=2, callers=3, ring_seconds=20, wrap_up_seconds=0) as here:
        callers = [await here.caller(n) for n in (1, 2, 3)]
        for n in (1, 2):
            await here.robot_agent(n, ANSWERS)
        for served, facts in enumerate(ROUNDS, start=1):
            before = len(await here.events())
            for caller in callers:
                await caller.call(here.slot.queue())
            await until_fact(here, before + facts)
            await here.edge.kill()
            await start_again(here)
            for caller in callers:
                await caller.wait_for("closed", 30)
            connected = await here.events("call_connected")
            assert len(connected) == len({event["entry"] for event in connected}) == 3 * served
            assert all(never_in_silence(caller) for caller in callers)
        for n in (1, 2):
            await here.agent_becomes(n, "idle")
        left = [event["disposition"] for event in await here.events("entry_left")]
        assert left == ["answered"] * 3 * len(ROUNDS)


async def test_a_caller_whose_edge_dies_right_after_claiming_the_call_is_served(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, wrap_up_seconds=0) as here:
        agent = await here.agent(1, log_in=False)
        caller = await here.caller(1)

        async def is_claimed() -> bool:
            ours = await living(here)
            apps = [app for app in await here.ari("applications") if app["name"] in ours]
            return any(app["channel_ids"] for app in apps)

        for _ in range(4):
            await caller.call(here.slot.queue())
            await wait_until(is_claimed, "the edge has the call", every=0.001)
            await here.edge.kill()
            await start_again(here)
            await wait_until(lambda: here.stands_in_line(caller.number), "in line")
            assert await here.callers_in_line() == [caller.number]
            await here.set_agent(1, "available")
            await talk(caller, agent)
            await here.set_agent(1, "logged_out")
            await caller.hang_up()
            await agent.wait_for("closed")


async def test_a_caller_whose_edge_dies_before_the_place_is_written_keeps_the_music(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=2, wrap_up_seconds=0) as here:
        agent = await here.agent(1, log_in=False)
        await here.redis_process.kill()
        await here.redis.connection_pool.disconnect()
        callers = [await here.caller(n) for n in (1, 2)]
        for caller in callers:
            await caller.call(here.slot.queue())
            await caller.wait_for("answered")
            await hears_music(caller)
        await here.edge.kill()
        await here.redis_process.start()
        await start_again(here)

        async def both_in_line() -> bool:
            return await here.callers_in_line() == [caller.number for caller in callers]

        await wait_until(both_in_line, "both are in line, in the order they came")
        await here.set_agent(1, "available")
        for caller in callers:
            await talk(caller, agent)
            await agent.hang_up()
            await caller.wait_for("closed")
        assert all(never_in_silence(caller) for caller in callers)
