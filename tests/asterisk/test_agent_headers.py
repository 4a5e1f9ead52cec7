"""What arrives at the agent's phone: the headers of its INVITE, by the settings of the queue."""

from pathlib import Path
from typing import Any

from lab.capture import Capture
from lab.sip_message import SipMessage
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import talk


async def invite_of(office: OpenOffice, folder: Path, **settings: Any) -> SipMessage:
    """The INVITE that rings the agent for a caller, in a call that is then talked through."""
    async with office(agents=1, callers=1, **settings) as here:
        agent = await here.agent(1)
        pcap = folder / "call.pcap"
        async with Capture(pcap, here.pbx.sip_port, here.pbx.rtp_ports) as capture:
            caller = await here.waiting_caller()
            await talk(caller, agent)
        ringing = agent.seen("incoming")[-1]
        [invite] = capture.trace().sip("INVITE", call_id=ringing.call_id)
        await caller.hang_up()
        return invite


async def test_by_default_the_invite_tells_of_the_caller_only(
    office: OpenOffice, tmp_path: Path, slot: Any
) -> None:
    invite = await invite_of(office, tmp_path)
    caller = slot.caller(1)
    assert invite.header("From").startswith(f'"Test {caller}" <sip:{caller}@127.0.0.1>')
    for name in ("P-Asserted-Identity", "Remote-Party-ID", "Call-Info", "Alert-Info"):
        assert invite.header(name) == "", name
    assert invite.number("To") != slot.agent(1), "the contact that the phone registered"


async def test_the_queue_in_identity_headers(office: OpenOffice, tmp_path: Path, slot: Any) -> None:
    invite = await invite_of(office, tmp_path, p_asserted_identity=True, remote_party_id=True)
    queue = f'"Main" <sip:{slot.queue()}@127.0.0.1>'
    assert invite.headers["p-asserted-identity"] == [queue]
    assert invite.headers["remote-party-id"] == [f"{queue};party=calling;privacy=off;screen=yes"]
    assert invite.number("From") == slot.caller(1), "From is the caller's all the same"


async def test_the_agents_extension_in_to(office: OpenOffice, tmp_path: Path, slot: Any) -> None:
    invite = await invite_of(office, tmp_path, extension_in_to_header=True)
    assert invite.number("To") == slot.agent(1)
    assert invite.target.startswith(f"sip:{slot.agent(1)}@")


async def test_a_prefix_automatic_answer_and_headers_of_the_sites_own(
    office: OpenOffice, tmp_path: Path, slot: Any
) -> None:
    odd = 'a; b=c, "d" ${EXTEN} é'
    invite = await invite_of(
        office,
        tmp_path,
        caller_name_prefix="Support: ",
        auto_answer=True,
        sip_headers={"X-Queue": "main", "X-Odd": odd},
    )
    shown = f"Support: Test {slot.caller(1)}"
    assert invite.header("From").startswith(f'"{shown}" <sip:{slot.caller(1)}@')
    assert invite.header("Call-Info") == "<sip:127.0.0.1>;answer-after=0"
    assert invite.header("Alert-Info") == "<sip:127.0.0.1>;info=alert-autoanswer"
    assert invite.header("X-Queue") == "main"
    assert invite.header("X-Odd") == odd
