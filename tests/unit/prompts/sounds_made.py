"""Sounds made for these tests, and a speaker that needs no program."""

import math
from array import array
from typing import Any

from edge.prompts.sound import AudioSegment, segment
from edge.prompts.texts import Voice

Samples = Any
"""array of int16; Python 3.11 has no generic array when the program runs."""


def tone(hz: float, seconds: float, rate: int, amplitude: int = 8000) -> Samples:
    return array(
        "h",
        (
            round(amplitude * math.sin(math.tau * hz * at / rate))
            for at in range(int(seconds * rate))
        ),
    )


def rms_dbfs(samples: Samples) -> float:
    return 10 * math.log10(sum(s * s for s in samples) / len(samples) / 32768**2 + 1e-12)


def peak_dbfs(samples: Samples) -> float:
    return 20 * math.log10(max(map(abs, samples)) / 32768)


def quiet_ms_at_start(samples: Samples, rate: int, below_dbfs: float = -45.0) -> float:
    width = rate // 200
    for at in range(0, len(samples), width):
        if rms_dbfs(samples[at : at + width]) > below_dbfs:
            return 1000 * at / rate
    return 1000 * len(samples) / rate


class ToneSpeaker:
    """Says every text as a tone: 20 ms a letter, half a second of silence before and after."""

    name = "tone"

    def __init__(self) -> None:
        self.said: list[tuple[str, Voice]] = []

    def can_speak(self, voice: Voice) -> bool:
        return True

    def speak(self, text: str, voice: Voice) -> AudioSegment:
        self.said.append((text, voice))
        silence = array("h", [0] * 11025)
        return segment(silence + tone(500, 0.02 * len(text), 22050, 3000) + silence, 22050)
