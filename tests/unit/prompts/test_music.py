"""The hold music that is committed: level, no silence, no test tone, no click where it repeats."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.prompts import music
from edge.prompts.formats import FRAME_MS, decode
from edge.prompts.render import TEXTS

FOLDER = TEXTS / "moh" / "default"
RATE = 8000
FRAME = RATE * FRAME_MS // 1000


def loop(extension: str = "ulaw") -> NDArray[np.float64]:
    return np.array(decode(FOLDER / f"{music.NAME}.{extension}"), dtype=np.float64) / 32768


def dbfs(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(sound**2) + 1e-12))


def test_it_is_small_whole_frames_and_equally_long_in_every_codec() -> None:
    sizes = {file.name: file.stat().st_size for file in FOLDER.iterdir()}
    assert sizes == {f"tune.{extension}": 40 * RATE for extension in ("ulaw", "alaw", "g722")}
    assert 40 * RATE % FRAME == 0


@pytest.mark.parametrize("extension", ["ulaw", "alaw"])
def test_it_is_of_moderate_level_and_never_silent(extension: str) -> None:
    sound = loop(extension)
    assert dbfs(sound) == pytest.approx(music.RMS_DBFS, abs=0.2)
    assert np.max(np.abs(sound)) < 10 ** (-6 / 20)
    frames = [dbfs(frame) for frame in sound.reshape(-1, FRAME)]
    assert min(frames) > -40
    seconds = [dbfs(second) for second in sound.reshape(-1, RATE)]
    assert max(seconds) - min(seconds) < 8


def test_it_holds_nothing_like_a_test_tone_above_800_hz() -> None:
    sound = loop()
    width = RATE // 2
    pitch = np.fft.rfftfreq(width, 1 / RATE)
    for start in range(0, len(sound) - width, width // 4):
        power = np.abs(np.fft.rfft(sound[start : start + width] * np.hanning(width))) ** 2
        share = np.convolve(power, np.ones(15), "same") / power.sum()
        assert share[(pitch >= 820) & (pitch <= 3400)].max() < 0.1, f"at {start / RATE} s"


def test_its_end_runs_into_its_beginning() -> None:
    sound = loop()
    around = np.concatenate([sound[-200:], sound[:200]])
    curvature = np.abs(np.diff(around, 2))
    assert curvature[190:208].max() <= np.quantile(np.abs(np.diff(sound, 2)), 0.999)


def test_it_is_what_the_score_gives() -> None:
    wide = music.compose()
    assert len(wide) == music.LOOP
    composed = np.array(music.narrowed(wide), dtype=np.float64) / 32768
    assert dbfs(composed - loop()) < dbfs(composed) - 30
