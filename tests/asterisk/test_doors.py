"""Where calls come in: phones, the carrier, strangers, and the door while no edge lives."""

from pathlib import Path

import pytest

from edge.ports.prompts import Prompt
from lab.capture import Capture
from lab.numbers import Slot, phones_of
from lab.phone import Phone
from lab.ports import free_port
from lab.processes import AsteriskProcess, AsteriskSettings
from lab.timing import HostJitter
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music, talk, was_told
from tests.asterisk.office import Office

OUTSIDE = "13125550142"
"""Who calls from outside."""


async def refused(phone: Phone, number: str) -> int | None:
    """Dial; the status of the refusal, which must come within a second and without an answer."""
    await phone.call(number)
    closed = await phone.wait_for("closed", 1)
    assert phone.seen("answered") == []
    return closed.status


async def test_a_call_from_the_carrier_waits_with_music_and_the_agent_sees_its_number(
    office: OpenOffice,
) -> None:
    async with office(agents=1) as here:
        caller = await here.outside_phone(OUTSIDE, tone_hz=900)
        await caller.call(here.slot.outside_number())
        await caller.wait_for("answered")
        await hears_music(caller)
        assert await here.callers_in_line() == [OUTSIDE]
        agent = await here.agent(1)
        await talk(caller, agent)


@pytest.mark.parametrize("prefix", ["", "+"])
async def test_the_carrier_may_write_the_number_with_a_plus(
    office: OpenOffice, prefix: str
) -> None:
    async with office(agents=1) as here:
        caller = await here.outside_phone(OUTSIDE)
        await caller.call(prefix + here.slot.outside_number())
        await caller.wait_for("answered")
        await wait_until(lambda: here.stands_in_line(OUTSIDE), "the caller stands in line")


async def test_an_outside_number_that_nobody_has_is_refused_at_once(office: OpenOffice) -> None:
    async with office(agents=1) as here:
        caller = await here.outside_phone(OUTSIDE)
        assert await refused(caller, here.slot.outside_number(7)) == 404
        assert await here.events("entry_joined") == []


async def test_an_inside_number_that_nobody_has_is_refused_at_once(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        caller = await here.caller(1)
        assert await refused(caller, here.slot.queue(7)) == 404


async def test_a_number_outside_of_the_dialplan_is_refused_at_once(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        caller = await here.caller(1)
        assert await refused(caller, "999") == 404


async def test_a_phone_cannot_pose_as_the_carrier(office: OpenOffice) -> None:
    """Neither by the carrier's name, nor by its number: only the carrier's address counts."""
    async with office(agents=1) as here:
        for name in (here.slot.carrier, "carrier", OUTSIDE):
            poser = await here.phone(name, registers=False, password="guessed")
            assert await refused(poser, here.slot.outside_number()) in {401, 403}
        assert await here.events("entry_joined") == []


async def test_a_stranger_and_a_wrong_password_get_the_same_answer(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        unknown = await here.phone("999999", registers=False, password="guessed")
        wrong = await here.phone(here.slot.caller(1), registers=False, password="guessed")
        for phone in (unknown, wrong):
            assert await refused(phone, here.slot.queue()) in {401, 403}
        assert await here.events("entry_joined") == []


async def test_phones_call_each_other_without_a_queue(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        agent = await here.agent(1, log_in=False)
        caller = await here.caller(1)
        await caller.call(agent.number)
        await talk(caller, agent)
        await caller.hang_up()
        await agent.wait_for("closed")
        assert await here.events("entry_joined") == []


async def test_a_phone_calls_the_outside(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        outside = await here.outside_phone(OUTSIDE, sip_port=5070, tone_hz=1700)
        caller = await here.caller(1)
        await caller.call(OUTSIDE)
        await talk(caller, outside)


async def test_the_music_begins_within_300_ms_of_the_invite(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=1, callers=1) as here:
        caller = await here.caller(1)
        async with (
            HostJitter(tmp_path / "jitter") as host,
            Capture(tmp_path / "call.pcap", here.pbx.sip_port, here.pbx.rtp_ports) as capture,
        ):
            await caller.call(here.slot.queue())
            await caller.wait_for("answered")
            await hears_music(caller)
        call_id = caller.recording.call_id
        trace = capture.trace()
        invited_at = trace.sip("INVITE", call_id=call_id)[0].at
        (stream,) = trace.heard_by_phone(call_id)
        music = stream.sound().between(0, 0.1)
        assert host.stalls is not None
        assert stream.started_at - invited_at < 0.3 + host.stalls.worst_ms / 1000
        assert music.dbfs() > -50


async def test_a_caller_hears_music_unanswered_until_an_edge_comes(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, with_edge=False) as here:
        caller = await here.caller(1)
        await caller.call(here.slot.queue())
        await caller.wait_for("progress")
        await hears_music(caller, 2)
        assert caller.seen("answered") == []
        await here.edge.start()
        await caller.wait_for("answered")
        await hears_music(caller)
        agent = await here.agent(1)
        await talk(caller, agent)


async def test_five_callers_who_come_while_no_edge_lives_keep_their_order(
    office: OpenOffice,
) -> None:
    async with office(agents=1, callers=5, with_edge=False) as here:
        callers = [await here.caller(n) for n in (3, 1, 5, 2, 4)]
        for caller in callers:
            await caller.call(here.slot.queue())
            await caller.wait_for("progress")
        await here.edge.start()
        agent = await here.agent(1)
        ringing = await agent.wait_for("incoming")
        assert ringing.peer == callers[0].number

        async def all_stand_in_line() -> bool:
            return len(await here.line()) == len(callers)

        await wait_until(all_stand_in_line, "all five stand in line")
        assert await here.callers_in_line() == [caller.number for caller in callers]
        await agent.answer()
        await hears(callers[0], agent)


async def test_a_caller_who_gives_up_while_no_edge_lives_is_gone(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, with_edge=False) as here:
        caller = await here.caller(1)
        await caller.call(here.slot.queue())
        await caller.wait_for("progress")
        await caller.hang_up()
        await wait_until(lambda: no_channel(here), "the channel is gone")
        await here.edge.start()
        assert await here.line() == []


async def no_channel(here: Office) -> bool:
    return not await here.channels()


async def test_after_a_while_without_an_edge_the_caller_is_told_sorry_and_refused(
    slot: Slot, tmp_path: Path
) -> None:
    settings = AsteriskSettings(
        sip_port=free_port(),
        ari_port=free_port(),
        rtp_start=9000,
        rtp_end=9998,
        patience_seconds=2,
    )
    async with AsteriskProcess(tmp_path, settings, extra_pjsip=phones_of([slot.slot])) as alone:
        caller = await Phone.start(
            slot.caller(1), server=alone.sip_address, folder=tmp_path / "phone"
        )
        try:
            await caller.wait_registered()
            await caller.call(slot.queue())
            await caller.wait_for("progress")
            await hears_music(caller)
            closed = await caller.wait_for("closed", 15)
            assert closed.status == 503
            assert caller.seen("answered") == []
            assert was_told(caller, Prompt.SORRY_NO_EDGE)
        finally:
            await caller.stop()
