"""A packet capture on the loopback: when each SIP message and RTP packet really passed.

Captured with dumpcap, read here: tshark needs a second of CPU to start and must be told which
ports carry SIP.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lab.child import Child, ProgramFailed
from lab.ports import free_port
from lab.rtp import RtpStream
from lab.sip_message import Address, SipMessage
from lab.wait import wait_until

PCAP_MAGIC = 0xA1B2C3D4
PCAP_MAGIC_NANOSECONDS = 0xA1B23C4D
ETHERNET_HEADER = 14
UDP = 17


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP packet; `at` is seconds since 1970, from the kernel's stamp."""

    at: float
    source: Address
    destination: Address
    payload: bytes


@dataclass(slots=True)
class Trace:
    """What a capture holds, in order."""

    pbx_sip_port: int
    messages: list[SipMessage] = field(default_factory=list)
    streams: list[RtpStream] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, pbx_sip_port: int) -> Self:
        """Read a pcap file; one cut in the middle of a packet is read up to there."""
        trace = cls(pbx_sip_port)
        streams: dict[tuple[Address, Address, int], RtpStream] = {}
        for packet in datagrams(path):
            if pbx_sip_port in (packet.source.port, packet.destination.port):
                message = SipMessage.parse(
                    packet.at, packet.source, packet.destination, packet.payload
                )
                if message is not None:
                    trace.messages.append(message)
            elif RtpStream.is_rtp(packet.payload):
                ssrc = struct.unpack_from("!I", packet.payload, 8)[0]
                key = (packet.source, packet.destination, ssrc)
                if key not in streams:
                    streams[key] = RtpStream(*key)
                streams[key].add(packet.at, packet.payload)
        trace.streams = list(streams.values())
        return trace

    def sip(
        self, method: str, status: int | None = None, call_id: str | None = None
    ) -> list[SipMessage]:
        """Requests of that method, or with `status` the responses to it; no retransmissions."""
        seen: set[tuple[object, ...]] = set()
        found = []
        for message in self.messages:
            if message.method != method or message.status != status:
                continue
            if call_id is not None and message.call_id != call_id:
                continue
            key = (message.call_id, message.cseq, message.branch, message.source)
            if key not in seen:
                seen.add(key)
                found.append(message)
        return found

    def call_ids(self) -> list[str]:
        """The calls, in the order of their first INVITE."""
        return list(dict.fromkeys(message.call_id for message in self.sip("INVITE")))

    def heard_by_phone(self, call_id: str) -> list[RtpStream]:
        """The streams from the PBX to the phone in this call, by what both SDPs say."""
        return self._streams(call_id, to_phone=True)

    def said_by_phone(self, call_id: str) -> list[RtpStream]:
        """The streams from the phone to the PBX in this call, by what both SDPs say."""
        return self._streams(call_id, to_phone=False)

    def _streams(self, call_id: str, *, to_phone: bool) -> list[RtpStream]:
        """Both ends and the time must fit: SIPp has one media port for all its calls, and the
        PBX gives a port to a later call again."""
        of_call = [message for message in self.messages if message.call_id == call_id]
        of_pbx: set[Address | None] = set()
        of_phone: set[Address | None] = set()
        for message in of_call:
            side = of_pbx if message.source.port == self.pbx_sip_port else of_phone
            side.add(message.media)
        sources, destinations = (of_pbx, of_phone) if to_phone else (of_phone, of_pbx)
        return [
            stream
            for stream in self.streams
            if stream.source in sources
            and stream.destination in destinations
            and of_call[0].at <= stream.started_at
            and (of_call[-1].method != "BYE" or stream.started_at <= of_call[-1].at)
        ]


class Capture:
    """A running dumpcap on `lo`, limited to the PBX's own ports; needs root.

    Use it as `async with Capture(...) as capture`, then `capture.trace()`; or start and stop.
    Everything sent between the two is in the file.
    """

    def __init__(self, path: Path, pbx_sip_port: int, pbx_rtp_ports: tuple[int, int]) -> None:
        self.path = path
        self.pbx_sip_port = pbx_sip_port
        self._rtp_ports = pbx_rtp_ports
        self._child = Child("dumpcap", path.with_suffix(".log"))
        self._marker_port = free_port()

    async def start(self) -> None:
        """Returns once packets are really being written. Raises ProgramFailed."""
        first, last = self._rtp_ports
        ports = f"port {self.pbx_sip_port} or portrange {first}-{last} or port {self._marker_port}"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._child.spawn(
            [
                *("dumpcap", "-q", "-P", "-i", "lo", "-B", "16"),
                *("-f", f"udp and ({ports})", "-w", str(self.path)),
            ],
            env={},
        )
        await self._until_written()

    async def stop(self) -> None:
        """Returns when all sent before is in the file. Idempotent."""
        if self._child.is_running():
            await self._until_written()
            await self._child.stop(5.0)

    def trace(self) -> Trace:
        """What was captured so far."""
        return Trace.read(self.path, self.pbx_sip_port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _until_written(self) -> None:
        """Send a packet of our own until it is found in the file: dumpcap is that far."""
        marker = b"queue-edge-marker-" + secrets.token_hex(8).encode()

        def is_written() -> bool:
            if not self._child.is_running():
                raise self._child.failure("the capture ended")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(marker, ("127.0.0.1", self._marker_port))
            if not self.path.exists():
                return False
            with self.path.open("rb") as file:
                file.seek(max(0, self.path.stat().st_size - 262_144))
                return marker in file.read()

        try:
            await wait_until(is_written, "the capture writes packets", seconds=10, every=0.05)
        except AssertionError as late:
            await asyncio.shield(self._child.kill())
            raise ProgramFailed(str(late)) from late


def datagrams(path: Path) -> Iterator[Datagram]:
    """The UDP packets of a pcap file of an Ethernet-like device (lo is one), IPv4 only."""
    raw = path.read_bytes()
    if len(raw) < 24:
        return
    magic = struct.unpack_from("<I", raw)[0]
    if magic not in (PCAP_MAGIC, PCAP_MAGIC_NANOSECONDS):
        raise ValueError(f"{path}: not a little-endian pcap file")
    fraction = 1e-9 if magic == PCAP_MAGIC_NANOSECONDS else 1e-6
    position = 24
    while position + 16 <= len(raw):
        seconds, parts, length = struct.unpack_from("<III", raw, position)
        frame = raw[position + 16 : position + 16 + length]
        position += 16 + length
        if len(frame) < length or length < ETHERNET_HEADER + 28:
            continue
        if frame[12:14] != b"\x08\x00" or frame[ETHERNET_HEADER + 9] != UDP:
            continue
        udp = ETHERNET_HEADER + (frame[ETHERNET_HEADER] & 0x0F) * 4
        source_port, destination_port, size = struct.unpack_from("!HHH", frame, udp)
        yield Datagram(
            at=seconds + parts * fraction,
            source=Address(socket.inet_ntoa(frame[26:30]), source_port),
            destination=Address(socket.inet_ntoa(frame[30:34]), destination_port),
            payload=frame[udp + 8 : udp + size],
        )
