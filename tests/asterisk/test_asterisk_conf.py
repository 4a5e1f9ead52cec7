"""asterisk-conf/ on a real Asterisk without an edge: starts clean, knows who calls, holds calls."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from lab.asterisk_conf import TEMPLATES
from lab.audio import Sound, heard, music_heard
from lab.phone import Phone, phones
from lab.phone_events import Happening
from lab.ports import free_port
from lab.processes import AsteriskProcess, AsteriskSettings
from lab.rtp import ULAW
from lab.sipp import SippCallers
from lab.sipp_scenarios import CallPlan
from lab.wait import wait_until

pytestmark = pytest.mark.asterisk

PROMPTS = Path(__file__).parents[2] / "edge/prompts/audio/en"
SORRY = Sound(ULAW[np.frombuffer((PROMPTS / "sorry-no-edge.ulaw").read_bytes(), dtype=np.uint8)])


@asynccontextmanager
async def lone_asterisk(folder: Path, patience_seconds: int = 60) -> AsyncIterator[AsteriskProcess]:
    settings = AsteriskSettings(
        sip_port=free_port(),
        ari_port=free_port(),
        rtp_start=40000,
        rtp_end=41998,
        patience_seconds=patience_seconds,
    )
    async with AsteriskProcess(folder, settings) as asterisk:
        yield asterisk


async def test_starts_without_a_complaint_and_with_every_module_of_the_list(tmp_path: Path) -> None:
    async with lone_asterisk(tmp_path) as asterisk:
        shown = await asterisk.cli("module show")
        assert asterisk.complaints() == []
    wanted = re.findall(r"^load = (\S+)", (TEMPLATES / "modules.conf").read_text(), re.MULTILINE)
    # The table cuts long names off.
    running = {line.split()[0][:30] for line in shown.splitlines() if " Running " in line}
    assert [name for name in wanted if name[:30] not in running] == []


async def test_a_stranger_can_not_tell_a_wrong_number_from_a_wrong_password(tmp_path: Path) -> None:
    async with lone_asterisk(tmp_path) as asterisk:
        known = _answer_to_invite(asterisk, "127.0.0.1", "301")
        unknown = _answer_to_invite(asterisk, "127.0.0.1", "999")
        claims_to_be_the_carrier = _answer_to_invite(asterisk, "127.0.0.1", "carrier")
        from_elsewhere = _answer_to_invite(asterisk, "127.0.0.9", "carrier")
    assert known.startswith("SIP/2.0 401")
    assert _shape(known) == _shape(unknown)
    assert _shape(known) == _shape(claims_to_be_the_carrier) == _shape(from_elsewhere)


async def test_the_carrier_is_known_by_its_address(tmp_path: Path) -> None:
    async with lone_asterisk(tmp_path) as asterisk:
        answer = _answer_to_invite(asterisk, "127.0.0.2", "15551234567")
        assert answer.startswith("SIP/2.0 100")


async def test_without_an_edge_a_caller_hears_music_then_sorry_and_is_never_answered(
    tmp_path: Path,
) -> None:
    async with lone_asterisk(tmp_path / "pbx", patience_seconds=5) as asterisk:
        caller = await Phone.start(
            "301", server=asterisk.sip_address, password="demo-301", folder=tmp_path / "301"
        )
        async with phones(caller):
            await caller.wait_registered()
            await caller.call("500")
            await caller.wait_for(Happening.CLOSED, 30.0)
            assert caller.seen(Happening.ANSWERED) == []
            sound = caller.recording.sound()
    # Half a second the call is offered first; then once a second for 50 ms.
    assert music_heard(sound, 1.0, 5.0)
    assert heard(sound, SORRY)


async def test_a_phone_begins_nowhere_but_at_the_door(tmp_path: Path) -> None:
    """A comma would be another place in the context; nobody dials what fetches media."""
    async with lone_asterisk(tmp_path / "pbx", patience_seconds=1) as asterisk:
        caller = await Phone.start(
            "301", server=asterisk.sip_address, password="demo-301", folder=tmp_path / "301"
        )
        async with phones(caller):
            await caller.wait_registered()
            for dialled in ("*45,hold", "*45,queue-edge-media", "fetch"):
                begun = len(caller.seen(Happening.CLOSED))
                await caller.call(dialled)
                await wait_until(
                    lambda begun=begun: len(caller.seen(Happening.CLOSED)) > begun,  # type: ignore[misc]
                    "it is over",
                    20.0,
                )
            assert caller.seen(Happening.ANSWERED) == []
        said = asterisk.complaints()
    assert "not claimed within 500ms" in said[0], "the first word of the door"
    assert [one for one in said if "not claimed" not in one and "'fetch'" not in one] == []


async def test_without_an_edge_the_carrier_gets_early_media_and_may_go_elsewhere(
    tmp_path: Path,
) -> None:
    async with lone_asterisk(tmp_path, patience_seconds=2) as asterisk:
        callers = await SippCallers.start(
            ["15551234567"],
            CallPlan(to="+12025550100"),
            server=asterisk.sip_address,
            folder=tmp_path,
        )
        (call,) = await callers.finished(30.0)
    assert "progress" in call.words
    assert call.status == 503
    assert call.seconds("dialled", "progress") < 1.5


def _answer_to_invite(asterisk: AsteriskProcess, address: str, user: str) -> str:
    """The first answer to an INVITE without a password."""
    host, port = asterisk.sip_address.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((address, 0))
        phone.settimeout(5)
        own = f"{address}:{phone.getsockname()[1]}"
        invite = (
            f"INVITE sip:12025550100@{host}:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {own};branch=z9hG4bK-{user}-{address}\r\n"
            f"From: <sip:{user}@{own}>;tag=1\r\nTo: <sip:12025550100@{host}>\r\n"
            f"Call-ID: {user}@{own}\r\nCSeq: 1 INVITE\r\nContact: <sip:{user}@{own}>\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        phone.sendto(invite.encode(), (host, int(port)))
        return phone.recv(4096).decode()


def _shape(answer: str) -> str:
    """The answer without what differs from call to call."""
    header_names = [line.split(":")[0] for line in answer.splitlines()]
    challenge = re.search(r"WWW-Authenticate: (.*)", answer)
    words = re.sub(r'"[^"]*"', '""', challenge[1]) if challenge else ""
    return "\n".join([*header_names[1:], answer.splitlines()[0], words])
