"""Redis dies and may have lost its last moves, or all: the edge asserts what it owns."""

import shutil
from enum import StrEnum

import pytest

from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import hears_on, listening, never_in_silence
from tests.fakes.redis_server import cut_append_only_file

LOST_COMMANDS = 50


class Loss(StrEnum):
    """What Redis has forgotten when it is back."""

    NOTHING = "nothing"
    LAST_MOVES = "its last 50 commands"
    EVERYTHING = "everything"


def lose(here: Office, loss: Loss) -> None:
    """Take it from the dead server's disk."""
    folder = here.redis_process.append_only_folder
    match loss:
        case Loss.NOTHING:
            pass
        case Loss.LAST_MOVES:
            assert cut_append_only_file(folder, LOST_COMMANDS) == LOST_COMMANDS
        case Loss.EVERYTHING:
            shutil.rmtree(folder)


async def kill_redis(here: Office) -> None:
    await here.redis_process.kill()
    # The test's own connections are broken as well; they begin anew.
    await here.redis.connection_pool.disconnect()


async def is_asserted(here: Office) -> None:
    """The edge has made itself known in this run of Redis."""
    run = (await here.redis.info("server"))["run_id"]

    async def has_asserted() -> bool:
        return bool(await here.redis.get(f"{{{here.account}}}:asserted_run") == run)

    await wait_until(has_asserted, "the edge has asserted all it knows")


@pytest.mark.parametrize("loss", Loss)
async def test_redis_is_killed_and_lost_moves_and_every_call_goes_on(
    office: OpenOffice, loss: Loss
) -> None:
    async with office(agents=4, callers=5, ring_seconds=60, wrap_up_seconds=25) as here:
        first, second, third = [await here.agent(n, log_in=False) for n in (1, 2, 3)]
        await here.agent(4, log_in=False)
        async with listening(here) as listened:
            done = await here.waiting_caller(1)
            await here.set_agent(1, "available")
            await talk(done, first)
            await done.hang_up()
            await here.agent_becomes(1, "wrap_up")
            talking, ringing, third_in_line, fourth_in_line = [
                await here.waiting_caller(n) for n in (2, 3, 4, 5)
            ]
            await here.set_agent(2, "available")
            await talk(talking, second)
            await here.set_agent(3, "available")
            await third.wait_for("incoming")
            await here.agent_becomes(3, "ringing")
            await here.set_agent(4, "paused")
            states = [await here.agent_state(n) for n in (1, 2, 3, 4)]
            line = await here.line()
            events = len(await here.events())

            await kill_redis(here)
            lose(here, loss)
            await hears_on(talking, ringing, third_in_line, fourth_in_line)
            await here.redis_process.start()
            await is_asserted(here)

            assert [one["id"] for one in await here.line()] == [one["id"] for one in line]
            for n, state in zip((1, 2, 3, 4), states, strict=True):
                assert await here.agent_state(n) == state
            await hears(talking, second, 1)
            await third.answer()
            await hears(third, ringing)
            await hears(ringing, third)
        listened.without_gap(third_in_line, fourth_in_line)
        listened.without_gap(talking, speaker=second)
        assert never_in_silence(third_in_line)
        assert never_in_silence(fourth_in_line)
        asserted = await here.events("entry_asserted")
        if loss is Loss.NOTHING:
            assert len(await here.events()) >= events
        else:
            assert asserted
        if loss is Loss.EVERYTHING:
            assert {event["id"] for event in asserted} >= {one["id"] for one in line}
        await third.hang_up()
        await ringing.wait_for("closed")
        await here.agent_becomes(3, "wrap_up")
        await here.set_agent(4, "available")
        await here.agent_becomes(4, "ringing")
        ids = [one["entry"] for one in await here.events("entry_offered")]
        assert ids[-1] == line[1]["id"], "the next in line, as if nothing had been"


async def test_callers_who_come_while_redis_is_away_hear_music_and_are_in_line_afterwards(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=3, wrap_up_seconds=0) as here:
        agent = await here.agent(1, log_in=False)
        before = await here.waiting_caller(1)
        await kill_redis(here)
        later = [await here.caller(n) for n in (2, 3)]
        for caller in later:
            await caller.call(here.slot.queue())
            await caller.wait_for("answered")
            await hears_music(caller)
        await here.redis_process.start()
        callers = [before, *later]
        numbers = [caller.number for caller in callers]

        async def all_in_line() -> bool:
            return await here.callers_in_line() == numbers

        await is_asserted(here)
        await wait_until(all_in_line, "all are in line, in the order they came")
        await here.set_agent(1, "available")
        for caller in callers:
            await talk(caller, agent)
            await agent.hang_up()
            await caller.wait_for("closed")
        assert all(never_in_silence(caller) for caller in callers)


async def test_what_happens_while_redis_is_away_counts_when_it_is_back(office: OpenOffice) -> None:
    async with office(agents=2, callers=3, ring_seconds=60, wrap_up_seconds=1) as here:
        first, second = [await here.agent(n, log_in=False) for n in (1, 2)]
        talking, ringing, waiting = [await here.waiting_caller(n) for n in (1, 2, 3)]
        await here.set_agent(1, "available")
        await talk(talking, first)
        await here.set_agent(2, "available")
        await second.wait_for("incoming")
        await kill_redis(here)
        await talking.hang_up()
        await first.wait_for("closed")
        await waiting.hang_up()
        await second.answer()
        await second.wait_for("answered")
        await here.redis_process.start()
        await hears(second, ringing)
        await hears(ringing, second)
        await here.agent_becomes(1, "idle")
        await here.agent_becomes(2, "talking")
        assert await here.line() == []
        left = sorted(event["disposition"] for event in await here.events("entry_left"))
        assert left == ["abandoned", "answered"]


async def test_an_answer_counts_even_if_redis_was_away_until_the_ring_time_was_over(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, ring_seconds=2) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await here.agent_becomes(1, "ringing")
        await kill_redis(here)
        await agent.answer()
        await hears_on(caller, seconds=6)
        await here.redis_process.start()
        await hears(agent, caller)
        await hears(caller, agent)
        assert await here.events("leg_ended") == []
