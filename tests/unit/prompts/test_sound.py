"""Cutting, levelling and another sampling rate."""

import math
from array import array
from itertools import pairwise

import pytest

from edge.prompts.resample import resample
from edge.prompts.sound import (
    at_rate,
    cut_to_speech,
    levelled,
    levelled_speech,
    limited,
    pcm,
    segment,
)
from tests.unit.prompts.sounds_made import peak_dbfs, quiet_ms_at_start, rms_dbfs, tone


@pytest.mark.parametrize(("rate", "new_rate"), [(22050, 8000), (22050, 16000), (16000, 8000)])
def test_a_tone_keeps_pitch_and_level(rate: int, new_rate: int) -> None:
    heard = resample(tone(1000, 0.3, rate), rate, new_rate)[200:-200]
    expected = tone(1000, 1.0, new_rate)
    assert rms_dbfs(heard) == pytest.approx(rms_dbfs(expected), abs=0.1)
    crossings = sum(a < 0 <= b for a, b in pairwise(heard))
    assert crossings * new_rate / len(heard) == pytest.approx(1000, abs=10)


@pytest.mark.parametrize("hz", [4800, 6000, 9000])
def test_what_the_new_rate_cannot_carry_is_gone_not_folded_back(hz: int) -> None:
    heard = resample(tone(hz, 0.2, 22050), 22050, 8000)[100:-100]
    assert rms_dbfs(heard) < rms_dbfs(tone(hz, 0.2, 22050)) - 50


def test_duration_stays_and_overshoot_is_clipped() -> None:
    square = array("h", ([32767] * 50 + [-32768] * 50) * 20)
    heard = resample(square, 16000, 8000)
    assert len(heard) == 1000
    assert max(heard) == 32767
    assert min(heard) == -32768


def test_at_rate_makes_one_channel_of_16_bits() -> None:
    mono = segment(tone(700, 0.1, 16000), 16000)
    stereo = mono.set_channels(2)
    assert pcm(at_rate(stereo, 8000)) == pcm(at_rate(mono, 8000))
    assert at_rate(mono, 16000).frame_rate == 16000


def test_silence_at_both_ends_is_cut() -> None:
    silence = array("h", [0] * 8000)
    cut = cut_to_speech(segment(silence + tone(500, 0.5, 16000) + silence, 16000))
    samples = pcm(cut)
    assert 0.5 <= cut.duration_seconds <= 0.56
    assert quiet_ms_at_start(samples, 16000) < 60
    assert quiet_ms_at_start(samples[::-1], 16000) < 60


def test_a_pause_inside_is_kept() -> None:
    word, pause = tone(500, 0.2, 16000), array("h", [0] * 4800)
    assert cut_to_speech(segment(word + pause + word, 16000)).duration_seconds > 0.69


def test_nothing_but_silence_is_refused() -> None:
    with pytest.raises(ValueError, match="silence"):
        cut_to_speech(segment(array("h", [0] * 8000), 16000))


@pytest.mark.parametrize("amplitude", [60, 900, 32000])
def test_every_level_is_brought_to_one(amplitude: int) -> None:
    samples = pcm(levelled(segment(tone(500, 0.2, 8000, amplitude), 8000)))
    assert rms_dbfs(samples) == pytest.approx(-20, abs=0.2)


def test_the_peak_decides_where_the_sound_is_spiky() -> None:
    clicks = array("h", [0] * 8000)
    clicks[::400] = array("h", [20000] * 20)
    samples = pcm(levelled(segment(clicks, 8000)))
    assert peak_dbfs(samples) == pytest.approx(-3.5, abs=0.05)
    assert not math.isclose(rms_dbfs(samples), -20, abs_tol=1)


def test_speech_comes_to_its_loudness_with_its_peaks_taken_off() -> None:
    """A quiet voice with a knock of 20 ms in it."""
    quiet = tone(300, 1.0, 8000, 2000)
    knocked = quiet[:4000] + tone(700, 0.02, 8000, 30000) + quiet[4000:]
    heard = pcm(levelled_speech(segment(knocked, 8000)))
    assert rms_dbfs(heard) == pytest.approx(-20, abs=0.1)
    assert peak_dbfs(heard) <= -6.49


def test_the_limiter_changes_nothing_that_is_below_and_makes_no_step() -> None:
    soft, loud = tone(500, 0.3, 8000, 4000), tone(500, 0.05, 8000, 32000)
    before = soft + loud + soft
    after = pcm(limited(segment(before, 8000), -6.5))
    assert after[:2200] == before[:2200]
    assert after[-2200:] == before[-2200:]
    gains = [b / a for a, b in zip(before, after, strict=True) if abs(a) > 1500]
    assert max(abs(later - sooner) for sooner, later in pairwise(gains)) < 0.05
    assert limited(segment(soft, 8000), -6.5).raw_data == soft.tobytes()
