"""Phones are added one after the other while the first rings on; the first answer has the call."""

from pathlib import Path

from lab.capture import Capture
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, hears_music
from tests.asterisk.test_ringall import ELSEWHERE, reasons, reasons_of_cancel

STEP_SECONDS = 3
PROGRESSIVELY = {
    "strategy": "ring-progressively",
    "ring_step_seconds": STEP_SECONDS,
    "ring_seconds": 60,
    "wrap_up_seconds": 0,
}


async def test_one_phone_more_rings_after_each_step_and_the_first_answer_wins(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=3, callers=1, **PROGRESSIVELY) as here:
        agents = [await here.agent(n) for n in (1, 2, 3)]
        pcap = tmp_path / "call.pcap"
        async with Capture(pcap, here.pbx.sip_port, here.pbx.rtp_ports) as capture:
            caller = await here.waiting_caller()
            first = await agents[0].wait_for("incoming")
            assert not agents[1].seen("incoming"), "not before the step"
            second = await agents[1].wait_for("incoming")
            assert agents[0].in_call, "the first rings on"
            assert not agents[0].seen("closed")
            await hears_music(caller, 1)
            await agents[1].answer()
            await hears(caller, agents[1])
            await hears(agents[1], caller)
            await agents[0].wait_for("closed")
        assert not agents[2].seen("incoming"), "nobody is added once the call is taken"
        trace = capture.trace()
        [began] = trace.sip("INVITE", call_id=str(first.call_id))
        [joined] = trace.sip("INVITE", call_id=str(second.call_id))
        assert STEP_SECONDS - 0.2 < joined.at - began.at < STEP_SECONDS + 1.5
        assert ELSEWHERE in reasons_of_cancel(trace, str(first.call_id))
        assert await reasons(here) == ["cancelled"], "nobody missed a call"
        await here.agent_becomes(1, "idle")
        await caller.hang_up()


async def test_the_step_is_kept_when_the_edge_is_killed_in_it(office: OpenOffice) -> None:
    async with office(agents=2, callers=1, **PROGRESSIVELY) as here:
        agents = [await here.agent(n) for n in (1, 2)]
        caller = await here.waiting_caller()
        await agents[0].wait_for("incoming")
        await here.edge.kill()
        await here.restart_edge()
        await agents[1].wait_for("incoming")
        assert len(agents[0].seen("incoming")) == 1, "rings on through it all"
        assert agents[0].in_call
        await agents[0].answer()
        await hears(caller, agents[0])
        await agents[1].wait_for("closed")
        assert await reasons(here) == ["cancelled"]
        await caller.hang_up()
