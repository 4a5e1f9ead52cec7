"""Another sampling rate by a windowed-sinc filter, in plain Python: a prompt takes a second."""

from __future__ import annotations  # array[int] is a type for checkers alone

import math
from array import array
from operator import mul

ZERO_CROSSINGS = 16
"""Of the sinc on each side: about 60 dB of stop band with the window used."""
ROLL_OFF = 0.94
"""The pass band ends here, as a part of the lower rate's half, so that the slope stays inside."""


def resample(samples: array[int], rate: int, new_rate: int) -> array[int]:
    """The 16-bit samples at `new_rate` Hz instead of `rate` Hz, clipped where they overshoot.

    The same input gives the same bytes on every machine up to the last bit of libm's sine.
    """
    shared = math.gcd(rate, new_rate)
    up, down = new_rate // shared, rate // shared
    cutoff = ROLL_OFF * min(1.0, new_rate / rate)
    half = math.ceil(ZERO_CROSSINGS / cutoff)
    phases = [_taps(phase / up, cutoff, half) for phase in range(up)]
    padded = [0.0] * half + [float(sample) for sample in samples] + [0.0] * (half + 1)
    out = array("h")
    for index in range(len(samples) * up // down):
        at, phase = divmod(index * down, up)
        value = round(sum(map(mul, phases[phase], padded[at + 1 : at + 1 + 2 * half])))
        out.append(max(-32768, min(32767, value)))
    return out


def _taps(offset: float, cutoff: float, half: int) -> list[float]:
    """The filter for an output that lies `offset` input samples after an input sample."""
    taps = []
    for step in range(1 - half, half + 1):
        x = step - offset
        window = 0.42 + 0.5 * math.cos(math.pi * x / half) + 0.08 * math.cos(2 * math.pi * x / half)
        angle = math.pi * cutoff * x
        taps.append(window * cutoff * (math.sin(angle) / angle if angle else 1.0))
    total = sum(taps)
    return [tap / total for tap in taps]
