"""All phones ring for one caller: the first answer has the call, the others show no missed call."""

import asyncio
from functools import partial
from pathlib import Path

from edge.ports.prompts import Prompt
from lab.capture import Capture, Trace
from lab.phone import Phone
from lab.sipp_scenarios import Behaviour
from lab.timing import HostJitter
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, was_told
from tests.asterisk.office import Office
from tests.asterisk.test_crossings import edge_asleep

RINGALL = {"strategy": "ringall", "wrap_up_seconds": 0}
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


async def all_ring(caller: Phone, *agents: Phone) -> list[str]:
    """Every agent's phone rings for this caller; the Call-IDs."""
    incoming = [await agent.wait_for("incoming") for agent in agents]
    assert {ringing.peer for ringing in incoming} == {caller.number}
    return [str(ringing.call_id) for ringing in incoming]


def reasons_of_cancel(trace: Trace, call_id: str) -> list[str]:
    """The Reason headers of the CANCEL that ended this call; none where there was no CANCEL."""
    cancels = trace.sip("CANCEL", call_id=call_id)
    return [reason for cancel in cancels for reason in cancel.headers.get("reason", [])]


async def reasons(here: Office) -> list[str]:
    return [one["reason"] for one in await here.events("leg_ended")]


async def test_the_first_answer_has_the_call_and_the_others_hear_of_it_at_once(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=3, callers=1, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2, 3)]
        pcap = tmp_path / "call.pcap"
        async with (
            HostJitter(tmp_path / "jitter") as host,
            Capture(pcap, here.pbx.sip_port, here.pbx.rtp_ports) as capture,
        ):
            caller = await here.waiting_caller()
            first, won, third = await all_ring(caller, *agents)
            await hears_music(caller, 1)
            await agents[1].answer()
            await hears(caller, agents[1])
            await hears(agents[1], caller)
            for loser in (agents[0], agents[2]):
                await loser.wait_for("closed")
        trace = capture.trace()
        answered = trace.sip("INVITE", status=200, call_id=won)[0].at
        assert host.stalls is not None
        for lost in (first, third):
            assert ELSEWHERE in reasons_of_cancel(trace, lost)
            [cancel] = trace.sip("CANCEL", call_id=lost)
            assert cancel.at - answered < 0.2 + host.stalls.worst_ms / 1000
        assert await reasons(here) == ["cancelled", "cancelled"]
        for n in (1, 3):
            await here.agent_becomes(n, "idle")
        await caller.hang_up()


async def test_the_caller_hangs_up_and_all_phones_stop_with_a_missed_call(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=3, callers=1, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2, 3)]
        caller = await here.waiting_caller()
        rung = await all_ring(caller, *agents)
        pcap = tmp_path / "call.pcap"
        async with (
            HostJitter(tmp_path / "jitter") as host,
            Capture(pcap, here.pbx.sip_port, here.pbx.rtp_ports) as capture,
        ):
            await caller.hang_up()
            for agent in agents:
                await agent.wait_for("closed")
        trace = capture.trace()
        bye = trace.sip("BYE", call_id=caller.recording.call_id)[0]
        assert host.stalls is not None
        for call_id in rung:
            [cancel] = trace.sip("CANCEL", call_id=call_id)
            assert cancel.at - bye.at < 0.2 + host.stalls.worst_ms / 1000
            assert ELSEWHERE not in reasons_of_cancel(trace, call_id)
        assert await reasons(here) == ["cancelled"] * 3


async def test_an_agent_who_logs_in_rings_along_and_one_who_refuses_ends_alone(
    office: OpenOffice,
) -> None:
    async with office(agents=3, callers=1, **RINGALL) as here:
        agents = [await here.agent(n, log_in=n < 3) for n in (1, 2, 3)]
        caller = await here.waiting_caller()
        await all_ring(caller, *agents[:2])
        await here.set_agent(3, "available")
        await all_ring(caller, agents[2])
        await agents[0].reject()
        await agents[0].wait_for("closed")
        assert agents[1].in_call
        assert agents[2].in_call
        await agents[2].answer()
        await hears(caller, agents[2])
        await agents[1].wait_for("closed")
        assert await reasons(here) == ["refused", "cancelled"]
        await caller.hang_up()


async def test_the_next_caller_rings_at_once_at_the_phone_that_lost_the_first(
    office: OpenOffice,
) -> None:
    """The phone has one line: dialled before its first ringing ended, it would be busy."""
    async with office(agents=2, callers=2, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2)]
        first = await here.waiting_caller(1)
        await all_ring(first, *agents)
        second = await here.waiting_caller(2)
        await agents[0].answer()
        await agents[1].wait_for("closed")
        await all_ring(second, agents[1])
        await agents[1].answer()
        await hears(first, agents[0])
        await hears(second, agents[1])
        assert await reasons(here) == ["cancelled"]
        await first.hang_up()
        await second.hang_up()


async def connections(here: Office, count: int) -> bool:
    return len(await here.events("call_connected")) == count


async def winner_and_loser(here: Office, agents: list[Phone]) -> tuple[Phone, Phone]:
    await wait_until(lambda: here.events("call_answered"), "one has the call")
    [answered] = await here.events("call_answered")
    first, second = agents
    return (first, second) if answered["user"] == "user_a1" else (second, first)


async def test_of_two_who_answer_at_once_one_talks_and_one_is_told(office: OpenOffice) -> None:
    async with office(agents=2, callers=1, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2)]
        caller = await here.waiting_caller()
        await all_ring(caller, *agents)
        # The edge hears of both answers in one moment.
        with edge_asleep(here):
            await asyncio.gather(*(agent.answer() for agent in agents))
            for agent in agents:
                await agent.wait_for("answered")
        winner, loser = await winner_and_loser(here, agents)
        await here.agent_becomes(agents.index(loser) + 1, "idle", 1)
        assert loser.in_call, "free before the word is spoken"
        await hears(caller, winner)
        await loser.wait_for("closed")
        await wait_until(lambda: was_told(loser, Prompt.CALL_TAKEN), "told")
        assert len(await here.events("call_connected")) == 1
        assert await reasons(here) == ["cancelled"]
        await caller.hang_up()


async def test_the_next_caller_does_not_wait_for_the_word_to_a_late_agent(
    office: OpenOffice,
) -> None:
    async with office(agents=2, callers=2, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2)]
        first = await here.waiting_caller(1)
        rung = await all_ring(first, *agents)
        second = await here.waiting_caller(2)
        with edge_asleep(here):
            await asyncio.gather(*(agent.answer() for agent in agents))
            for agent in agents:
                await agent.wait_for("answered")
        winner, loser = await winner_and_loser(here, agents)
        ended = await loser.wait_for("closed")
        assert ended.call_id == rung[agents.index(loser)]
        [again] = await all_ring(second, loser)
        assert again != ended.call_id
        assert not was_told(loser, Prompt.CALL_TAKEN), "cut short"
        await loser.answer()
        await hears(second, loser)
        await hears(first, winner)
        assert await reasons(here) == ["cancelled"], "not busy"
        await first.hang_up()
        await second.hang_up()


async def test_of_two_who_answer_within_milliseconds_one_talks(office: OpenOffice) -> None:
    """Too late by so little: told, or ended by a BYE when the answer crossed the CANCEL."""
    async with office(agents=2, callers=1, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2)]
        caller = await here.caller(1)
        for calls in range(4):
            await caller.call(here.slot.queue())
            await all_ring(caller, *agents)
            await asyncio.gather(*(agent.answer() for agent in agents))
            await wait_until(lambda: sum(agent.in_call for agent in agents) == 1, "one is left")
            await wait_until(partial(connections, here, calls + 1), "connected")
            connected = await here.events("call_connected")
            [talking] = [n for n in (1, 2) if agents[n - 1].in_call]
            assert connected[-1]["user"] == f"user_a{talking}"
            await hears(caller, agents[talking - 1])
            await caller.hang_up()
            await agents[talking - 1].wait_for("closed")
            for n in (1, 2):
                await here.agent_becomes(n, "idle")


async def test_a_phone_whose_answer_crosses_the_cancel_is_not_left_on_the_line(
    office: OpenOffice,
) -> None:
    async with office(agents=2, callers=1, **RINGALL) as here:
        crossing = Behaviour(status=None, answers_cancel_with_200=True)
        robot = await here.robot_agent(1, crossing)
        agent = await here.agent(2)
        caller = await here.waiting_caller()
        await all_ring(caller, agent)
        await robot.wait_for("incoming")
        await agent.answer()
        await hears(caller, agent)
        await robot.wait_for("hung_up_on")
        await here.agent_becomes(1, "idle")
        await caller.hang_up()


async def test_phones_ring_on_when_the_edge_is_killed_and_one_answer_ends_the_others(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=3, callers=1, ring_seconds=60, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2, 3)]
        caller = await here.waiting_caller()
        rung = await all_ring(caller, *agents)
        await here.edge.kill()
        await here.restart_edge()
        await wait_until(lambda: here.agent_is(1, "ringing"), "taken over")
        assert [len(agent.seen("incoming")) for agent in agents] == [1, 1, 1]
        pcap = tmp_path / "call.pcap"
        async with Capture(pcap, here.pbx.sip_port, here.pbx.rtp_ports) as capture:
            await agents[0].answer()
            await hears(caller, agents[0])
            for loser in agents[1:]:
                await loser.wait_for("closed")
        for lost in rung[1:]:
            assert ELSEWHERE in reasons_of_cancel(capture.trace(), lost)
        await caller.hang_up()


async def test_with_the_accept_key_phones_ring_on_until_it_is_pressed(office: OpenOffice) -> None:
    async with office(agents=2, callers=1, agent_confirm=True, **RINGALL) as here:
        agents = [await here.agent(n) for n in (1, 2)]
        caller = await here.waiting_caller()
        await all_ring(caller, *agents)
        await agents[0].answer()
        await agents[0].wait_for("answered")
        await hears_music(caller, 1)
        assert agents[1].in_call, "rings on"
        await agents[1].answer()
        await agents[1].wait_for("answered")
        await agents[1].press("1")
        await hears(caller, agents[1])
        await agents[0].wait_for("closed")
        await wait_until(lambda: was_told(agents[0], Prompt.CALL_TAKEN), "told")
        await caller.hang_up()
