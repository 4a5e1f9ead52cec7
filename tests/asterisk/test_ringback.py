"""Calls that are answered only when an agent answers, and ringback in place of music."""

import time

from lab.audio import tones_heard
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import heard_in_this_call, hears, talk
from tests.asterisk.office import Office

RINGBACK_HZ = (440.0, 480.0)


async def rings(here: Office) -> Phone:
    """A caller who stands in the line and whose call was not answered."""
    caller = await here.caller()
    await caller.call(here.slot.queue())
    await caller.wait_for("ringing")
    await wait_until(lambda: here.stands_in_line(caller.number), "in line")
    return caller


async def test_the_call_is_answered_when_an_agent_answers(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, answer_on="agent") as here:
        agent = await here.agent(1, log_in=False)
        caller = await rings(here)
        await here.set_agent(1, "available")
        await agent.wait_for("incoming")
        assert caller.seen("answered") == [], "nobody has answered yet"
        await agent.answer()
        await caller.wait_for("answered")
        await hears(caller, agent)
        await hears(agent, caller)


async def test_a_call_not_answered_rings_on_while_its_edge_is_killed(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, answer_on="agent") as here:
        agent = await here.agent(1, log_in=False)
        caller = await rings(here)
        await here.edge.kill()
        await here.restart_edge()
        await here.set_agent(1, "available")
        await agent.wait_for("incoming", 15)
        assert caller.seen("answered") == []
        assert caller.in_call
        await agent.answer()
        await hears(caller, agent)


async def test_who_hangs_up_unanswered_has_abandoned(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, answer_on="agent") as here:
        caller = await rings(here)
        await caller.hang_up()

        async def has_left() -> bool:
            left = await here.events("entry_left")
            return [one["disposition"] for one in left] == ["abandoned"]

        await wait_until(has_left, "abandoned")


async def test_ringback_is_heard_in_place_of_music(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, hold_sound="ringback") as here:
        agent = await here.agent(1, log_in=False)
        caller = await here.waiting_caller()
        begun = time.monotonic()

        def rings_twice() -> bool:
            heard = tones_heard(heard_in_this_call(caller), RINGBACK_HZ)
            return all(len(heard[hz]) >= 2 for hz in RINGBACK_HZ)

        await wait_until(rings_twice, "two rings", every=0.2)
        assert time.monotonic() - begun > 5, "a ring, a pause of 4 s, a ring"
        first, second = tones_heard(heard_in_this_call(caller), [440.0])[440.0][:2]
        assert 3.8 < second.start - first.end < 4.3
        await here.set_agent(1, "available")
        await talk(caller, agent)
