"""The G.722 encoder: the bits of the standard, and what is heard after them."""

import hashlib
from array import array

from edge.prompts import g722

AS_ASTERISK_ENCODES = "12c954013cfedc8839eed7e4969184a5850cc0ff412b25f9ca6c53504b4b9c09"
"""SHA-256 of what Asterisk 22.10's `file convert x.sln16 x.g722` makes of `demanding`."""


def demanding() -> list[int]:
    """Two seconds out of whole numbers: a falling pitch, full noise, silence and hiss, clipping."""
    samples = []
    seed = 1
    for at in range(32000):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        noise = (seed >> 15) - 32768
        quarter, inside = divmod(at, 8000)
        period = 4 + inside // 40
        falling = abs((at % period) * 60000 // period - 30000) - 15000
        hiss = noise >> 9 if inside > 4000 else 0
        clipping = 32767 if (at // 37) % 2 else -32768
        samples.append((falling, noise, hiss, clipping)[quarter])
    return samples


def test_encodes_bit_for_bit_as_asterisk_does() -> None:
    assert hashlib.sha256(g722.encode(demanding())).hexdigest() == AS_ASTERISK_ENCODES


def test_two_samples_make_a_byte_and_an_odd_one_is_dropped() -> None:
    assert len(g722.encode([0] * 320)) == 160
    assert g722.encode([7] * 321) == g722.encode([7] * 320)
    assert g722.encode([]) == b""


def test_any_sequence_of_samples_is_taken() -> None:
    assert g722.encode(array("h", [1, -2, 300, -400])) == g722.encode([1, -2, 300, -400])


def test_warm_up_gives_what_the_end_of_a_longer_encoding_gives() -> None:
    samples = demanding()[:4000]
    assert g722.encode(samples[2000:], warm_up=samples[:2000]) == g722.encode(samples)[1000:]
