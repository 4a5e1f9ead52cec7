"""Who may not join the queue, who must leave it, and who has waited too long, on real phones."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edge.ports.prompts import Prompt
from lab.audio import music_heard
from lab.capture import Capture
from lab.phone import Phone
from lab.sipp_scenarios import Behaviour
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import (
    heard_in_this_call,
    hears,
    hears_music,
    the_tune,
    was_told,
)
from tests.asterisk.office import Office
from tests.asterisk.restarts import start_again

OUTSIDE = "13125550142"
FAREWELL_SECONDS = 15
CLOSED_TODAY = {"time_zone": "Europe/Berlin", "weekly": []}
REFUSALS = [
    pytest.param({"max_queue_length": 1}, "queue_full", Prompt.QUEUE_FULL, id="full"),
    pytest.param({"join_when_empty": False}, "join_empty", Prompt.NOBODY_AVAILABLE, id="empty"),
    pytest.param({"hours": CLOSED_TODAY}, "closed", Prompt.QUEUE_CLOSED, id="closed"),
    pytest.param({"divert_ratio": 0.5}, "diverted", Prompt.LINES_BUSY, id="diverted"),
]
SILENT = Behaviour(status=None)


async def dispositions(here: Office) -> list[str]:
    """How the entries ended so far, in order."""
    ends = [one for one in await here.events() if one["event"] in ("entry_left", "entry_rejected")]
    return [one["disposition"] for one in ends]


async def fill(here: Office, disposition: str) -> None:
    """Where the queue is to be full, one stands in it."""
    if disposition == "queue_full":
        await here.waiting_caller(9)


async def is_let_go(caller: Phone, prompt: Prompt) -> None:
    """The prompt is spoken to the caller, and then Asterisk ends the call."""
    closed = await caller.wait_for("closed", FAREWELL_SECONDS)
    assert not closed.by_us
    assert was_told(caller, prompt)


@pytest.mark.parametrize(("settings", "disposition", "prompt"), REFUSALS)
async def test_a_caller_from_outside_who_may_not_join_hears_why_and_is_hung_up(
    office: OpenOffice, settings: dict[str, Any], disposition: str, prompt: Prompt
) -> None:
    async with office(agents=1, callers=9, **settings) as here:
        await fill(here, disposition)
        caller = await here.outside_phone(OUTSIDE)
        await caller.call(here.slot.outside_number())
        await caller.wait_for("answered")
        await is_let_go(caller, prompt)
        heard = caller.recording.sound()
        assert not music_heard(heard.between(0, 1), music=the_tune())
        assert await dispositions(here) == [disposition]
        assert not await here.stands_in_line(OUTSIDE)


@pytest.mark.parametrize(("settings", "disposition", "prompt"), REFUSALS)
async def test_a_caller_from_inside_who_may_not_join_gets_486_and_nothing_before(
    office: OpenOffice,
    tmp_path: Path,
    settings: dict[str, Any],
    disposition: str,
    prompt: Prompt,
) -> None:
    async with office(agents=1, callers=9, **settings) as here:
        await fill(here, disposition)
        caller = await here.caller(1)
        pcap = tmp_path / "refused.pcap"
        async with Capture(pcap, here.pbx.sip_port, here.pbx.rtp_ports) as capture:
            await caller.call(here.slot.queue())
            closed = await caller.wait_for("closed", 2)
        assert closed.status == 486
        assert closed.call_id is not None
        answers = {
            message.status
            for message in capture.trace().messages
            if message.call_id == closed.call_id and message.method == "INVITE"
        }
        assert answers - {None, 100, 401} == {486}, "no 200, no 18x"
        assert await dispositions(here) == [disposition]


async def test_a_place_that_becomes_free_is_taken(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, max_queue_length=1) as here:
        first = await here.waiting_caller(1)
        second = await here.caller(2)
        await second.call(here.slot.queue())
        assert (await second.wait_for("closed", 2)).status == 486
        await first.hang_up()
        await wait_until(lambda: here.events("entry_left"), "the first has left")
        await second.call(here.slot.queue())
        await second.wait_for("answered")
        await hears_music(second)


async def test_an_agent_who_is_there_lets_callers_join(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, join_when_empty="strict") as here:
        agent = await here.agent(1)
        caller = await here.caller(1)
        await here.set_agent(1, "paused")
        await caller.call(here.slot.queue())
        assert (await caller.wait_for("closed", 2)).status == 486
        await here.set_agent(1, "available")
        await caller.call(here.slot.queue())
        await agent.wait_for("incoming")
        await agent.answer()
        await hears(caller, agent)


# --- leaving


async def test_all_leave_when_the_last_agent_logs_out(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, leave_when_empty=True) as here:
        await here.robot_agent(1, Behaviour(486, rings=False))
        callers = [await here.waiting_caller(n) for n in (1, 2)]
        await hears_music(callers[1])
        await here.set_agent(1, "logged_out")
        await asyncio.gather(*(is_let_go(one, Prompt.NOBODY_AVAILABLE) for one in callers))
        assert await dispositions(here) == ["leave_empty", "leave_empty"]


async def test_all_leave_when_the_last_phone_is_unregistered(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, leave_when_empty="strict", ring_seconds=60) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await agent.reject()
        await hears_music(caller)
        await agent.unregister()
        await is_let_go(caller, Prompt.NOBODY_AVAILABLE)
        assert await dispositions(here) == ["leave_empty"]


# --- the longest wait


async def test_the_longest_wait_is_over_and_the_caller_is_told_and_hung_up(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, timeout_seconds=3) as here:
        caller = await here.waiting_caller()
        await hears_music(caller, 1.5)
        await is_let_go(caller, Prompt.WAIT_IS_OVER)
        assert await dispositions(here) == ["timed_out"]
        (left,) = await here.events("entry_left")
        assert 3_000 <= left["waited_ms"] < 3_500


async def test_a_phone_that_rings_at_the_end_of_the_wait_may_be_answered(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, timeout_seconds=2) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await hears_music(caller, 3)
        await agent.answer()
        await hears(caller, agent)
        await caller.hang_up()
        await wait_until(lambda: dispositions(here), "the call is over")
        assert await dispositions(here) == ["answered"]


async def test_a_phone_that_rings_at_the_end_of_the_wait_is_the_last_one(
    office: OpenOffice,
) -> None:
    async with office(agents=2, callers=1, timeout_seconds=1, ring_seconds=3) as here:
        first = await here.robot_agent(1, SILENT)
        second = await here.agent(2)
        caller = await here.waiting_caller()
        await first.wait_for("incoming")
        await is_let_go(caller, Prompt.WAIT_IS_OVER)
        assert second.seen("incoming") == []
        assert await dispositions(here) == ["timed_out"]


async def test_the_end_of_the_wait_stops_the_ringing_where_the_queue_says_so(
    office: OpenOffice,
) -> None:
    async with office(
        agents=1, callers=1, timeout_seconds=2, timeout_lets_ring=False, ring_seconds=30
    ) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await agent.wait_for("incoming")
        await agent.wait_for("closed", 4)
        await is_let_go(caller, Prompt.WAIT_IS_OVER)
        await here.agent_becomes(1, "idle")
        assert await dispositions(here) == ["timed_out"]


async def test_a_wait_that_is_over_while_no_edge_lives_ends_with_the_farewell(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, timeout_seconds=3) as here:
        caller = await here.waiting_caller()
        await here.edge.kill()
        await hears_music(caller, 4)
        await start_again(here)
        await is_let_go(caller, Prompt.WAIT_IS_OVER)
        assert await dispositions(here) == ["timed_out"]


def hears_words(caller: Phone) -> bool:
    """Whether the last half second was no music."""
    sound = heard_in_this_call(caller)
    last = sound.between(max(0.0, sound.seconds - 0.5))
    return last.seconds >= 0.4 and not music_heard(last, music=the_tune())


async def test_an_edge_that_dies_in_the_farewell_is_followed_by_one_that_says_it(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1, timeout_seconds=1) as here:
        caller = await here.waiting_caller()
        await wait_until(lambda: here.events("entry_left"), "the wait is over")
        await wait_until(lambda: hears_words(caller), "the farewell is being said", every=0.1)
        await here.edge.kill()
        assert caller.in_call
        await here.restart_edge()
        await is_let_go(caller, Prompt.WAIT_IS_OVER)


async def test_who_hangs_up_at_once_is_a_short_abandon(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, short_abandon_seconds=4) as here:
        patient = await here.waiting_caller(1)
        await hears_music(patient, 4)
        hasty = await here.waiting_caller(2)
        await hasty.hang_up()
        await patient.hang_up()

        async def both_have_left() -> bool:
            return len(await dispositions(here)) == 2

        await wait_until(both_have_left, "both have left")
        assert sorted(await dispositions(here)) == ["abandoned", "short_abandon"]
