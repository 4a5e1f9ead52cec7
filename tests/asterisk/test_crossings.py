"""Things that happen at the same moment: an answer and a hang-up, a cancel and an answer."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.phone import Phone
from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears_music, talk
from tests.asterisk.office import Office


@contextmanager
def edge_asleep(here: Office) -> Iterator[None]:
    """Whatever happens meanwhile, the edge learns of it all at once."""
    here.edge.child.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        here.edge.child.signal(signal.SIGCONT)


async def test_answer_and_hang_up_cross_each_other(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1)
        caller = await here.caller(1)
        for step in range(20):
            answers_later = (step - 10) * 0.002
            await caller.call(here.slot.queue())
            await agent.wait_for("incoming")

            async def after(seconds: float, phone: Phone, answers: bool) -> None:
                await asyncio.sleep(seconds)
                await (phone.answer() if answers else phone.hang_up())

            await asyncio.gather(
                after(max(0.0, answers_later), agent, answers=True),
                after(max(0.0, -answers_later), caller, answers=False),
            )
            await wait_until(
                lambda: not caller.in_call and not agent.in_call, f"both are free, try {step}"
            )
            await here.agent_becomes(1, "idle")
            assert await here.line() == []
        left = await here.events("entry_left")
        assert len(left) == 20
        assert {one["disposition"] for one in left} <= {"answered", "abandoned"}


async def test_the_phone_answers_although_it_was_cancelled(office: OpenOffice) -> None:
    async with office(agents=1, callers=2) as here:
        robot = await here.robot_agent(1, Behaviour(None, answers_cancel_with_200=True))
        caller = await here.waiting_caller()
        await robot.wait_for("incoming")
        await caller.hang_up()
        call = await robot.wait_for("hung_up_on")
        assert call.answered
        await here.agent_becomes(1, "idle")
        left = await here.events("entry_left")
        assert [one["disposition"] for one in left] == ["abandoned"]


async def test_an_agent_who_answers_and_hangs_up_at_once_loses_no_caller(
    office: OpenOffice,
) -> None:
    """Before the bridge stood the caller waits on; afterwards it was a short conversation."""
    async with office(agents=1, callers=1, ring_seconds=5) as here:
        caller = await here.caller(1)
        for talk_ms in (1, 10, 40):
            robot = await here.robot_agent(1, Behaviour(after_ms=100, talk_ms=talk_ms))
            await caller.call(here.slot.queue())
            await robot.wait_for("hung_up")
            await here.set_agent(1, "logged_out")
            await wait_until(
                lambda: was_served_or_waits(here, caller), "the caller was served or waits on"
            )
            if caller.in_call:
                await hears_music(caller)
                await caller.hang_up()
            await caller.wait_for("closed")
            await here.agent_becomes(1, "idle")
            await robot.stop()


async def was_served_or_waits(here: Office, caller: Phone) -> bool:
    if not caller.in_call:
        return len(await here.events("call_completed")) > 0
    line = await here.line()
    return [entry["stage"] for entry in line] == ["waiting"]


async def test_an_agent_who_is_gone_before_the_bridge_stood_loses_no_caller(
    office: OpenOffice,
) -> None:
    async with office(agents=2, callers=1) as here:
        agent = await here.agent(1)
        second = await here.agent(2, log_in=False)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        with edge_asleep(here):
            await agent.answer()
            await agent.wait_for("answered")
            await agent.hang_up()
            await agent.wait_for("closed")
        await here.agent_becomes(1, "idle")
        assert await here.callers_in_line() == [caller.number]
        await hears_music(caller)
        await here.set_agent(2, "available")
        await talk(caller, second)


@pytest.mark.parametrize("first", ["answer", "hang-up"])
async def test_an_answer_and_a_hang_up_that_are_learned_together_leave_nobody_stuck(
    office: OpenOffice, first: str
) -> None:
    async with office(agents=1, callers=2) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller(1)
        await agent.wait_for("incoming")
        with edge_asleep(here):
            if first == "answer":
                await agent.answer()
                await agent.wait_for("answered")
                await caller.hang_up()
            else:
                await caller.hang_up()
                await agent.answer()
            await caller.wait_for("closed")
        await agent.wait_for("closed")
        await here.agent_becomes(1, "idle")
        assert await here.line() == []
        # The agent is as ready as before.
        await talk(await here.waiting_caller(2), agent)
