"""G.722 at 64 kbit/s, the encoder alone, after ITU-T Recommendation G.722 (block names are its).

Why here: the phones' wideband codec needs ready-made files (each listener would cost Asterisk an
encoder), and the tools that can write it weigh a hundred times what they would do for us.
"""

from collections.abc import Sequence
from operator import mul

QMF = (3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11)
QMF_ODD = QMF[::-1]
DECISION_LEVELS = (
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714,
    786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
)  # fmt: skip
LOWER_NEGATIVE = (63, 62, *range(31, 3, -1))
LOWER_POSITIVE = tuple(range(61, 31, -1))
LOWER_OUTPUT = (
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
    20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
)  # fmt: skip
LOWER_LOG_STEP = (-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60)
HIGHER_OUTPUT = (-7408, -1616, 7408, 1616)
HIGHER_LOG_STEP = (798, -214, 798, -214)
INVERSE_LOG = (
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
)  # fmt: skip


def encode(samples: Sequence[int], warm_up: Sequence[int] = ()) -> bytes:
    """16-bit samples at 16 kHz as G.722, one byte for two samples (an odd last one is dropped).

    `warm_up` is encoded before and thrown away: the end of a loop as warm_up of its own beginning
    makes the seam inaudible, because the decoder at the phone goes on from there.
    """
    lower, higher = _Band(32), _Band(8)
    lead = len(warm_up) // 2 * 2
    history = [0] * 22 + list(warm_up[len(warm_up) - lead :]) + list(samples)
    out = bytearray()
    for at in range(0, len(history) - 23, 2):
        odd = sum(map(mul, QMF, history[at : at + 24 : 2]))
        even = sum(map(mul, QMF_ODD, history[at + 1 : at + 24 : 2]))
        low_code = _quantise_lower((even + odd >> 14) - lower.estimate, lower.step)
        lower.adapt(LOWER_OUTPUT[low_code >> 2], LOWER_LOG_STEP[low_code >> 2], 18432, 8)
        high_code = _quantise_higher((even - odd >> 14) - higher.estimate, higher.step)
        higher.adapt(HIGHER_OUTPUT[high_code], HIGHER_LOG_STEP[high_code], 22528, 10)
        out.append(high_code << 6 | low_code)
    return bytes(out[lead // 2 :])


def _quantise_lower(difference: int, step: int) -> int:
    """QUANTL: 6 bits."""
    difference = _clip(difference)
    size = difference if difference >= 0 else -(difference + 1)
    low, high = 0, len(DECISION_LEVELS)
    while low < high:
        middle = (low + high) // 2
        if size < DECISION_LEVELS[middle] * step >> 12:
            high = middle
        else:
            low = middle + 1
    return LOWER_POSITIVE[low] if difference >= 0 else LOWER_NEGATIVE[low]


def _quantise_higher(difference: int, step: int) -> int:
    """QUANTH: 2 bits."""
    difference = _clip(difference)
    size = difference if difference >= 0 else -(difference + 1)
    is_large = size >= 564 * step >> 12
    if difference >= 0:
        return 2 if is_large else 3
    return 0 if is_large else 1


class _Band:
    """The adaptive predictor and step size of one sub-band: what the decoder has as well."""

    def __init__(self, step: int) -> None:
        self.step = step
        self.estimate = 0
        self._log_step = 0
        self._zero_part = 0
        self._a1 = self._a2 = 0
        self._r1 = 0
        self._p1 = self._p2 = 0
        self._b = [0] * 6
        self._d = [0] * 6

    def adapt(self, output: int, log_step: int, log_limit: int, shift: int) -> None:
        """INVQA, LOGSC, SCALE, then block 4: take the quantised difference into account."""
        d = self.step * output >> 15
        self._log_step = min(max((self._log_step * 127 >> 7) + log_step, 0), log_limit)
        down = shift - (self._log_step >> 11)
        mantissa = INVERSE_LOG[self._log_step >> 6 & 31]
        self.step = (mantissa << -down if down < 0 else mantissa >> down) << 2

        r0 = _clip(self.estimate + d)
        p0 = _clip(self._zero_part + d)
        self._adapt_poles(p0)
        self._adapt_zeros(d)
        pole_part = (self._a1 * _clip(2 * r0) >> 15) + (self._a2 * _clip(2 * self._r1) >> 15)
        self._p1, self._p2 = p0, self._p1
        self._r1 = r0
        self.estimate = _clip(_clip(pole_part) + self._zero_part)

    def _adapt_poles(self, p0: int) -> None:
        """UPPOL2 and UPPOL1."""
        is_same_1 = (p0 < 0) == (self._p1 < 0)
        is_same_2 = (p0 < 0) == (self._p2 < 0)
        quadruple = _clip(4 * self._a1)
        turned = min(-quadruple if is_same_1 else quadruple, 32767)
        a2 = (turned >> 7) + (128 if is_same_2 else -128) + (self._a2 * 32512 >> 15)
        self._a2 = min(max(a2, -12288), 12288)
        a1 = _clip((192 if is_same_1 else -192) + (self._a1 * 32640 >> 15))
        limit = _clip(15360 - self._a2)
        self._a1 = min(max(a1, -limit), limit)

    def _adapt_zeros(self, d0: int) -> None:
        """UPZERO, DELAYA and FILTEZ."""
        gain = 128 if d0 else 0
        is_negative = d0 < 0
        self._b = [
            _clip((gain if (d < 0) == is_negative else -gain) + (b * 32640 >> 15))
            for b, d in zip(self._b, self._d, strict=True)
        ]
        self._d = [d0, *self._d[:5]]
        products = [b * _clip(2 * d) >> 15 for b, d in zip(self._b, self._d, strict=True)]
        self._zero_part = _clip(sum(products))


def _clip(value: int) -> int:
    return 32767 if value > 32767 else -32768 if value < -32768 else value
