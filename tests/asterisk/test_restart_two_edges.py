"""Two edges serve one site: they share the work, and when one dies the other has all its calls."""

import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lab.phone import Phone
from lab.ports import free_port
from lab.processes import EdgeProcess
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import (
    hears_on,
    living,
    never_in_silence,
    owned_by,
    second_edge,
    taken_over,
)

TAKEN_WITHIN_SECONDS = 6.0
"""Lease 3 s, beat 0.5 s, and what a busy machine adds."""


@asynccontextmanager
async def another_edge(here: Office) -> AsyncIterator[EdgeProcess]:
    """A second edge, serving; stopped in the end."""
    edge = second_edge(here, free_port())
    await edge.start()
    try:
        yield edge
    finally:
        await edge.stop()


async def six_callers(here: Office) -> list[Phone]:
    """In line in this order, some of them at either edge (31 times in 32)."""
    callers = [await here.waiting_caller(n) for n in range(1, 7)]
    assert await here.callers_in_line() == [caller.number for caller in callers]
    return callers


async def serve(agent: Phone, callers: list[Phone]) -> None:
    """The agent takes these callers, who must come in this order."""
    for caller in callers:
        await talk(caller, agent)
        await agent.hang_up()
        await caller.wait_for("closed")


async def offered_once_each(here: Office, callers: int) -> bool:
    entries = [event["entry"] for event in await here.events("entry_offered")]
    return len(entries) == len(set(entries)) == callers


async def test_two_edges_share_one_line_and_serve_it_in_order(office: OpenOffice) -> None:
    async with office(agents=1, callers=6, wrap_up_seconds=0) as here, another_edge(here):
        agent = await here.agent(1, log_in=False)
        callers = await six_callers(here)
        await here.set_agent(1, "available")
        await serve(agent, callers)
        assert await offered_once_each(here, 6)


async def test_one_of_two_edges_dies_and_the_other_has_its_calls_within_seconds(
    office: OpenOffice,
) -> None:
    async with office(agents=2, callers=6, wrap_up_seconds=0) as here:
        (survivor,) = await living(here)
        async with another_edge(here) as other:
            first, second = [await here.agent(n, log_in=False) for n in (1, 2)]
            callers = await six_callers(here)
            await here.set_agent(1, "available")
            await talk(callers[0], first)
            await here.set_agent(2, "available")
            assert (await second.wait_for("incoming")).peer == callers[1].number
            (dead,) = await living(here) - {survivor}
            owned = await owned_by(here, dead)
            await other.kill()
            began = time.monotonic()
            await taken_over(here, {dead})
            assert time.monotonic() - began < TAKEN_WITHIN_SECONDS
            taken = await here.events("entry_taken_over")
            assert {event["entry"] for event in taken} == owned
            await hears(callers[0], first, 1)
            await second.answer()
            await hears(second, callers[1])
            await first.hang_up()
            await callers[0].wait_for("closed")
            assert (await first.wait_for("incoming")).peer == callers[2].number
            await first.answer()
            await hears(first, callers[2])
            await second.hang_up()
            await here.set_agent(1, "logged_out")
            await serve(second, callers[3:])
            assert all(never_in_silence(caller) for caller in callers)
            assert await offered_once_each(here, 6)


async def test_of_two_edges_one_is_killed_and_comes_back_and_nobody_is_served_twice(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=6, wrap_up_seconds=0) as here, another_edge(here):
        agent = await here.agent(1, log_in=False)
        callers = await six_callers(here)
        places = [entry["id"] for entry in await here.line()]
        await here.edge.kill()
        await here.edge.start()
        await wait_until(lambda: _two_live(here), "both live, none is dead", 15)
        assert [entry["id"] for entry in await here.line()] == places
        await here.set_agent(1, "available")
        await serve(agent, callers)
        assert len(await here.events("entry_joined")) == 6
        assert await offered_once_each(here, 6)


async def _two_live(here: Office) -> bool:
    return len(await living(here)) == 2 and not await here.redis.zcard("{site}:dead")


async def test_an_edge_that_slept_too_long_finds_its_calls_taken_and_begins_anew(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=6, wrap_up_seconds=0) as here:
        (survivor,) = await living(here)
        async with another_edge(here) as other:
            agent = await here.agent(1, log_in=False)
            callers = await six_callers(here)
            (sleeper,) = await living(here) - {survivor}
            other.child.signal(signal.SIGSTOP)
            await taken_over(here, {sleeper})
            other.child.signal(signal.SIGCONT)
            await wait_until(lambda: _two_live(here), "it lives again, as another")
            assert sleeper not in await living(here)
            await hears_on(*callers)
            await here.set_agent(1, "available")
            await serve(agent, callers)
            assert all(never_in_silence(caller) for caller in callers)
            assert await offered_once_each(here, 6)
