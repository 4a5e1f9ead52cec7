"""Whose phone rings for whom, in which order: robots at the agents' desks, and their own logs."""

import asyncio
from collections.abc import Mapping

from lab.phone import Phone
from lab.sipp import SippPhone
from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.office import Office

BRIEF = Behaviour(after_ms=50, talk_ms=100)
"""Answers at once, says a word and hangs up."""
SILENT = Behaviour(status=None)
"""Rings and is never picked up."""
CHATTY = Behaviour(after_ms=50)
"""Answers at once and talks until the caller hangs up."""

Robots = Mapping[int, SippPhone]


async def robots(here: Office, behaviours: Mapping[int, Behaviour]) -> Robots:
    """These agents are logged in, each with a phone that behaves so."""
    started = await asyncio.gather(*(here.robot_agent(n, how) for n, how in behaviours.items()))
    return dict(zip(behaviours, started, strict=True))


def rung(phones: Robots) -> list[int]:
    """The agents whose phones were rung, in the order of their INVITEs."""
    calls = [(call.at("incoming"), n) for n, phone in phones.items() for call in phone.calls()]
    return [n for _, n in sorted(calls)]


async def one_call(here: Office, phones: Robots, caller: Phone) -> None:
    """The caller calls, is answered by somebody in the end, and everybody is idle again."""
    before = len(await here.events("call_completed"))
    await caller.call(here.slot.queue())
    await caller.wait_for("closed", 20)

    async def is_completed() -> bool:
        return len(await here.events("call_completed")) > before

    await wait_until(is_completed, "the call is over")
    for n in phones:
        await here.agent_becomes(n, "idle")
