"""The ringback tone that is committed: its tones, its rhythm, its level."""

import numpy as np
import pytest

from edge.prompts import ringback
from edge.prompts.formats import decode
from edge.prompts.render import TEXTS

FOLDER = TEXTS / "moh" / "ringback"
RATE = 8000


def test_it_is_equally_long_in_every_codec() -> None:
    sizes = {file.suffix: file.stat().st_size for file in FOLDER.iterdir()}
    assert sizes == {f".{extension}": 6 * RATE for extension in ("ulaw", "alaw", "g722")}


@pytest.mark.parametrize("extension", ["ulaw", "alaw"])
def test_two_seconds_of_two_tones_then_four_of_silence(extension: str) -> None:
    sound = np.array(decode(FOLDER / f"ringback.{extension}"), dtype=np.float64) / 32768
    on, off = sound[: 2 * RATE], sound[2 * RATE :]
    assert np.max(np.abs(off)) < 0.001
    power = np.abs(np.fft.rfft(on * np.hanning(len(on)))) ** 2
    loudest = np.sort(np.argsort(power)[-6:] / 2)
    assert {round(float(hz), -1) for hz in loudest} == set(ringback.TONES_HZ)
    level = 10 * np.log10(np.mean(on**2))
    assert level == pytest.approx(ringback.DBFS + 3, abs=0.5)
