"""One RTP stream as a phone plays it: laid by sequence and timestamp, not by when packets came.

A host that stalls sends packets late, and a jitter buffer hides that; what is missing here is
missing for any phone. Every sample knows when its packet passed, for times against SIP and keys.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lab.audio import RATE, Samples, Sound, Span, silences
from lab.rtp import ALAW, PCMA, PCMU, ULAW, RtpStream

KEY_EVENTS = 101
"""The payload type that our phones give to RFC 4733."""
KEYS = "0123456789*#ABCD"


@dataclass(frozen=True)
class Playout:
    """Second 0 is the first sample; G.711 only, keys and other payloads are left out."""

    stream: RtpStream

    @cached_property
    def sound(self) -> Sound:
        """All that is played; a hole is silence."""
        samples = np.zeros(self._ends[-1] if len(self._ends) else 0)
        for first, last, audio in zip(self._starts, self._ends, self._audio, strict=True):
            samples[first:last] = audio
        return Sound(samples)

    @property
    def seconds(self) -> float:
        return self.sound.seconds

    @property
    def lost(self) -> int:
        """Sequence numbers that never came."""
        return self.stream.lost

    def holes(self) -> list[Span]:
        """Where the timestamps leave samples out, in seconds."""
        return [
            Span(int(end) / RATE, int(start) / RATE)
            for end, start in zip(self._ends, self._starts[1:], strict=False)
            if start > end
        ]

    def longest_silence_ms(self, start: float = 0.0, end: float | None = None) -> float:
        """The longest stretch in which nothing is heard, to 10 ms; a hole is silence."""
        heard = self.sound.between(start, end)
        return max((span.seconds * 1000 for span in silences(heard, over_ms=10)), default=0.0)

    def worst_lateness_ms(self) -> float:
        """How much later than due by its timestamp the latest packet passed: the host's jitter."""
        if not len(self._starts):
            return 0.0
        behind = self._passed_at - self._starts / RATE
        return float((behind.max() - behind.min()) * 1000)

    def unevenness_ms(self) -> float:
        """The worst that happened to a call that only listened: what to allow for all others."""
        holes = max((hole.seconds * 1000 for hole in self.holes()), default=0.0)
        return max(holes, self.worst_lateness_ms())

    def passed_at(self, second: float) -> float:
        """When the packet with that moment of the sound passed, in seconds since 1970."""
        at = int(np.searchsorted(self._starts, round(second * RATE), side="right")) - 1
        return float(self._passed_at[max(0, at)])

    def played_at(self, second: float) -> float:
        """The same, for a phone that plays each packet as it comes, to the sample."""
        at = max(0, int(np.searchsorted(self._starts, round(second * RATE), side="right")) - 1)
        return float(self._passed_at[at] + second - self._starts[at] / RATE)

    def second_at(self, at: float) -> float:
        """The first moment of the sound that passed at or after that time."""
        later = int(np.searchsorted(self._passed_at, at, side="left"))
        if later == len(self._starts):
            return self.seconds
        return float(self._starts[later]) / RATE

    @cached_property
    def _kept(self) -> NDArray[np.intp]:
        """Which packets are audio, in the order of their timestamps, each once."""
        kinds = np.array(self.stream.payload_types)
        audio = np.flatnonzero((kinds == PCMU) | (kinds == PCMA))
        numbers = np.unwrap(np.array(self.stream.sequence, dtype=np.float64)[audio], period=65536)
        _, first = np.unique(numbers, return_index=True)
        kept: NDArray[np.intp] = audio[first]
        return kept

    @cached_property
    def _passed_at(self) -> NDArray[np.float64]:
        return np.array(self.stream.arrived_at, dtype=np.float64)[self._kept]

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        stamps = np.array(self.stream.timestamps, dtype=np.float64)[self._kept]
        whole = np.unwrap(stamps, period=2**32)
        starts: NDArray[np.int64] = (whole - whole.min(initial=np.inf)).astype(np.int64)
        return starts

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return self._starts + np.array([len(one) for one in self._audio], dtype=np.int64)

    @cached_property
    def _audio(self) -> list[Samples]:
        tables = {PCMU: ULAW, PCMA: ALAW}
        return [
            tables[self.stream.payload_types[one]][
                np.frombuffer(self.stream.payloads[one], dtype=np.uint8)
            ]
            for one in self._kept
        ]


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key as it passed the wire; both times in seconds since 1970."""

    key: str
    begun_at: float
    ended_at: float
    """The first packet that says the key was let go: what a PBX acts on."""


def keys_pressed(stream: RtpStream) -> list[KeyPress]:
    """The RFC 4733 keys of a stream, in order; one whose end never came is left out."""
    presses: dict[int, list[float | str]] = {}
    for at, kind, stamp, payload in zip(
        stream.arrived_at, stream.payload_types, stream.timestamps, stream.payloads, strict=True
    ):
        if kind != KEY_EVENTS or len(payload) < 4 or payload[0] >= len(KEYS):
            continue
        press = presses.setdefault(stamp, [KEYS[payload[0]], at])
        if payload[1] & 0x80 and len(press) == 2:
            press.append(at)
    return [
        KeyPress(str(press[0]), float(press[1]), float(press[2]))
        for press in presses.values()
        if len(press) == 3
    ]
