"""What the restart tests do to processes and ask of what is left afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lab.audio import silences
from lab.capture import Capture, Trace
from lab.phone import Phone
from lab.processes import EdgeProcess
from lab.timing import HostJitter
from lab.wait import wait_until
from tests.asterisk.hearing import heard_in_this_call
from tests.asterisk.office import Office

GAP_MS = 100
"""No packet of a held or talking leg may be later than this, on a host that does not stall."""


async def living(here: Office) -> set[str]:
    """The runs whose lease stands in Redis, ended or not."""
    return {str(run) for run in await here.redis.zrange("{site}:edges", 0, -1)}


async def owners(here: Office) -> set[str]:
    """The runs that own a caller."""
    return {key.rsplit(":", 1)[1] async for key in here.redis.scan_iter("*:owned:*")}


async def owned_by(here: Office, run: str) -> set[str]:
    """The entries of one run."""
    return {str(one) for one in await here.redis.smembers(f"{{{here.account}}}:owned:{run}")}


async def taken_over(here: Office, dead: set[str], seconds: float = 15) -> None:
    """Wait until none of these runs has a lease, a caller or a grave left to dig."""

    async def is_taken() -> bool:
        unburied = {str(run) for run in await here.redis.zrange("{site}:dead", 0, -1)}
        return not dead & (await living(here) | await owners(here) | unburied)

    await wait_until(is_taken, "the dead edge's calls are taken over", seconds)


async def start_again(here: Office) -> float:
    """Start the edge after its end; seconds until it serves and has all that the last one had."""
    dead, began = await living(here), time.monotonic()
    dead |= {str(run) for run in await here.redis.zrange("{site}:dead", 0, -1)}
    await here.edge.start()
    await taken_over(here, dead)
    return time.monotonic() - began


async def hears_on(*phones: Phone, seconds: float = 1.0) -> None:
    """Let so much more sound arrive at each of them."""
    begin = {phone.number: heard_in_this_call(phone).seconds for phone in phones}

    def arrived() -> bool:
        return all(
            heard_in_this_call(phone).seconds >= begin[phone.number] + seconds for phone in phones
        )

    await wait_until(arrived, f"{seconds} s of sound at {[one.number for one in phones]}")


def never_in_silence(phone: Phone) -> bool:
    """Whatever was heard in the newest call, it was never nothing."""
    return silences(heard_in_this_call(phone), over_ms=60) == []


async def runs_known_to_asterisk(here: Office) -> set[str]:
    """The edges that Asterisk keeps an application for."""
    return {app["name"] for app in await here.ari("applications") if "edge-" in app["name"]}


def second_edge(here: Office, http_port: int) -> EdgeProcess:
    """One more edge of the same site, on its own HTTP port."""
    config = here.folder / "edge-b.yaml"
    text = (here.folder / "edge.yaml").read_text()
    config.write_text(text.replace(f"port: {here.http_port}", f"port: {http_port}"))
    return EdgeProcess(here.folder, config, f"http://127.0.0.1:{http_port}", name="edge-b")


@dataclass(slots=True)
class Listening:
    """A capture of all that phones heard, and how much the host itself stalled meanwhile."""

    trace: Trace | None = None
    stalled_ms: float = 0.0

    def longest_gap_ms(self, phone: Phone) -> float:
        """The longest time without a packet in any stream to this phone's newest call."""
        assert self.trace is not None, "still listening"
        streams = self.trace.heard_by_phone(phone.recording.call_id)
        assert streams, f"no packet went to {phone.number}"
        return max(stream.longest_gap for stream in streams) * 1000

    def without_gap(self, *listeners: Phone, speaker: Phone | None = None) -> None:
        """Fail where one of the phones heard nothing for a while that was not the host's doing.

        In a conversation nothing is heard either while the `speaker`'s own phone stalls.
        """
        stalled = self.stalled_ms
        if speaker is not None:
            assert self.trace is not None
            said = self.trace.said_by_phone(speaker.recording.call_id)
            stalled = max(stalled, *(stream.longest_gap * 1000 for stream in said))
        for phone in listeners:
            gap = self.longest_gap_ms(phone)
            assert gap <= GAP_MS + stalled, f"{phone.number}: {gap:.0f} ms of nothing"


@asynccontextmanager
async def listening(here: Office) -> AsyncIterator[Listening]:
    """Capture while the block runs; ask what is yielded afterwards."""
    listened = Listening()
    capture = Capture(here.folder / "heard.pcap", here.pbx.sip_port, here.pbx.rtp_ports)
    async with HostJitter(here.folder) as jitter, capture:
        yield listened
    listened.trace = await asyncio.to_thread(capture.trace)
    assert jitter.stalls is not None
    listened.stalled_ms = jitter.stalls.worst_ms
