"""The ears: tones, silences, prompts and music are told apart, and damaged files are read."""

from pathlib import Path

import numpy as np
import pytest

from lab.audio import (
    RATE,
    Samples,
    Sound,
    Span,
    find_prompt,
    heard,
    loudness,
    make_tone,
    music_heard,
    read_wav,
    resampled,
    silences,
    tone_seconds,
    tones_heard,
    write_wav,
)
from lab.rtp import ULAW

NOTES = (392.0, 440.0, 523.3, 587.3, 659.3)


def speech_like(seed: int, seconds: float, rms: float = 0.1) -> Samples:
    """Noise in bursts, band-limited: as different from another seed as two prompts are."""
    chance = np.random.default_rng(seed)
    spectrum = np.fft.rfft(chance.normal(size=round(seconds * RATE)))
    pitch = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum[(pitch < 200) | (pitch > 3000)] = 0
    spectrum /= np.maximum(pitch, 200)
    burst = np.repeat(chance.uniform(0.2, 1.0, round(seconds * 8)), RATE // 8)
    samples = np.fft.irfft(spectrum, round(seconds * RATE))
    samples[: len(burst)] *= burst
    return np.asarray(samples * (rms / np.sqrt(np.mean(np.square(samples)))))


def music_like(seconds: float, rms: float = 0.1) -> Samples:
    chance = np.random.default_rng(7)
    at = np.arange(round(seconds * RATE)) / RATE
    tune = np.zeros(len(at))
    for _ in range(round(seconds * 6)):
        start = int(chance.integers(0, len(at)))
        tone = np.sin(2 * np.pi * chance.choice(NOTES) * at[: len(at) - start])
        tune[start:] += (tone * np.exp(-3 * at[: len(at) - start]))[: len(at) - start]
    return np.asarray(tune * (rms / np.sqrt(np.mean(np.square(tune)))))


def over_the_phone(samples: Samples) -> Sound:
    """Through G.711 µ-law: each sample becomes the nearest of 256 levels."""
    levels = np.sort(np.unique(ULAW))
    edges = (levels[1:] + levels[:-1]) / 2
    return Sound(levels[np.searchsorted(edges, np.clip(samples, -1, 1))])


def test_a_tone_is_heard_when_it_sounds_and_only_then(tmp_path: Path) -> None:
    tone = read_wav(make_tone(tmp_path / "440.wav", 440, 1.0)).samples
    sound = Sound(np.concatenate((np.zeros(RATE), tone, np.zeros(RATE))))
    assert tones_heard(sound, [440, 700]) == {440: [Span(1.0, 2.0)], 700: []}
    assert tone_seconds(sound, 440) == pytest.approx(1.0)


def test_two_tones_at_once_are_both_heard_through_g711(tmp_path: Path) -> None:
    tones = [read_wav(make_tone(tmp_path / f"{hz}.wav", hz, 1.0)).samples for hz in (440, 480)]
    timeline = tones_heard(over_the_phone(tones[0] + tones[1]), [440, 460, 480])
    assert timeline == {440: [Span(0.0, 1.0)], 460: [], 480: [Span(0.0, 1.0)]}


def test_music_is_no_tone() -> None:
    assert tone_seconds(Sound(music_like(5.0)), 1000) == 0


def test_a_silence_is_found_to_ten_milliseconds(tmp_path: Path) -> None:
    tone = read_wav(make_tone(tmp_path / "tone.wav", 800, 0.5)).samples
    sound = Sound(np.concatenate((tone, np.zeros(RATE * 8 // 100), tone, np.zeros(400), tone)))
    assert silences(sound) == [Span(0.5, 0.58)]
    assert loudness(sound, 0.0, 0.5) == pytest.approx(-15, abs=0.1)
    assert loudness(sound, 0.5, 0.58) == -120


def test_a_prompt_is_found_where_it_begins() -> None:
    prompt = speech_like(1, 2.0)
    line = np.concatenate((np.zeros(12000), prompt, np.zeros(20000)))
    found = find_prompt(over_the_phone(line), Sound(prompt))
    assert found.offset == pytest.approx(1.5, abs=0.002)
    assert found.score > 0.9


def test_a_prompt_is_found_with_music_of_its_own_loudness_underneath() -> None:
    prompt, music = speech_like(1, 2.0), music_like(10.0)
    line = music.copy()
    line[RATE * 3 : RATE * 5] += prompt
    found = find_prompt(over_the_phone(line), Sound(prompt))
    assert found.offset == pytest.approx(3.0, abs=0.002)
    assert found.score > 0.5


def test_another_prompt_music_and_silence_are_not_the_prompt() -> None:
    prompt = Sound(speech_like(1, 2.0))
    assert not heard(Sound(np.concatenate((speech_like(2, 3.0), np.zeros(RATE)))), prompt)
    assert not heard(Sound(music_like(5.0)), prompt)
    assert find_prompt(Sound(np.zeros(5 * RATE)), prompt).score == 0
    assert find_prompt(prompt.between(0, 1), prompt).score == 0
    assert find_prompt(prompt, Sound(np.zeros(0))).score == 0


def test_the_silence_before_a_prompt_counts_into_its_offset() -> None:
    words = speech_like(1, 1.0)
    prompt = Sound(np.concatenate((np.zeros(4000), words)))
    line = Sound(np.concatenate((np.zeros(RATE * 2), prompt.samples, np.zeros(RATE))))
    assert find_prompt(line, prompt).offset == pytest.approx(2.0, abs=0.002)


def test_hold_music_is_recognised_at_any_place_and_with_a_prompt_over_it(tmp_path: Path) -> None:
    music = music_like(20.0)
    file = write_wav(tmp_path / "hold.wav", Sound(music))
    line = music[RATE * 11 : RATE * 19].copy()
    line[RATE : RATE * 2] += speech_like(1, 1.0, rms=0.2)
    assert music_heard(over_the_phone(line), music=file)
    assert music_heard(over_the_phone(line), 3.0, 3.5, music=Sound(music))


def test_speech_silence_and_interrupted_music_are_no_hold_music() -> None:
    music = Sound(music_like(10.0))
    assert not music_heard(Sound(speech_like(3, 4.0)), music=music)
    assert not music_heard(Sound(np.zeros(4 * RATE)))
    assert not music_heard(music, 2.0, 2.0)
    broken = music.samples.copy()
    broken[RATE * 2 : RATE * 3] = 0
    assert not music_heard(Sound(broken))
    assert music_heard(Sound(broken), 3.2)


def test_a_recording_whose_phone_was_killed_is_read_to_its_end(tmp_path: Path) -> None:
    file = make_tone(tmp_path / "cut.wav", 440, 1.0)
    raw = bytearray(file.read_bytes())
    raw[4:8] = raw[40:44] = bytes(4)
    file.write_bytes(raw + b"\x01")
    assert read_wav(file).seconds == 1.0


def test_stereo_is_mixed_and_other_rates_are_resampled(tmp_path: Path) -> None:
    at = np.arange(16000) / 16000
    wide = Sound(np.sin(2 * np.pi * 500 * at) / 2, 16000)
    narrow = resampled(wide)
    assert (narrow.rate, narrow.seconds) == (RATE, 1.0)
    assert tone_seconds(wide, 500) == pytest.approx(1.0)
    raw = bytearray(write_wav(tmp_path / "two.wav", wide).read_bytes())
    raw[22:24] = (2).to_bytes(2, "little")
    (tmp_path / "two.wav").write_bytes(raw)
    assert read_wav(tmp_path / "two.wav").seconds == 0.5


@pytest.mark.parametrize("raw", [b"", b"RIFF0000WAVE", b"OggS" * 20, b"RIFF0000WAVEdata0000"])
def test_what_is_no_recording_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "no.wav").write_bytes(raw)
    with pytest.raises(ValueError, match=r"no\.wav"):
        read_wav(tmp_path / "no.wav")
