"""Agents' phones ring for callers who wait: answered, not answered, busy, refused, gone."""

from itertools import pairwise
from pathlib import Path

import pytest

from lab.capture import Capture
from lab.phone import Phone
from lab.sipp_scenarios import Behaviour
from lab.timing import HostJitter
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, talk
from tests.asterisk.office import Office

SILENT = Behaviour(status=None)
"""A phone that rings and is never picked up."""


async def offers_to(here: Office, n: int) -> int:
    """How often a queue has offered a caller to the n-th agent."""
    return sum(one["user"] == f"user_a{n}" for one in await here.events("entry_offered"))


async def failures(here: Office) -> list[tuple[str, str]]:
    """How each leg that came to nothing ended: the user and the reason, in order."""
    return [(one["user"], one["reason"]) for one in await here.events("leg_ended")]


async def first_in_line(here: Office, caller: Phone) -> None:
    assert (await here.callers_in_line())[:1] == [caller.number]


async def test_nobody_is_available_and_the_caller_waits_on_until_an_agent_logs_in(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1, log_in=False)
        caller = await here.waiting_caller()
        await hears_music(caller, 2)
        assert agent.seen("incoming") == []
        await first_in_line(here, caller)
        await here.set_agent(1, "available")
        ringing = await agent.wait_for("incoming", 1)
        assert ringing.peer == caller.number
        await agent.answer()
        await hears(caller, agent)
        assert await offers_to(here, 1) == 1


async def test_an_agent_does_not_answer_and_the_next_one_rings(office: OpenOffice) -> None:
    async with office(agents=2, callers=1, ring_seconds=1) as here:
        await here.robot_agent(1, SILENT)
        second = await here.agent(2)
        caller = await here.waiting_caller()
        joined = (await here.line())[0]
        await talk(caller, second)
        assert await failures(here) == [("user_a1", "no_answer")]
        assert len(await here.events("entry_joined")) == 1
        assert [event["entry"] for event in await here.events("call_connected")] == [joined["id"]]


async def test_the_caller_keeps_place_and_music_while_nobody_answers(office: OpenOffice) -> None:
    async with office(agents=1, callers=2, ring_seconds=1) as here:
        agent = await here.robot_agent(1, SILENT)
        first = await here.waiting_caller(1)
        second = await here.waiting_caller(2)
        await agent.wait_for("incoming", 2)
        assert await here.callers_in_line() == [first.number, second.number]
        await hears_music(first)
        await hears_music(second)


async def test_a_lone_agent_rings_again_in_a_new_round_and_not_at_once(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, ring_seconds=1, retry_seconds=1) as here:
        agent = await here.robot_agent(1, SILENT)
        await here.waiting_caller()
        await agent.wait_for("incoming", 3)
        began = [call.at("incoming") for call in agent.calls()]
        rounds = [later - before for before, later in pairwise(began)]
        assert all(1.9 < seconds < 4 for seconds in rounds), rounds
        assert await offers_to(here, 1) == 3


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        pytest.param(Behaviour(486, rings=False), "busy", id="busy-486"),
        pytest.param(Behaviour(600, rings=False), "busy", id="busy-everywhere-600"),
        pytest.param(Behaviour(480, rings=False), "busy", id="do-not-disturb-480"),
        pytest.param(Behaviour(486, after_ms=200), "refused", id="rejected-486-after-180"),
        pytest.param(Behaviour(603, after_ms=200), "refused", id="declined-603-after-180"),
        pytest.param(Behaviour(603, rings=False), "refused", id="declined-603"),
    ],
)
async def test_an_agent_is_busy_or_refuses_and_the_next_one_rings(
    office: OpenOffice, behaviour: Behaviour, reason: str
) -> None:
    async with office(agents=2, callers=1) as here:
        await here.robot_agent(1, behaviour)
        second = await here.agent(2, log_in=False)
        caller = await here.waiting_caller()
        await wait_until(lambda: failures(here), "the first agent's leg has ended")
        await first_in_line(here, caller)
        await hears_music(caller)
        await here.set_agent(2, "available")
        await talk(caller, second)
        assert await failures(here) == [("user_a1", reason)]
        # Both back off for ten seconds: the caller's next round does not ring them.
        assert await offers_to(here, 1) == 1


async def test_a_phone_that_is_not_registered_is_not_rung_until_it_is(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        await here.set_agent(1, "available")
        caller = await here.waiting_caller()
        await hears_music(caller, 2)
        assert await offers_to(here, 1) == 0
        assert (await here.agent_state(1))["device"] == "unreachable"
        agent = await here.agent(1, log_in=False)
        await agent.wait_for("incoming", 2)
        await agent.answer()
        await hears(caller, agent)


async def test_a_phone_that_unregisters_is_passed_over_and_rung_when_it_is_back(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1)
        await agent.unregister()
        await here.device_becomes(1, "unreachable")
        caller = await here.waiting_caller()
        await hears_music(caller)
        assert await offers_to(here, 1) == 0
        await agent.register()
        await talk(caller, agent)


async def test_a_phone_vanishes_and_the_next_agent_rings_when_the_ring_time_is_over(
    office: OpenOffice,
) -> None:
    async with office(agents=2, callers=1, ring_seconds=1) as here:
        gone = await here.agent(1)
        second = await here.agent(2, log_in=False)
        await gone.vanish()
        caller = await here.waiting_caller()
        await wait_until(lambda: failures(here), "the vanished phone was given up")
        await here.set_agent(2, "available")
        await talk(caller, second)
        # Asterisk asks each phone every ten seconds whether it is there.
        await here.device_becomes(1, "unreachable", 20)
        # The registration that it left behind is replaced, and taken back at the end.
        await here.agent(1, log_in=False)


async def test_the_caller_hangs_up_and_the_ringing_stops_at_once(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        ringing = await agent.wait_for("incoming")
        pcap = tmp_path / "call.pcap"
        async with (
            HostJitter(tmp_path / "jitter") as host,
            Capture(pcap, here.pbx.sip_port, here.pbx.rtp_ports) as capture,
        ):
            await caller.hang_up()
            await agent.wait_for("closed")
        trace = capture.trace()
        bye = trace.sip("BYE", call_id=caller.recording.call_id)[0]
        (cancel,) = trace.sip("CANCEL", call_id=ringing.call_id)
        assert host.stalls is not None
        assert cancel.at - bye.at < 0.2 + host.stalls.worst_ms / 1000
        await here.agent_becomes(1, "idle")
        assert await failures(here) == [("user_a1", "cancelled")]
