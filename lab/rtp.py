"""One RTP stream of a capture: its gaps, its losses, and how it sounded at the phone."""

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lab.audio import RATE, Samples, Sound, Span
from lab.sip_message import Address

PCMU, PCMA = 0, 8
JITTER_BUFFER_SECONDS = 0.06
"""A phone hides this much unevenness; a packet later than that is heard as a hole."""


@dataclass(slots=True)
class RtpStream:
    """The packets of one SSRC from one address to another, in order of arrival."""

    source: Address
    destination: Address
    ssrc: int
    arrived_at: list[float] = field(default_factory=list)
    """Seconds since 1970."""
    sequence: list[int] = field(default_factory=list)
    timestamps: list[int] = field(default_factory=list)
    payload_types: list[int] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)

    @staticmethod
    def is_rtp(datagram: bytes) -> bool:
        """RTP version 2 and no RTCP (whose types 200 to 204 stand in the second byte)."""
        return len(datagram) > 12 and datagram[0] >> 6 == 2 and not 200 <= datagram[1] <= 204

    def add(self, at: float, datagram: bytes) -> None:
        start = 12 + 4 * (datagram[0] & 0x0F)
        if datagram[0] & 0x10:
            start += 4 + 4 * int(struct.unpack_from("!H", datagram, start + 2)[0])
        sequence, timestamp = struct.unpack_from("!HI", datagram, 2)
        self.arrived_at.append(at)
        self.sequence.append(sequence)
        self.timestamps.append(timestamp)
        self.payload_types.append(datagram[1] & 0x7F)
        self.payloads.append(datagram[start:])

    @property
    def started_at(self) -> float:
        return self.arrived_at[0]

    @property
    def ended_at(self) -> float:
        return self.arrived_at[-1]

    @property
    def lost(self) -> int:
        """Sequence numbers that never came, between the first and the last that did."""
        numbers = np.unwrap(np.array(self.sequence, dtype=np.float64), period=65536)
        return int(numbers.max() - numbers.min()) + 1 - len(np.unique(numbers))

    @property
    def longest_gap(self) -> float:
        """Seconds between the two packets furthest apart; 0 with fewer than two."""
        return max((gap.seconds for gap in self.gaps(0.0)), default=0.0)

    def gaps(self, over_ms: float = 60.0) -> list[Span]:
        """Where no packet came for longer than `over_ms`, in seconds since 1970."""
        return [
            Span(before, after)
            for before, after in zip(self.arrived_at, self.arrived_at[1:], strict=False)
            if (after - before) * 1000 > over_ms
        ]

    def sound(self) -> Sound:
        """What a phone with a small jitter buffer plays: 8 kHz, second 0 = the first packet.

        Packets stand where they arrived, so positions are real time and a gap is silence.
        G.711 only; other payloads (keys, G.722) are left out.
        """
        played: list[tuple[int, Samples]] = []
        position = 0
        slack = round(JITTER_BUFFER_SECONDS * RATE)
        for at, kind, payload in zip(
            self.arrived_at, self.payload_types, self.payloads, strict=True
        ):
            if kind not in (PCMU, PCMA):
                continue
            due = round((at - self.started_at) * RATE)
            if due > position + slack or due < position - slack:
                position = max(due, position - slack)
            samples = (ULAW if kind == PCMU else ALAW)[np.frombuffer(payload, dtype=np.uint8)]
            played.append((position, samples))
            position += len(samples)
        whole = np.zeros(max((at + len(part) for at, part in played), default=0))
        for at, part in played:
            whole[at : at + len(part)] = part
        return Sound(whole)

    def span(self, start_at: float, end_at: float) -> Sound:
        """The sound between two times, in seconds since 1970."""
        return self.sound().between(start_at - self.started_at, end_at - self.started_at)


def _ulaw_table() -> NDArray[np.float64]:
    """G.711 µ-law: 8 bits to full scale 1.0."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    size = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -size, size) / 32768.0


def _alaw_table() -> NDArray[np.float64]:
    """G.711 A-law: 8 bits to full scale 1.0."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent = (code & 0x70) >> 4
    step = ((code & 0x0F) << 4) + 8
    size = np.where(exponent == 0, step, (step + 0x100) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, size, -size) / 32768.0


ULAW, ALAW = _ulaw_table(), _alaw_table()
