"""The ears of the lab: what was heard in a recording, measured in samples, not believed."""

import io
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
"""Samples a second of everything compared here: what G.711 carries."""

SILENCE_DBFS = -50.0
"""Below this nothing is heard: G.711 noise lies under -60, quiet music and speech over -45."""

Samples = NDArray[np.float64]
"""One channel, full scale = 1.0."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One channel of audio; positions are seconds from its first sample."""

    samples: Samples
    rate: int = RATE

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def between(self, start: float = 0.0, end: float | None = None) -> "Sound":
        """The span from `start` to `end` seconds, cut at the sound's own ends."""
        first = max(0, round(start * self.rate))
        last = len(self.samples) if end is None else max(first, round(end * self.rate))
        return Sound(self.samples[first:last], self.rate)

    def dbfs(self) -> float:
        """Loudness as RMS in dB of full scale; -120 for nothing at all."""
        if not len(self.samples):
            return -120.0
        return decibels(float(np.sqrt(np.mean(np.square(self.samples)))))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a recording, in seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Found:
    """Where a prompt fits best, and how well: score 1 = the very samples, 0 = nothing alike."""

    offset: float
    score: float


def decibels(amplitude: float) -> float:
    return max(-120.0, 20.0 * float(np.log10(max(amplitude, 1e-6))))


def read_wav(path: Path) -> Sound:
    """Read a 16-bit PCM wav, mixed to one channel, at its own rate.

    A recording that is still being written, or whose phone was killed, says it has no samples
    (its header is completed at the end of the call); whatever is in the file is read then.
    Raises ValueError when it is no 16-bit PCM wav.
    """
    raw = path.read_bytes()
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise ValueError(f"{path}: not a wav file")
    channels, rate, position = 0, 0, 12
    while position + 8 <= len(raw):
        name = raw[position : position + 4]
        size = int.from_bytes(raw[position + 4 : position + 8], "little")
        body = position + 8
        if name == b"fmt ":
            encoding, channels = (
                int.from_bytes(raw[body + at : body + at + 2], "little") for at in (0, 2)
            )
            rate = int.from_bytes(raw[body + 4 : body + 8], "little")
            bits = int.from_bytes(raw[body + 14 : body + 16], "little")
            if encoding not in (1, 0xFFFE) or bits != 16:
                raise ValueError(f"{path}: {bits} bits of encoding {encoding}, not 16-bit PCM")
        elif name == b"data":
            if not channels:
                break
            whole = len(raw) - body
            length = whole if size == 0 or size > whole else size
            length -= length % (2 * channels)
            frames = np.frombuffer(raw, dtype="<i2", count=length // 2, offset=body)
            mono = frames.reshape(-1, channels).mean(axis=1) / 32768.0
            return Sound(np.asarray(mono, dtype=np.float64), rate)
        position = body + size + size % 2
    raise ValueError(f"{path}: no samples in this wav file")


def write_wav(path: Path, sound: Sound) -> Path:
    """Write 16-bit mono; what exceeds full scale is clipped."""
    path.write_bytes(wav_of(sound))
    return path


def wav_of(sound: Sound) -> bytes:
    """A wav file's bytes: 16-bit mono; what exceeds full scale is clipped."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes((np.clip(sound.samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return content.getvalue()


def make_tone(path: Path, hz: float, seconds: float, dbfs: float = -15.0, rate: int = RATE) -> Path:
    """Write a sine of that pitch and RMS loudness; a G.711 phone plays 8 kHz, a G.722 one 16."""
    amplitude = 10 ** (dbfs / 20) * np.sqrt(2)
    # A whole number of Hz repeats each second: ten times faster than three minutes of sines.
    length = rate if float(hz).is_integer() else round(seconds * rate)
    once = amplitude * np.sin(2 * np.pi * hz * np.arange(length) / rate)
    return write_wav(path, Sound(np.resize(once, round(seconds * rate)), rate))


def resampled(sound: Sound, rate: int = RATE) -> Sound:
    """The same sound at another rate: band-limited through its spectrum, exact in length."""
    if sound.rate == rate or not len(sound.samples):
        return Sound(sound.samples, rate)
    wanted = round(len(sound.samples) * rate / sound.rate)
    spectrum = np.fft.rfft(sound.samples)
    kept = np.zeros(wanted // 2 + 1, dtype=np.complex128)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return Sound(np.fft.irfft(kept, wanted) * (wanted / len(sound.samples)), rate)


def tones_heard(
    recording: Path | Sound,
    tones: Iterable[float],
    window_ms: int = 100,
    floor_db: float = -38.0,
) -> dict[float, list[Span]]:
    """When each of the `tones` (Hz, at least 20 apart) was heard, as spans of whole windows.

    A tone counts in a window when its own loudness there is above `floor_db` dBFS and within
    15 dB of all that is heard, so that music or speech passing over the pitch does not count.
    Several may sound at once. A tone of `make_tone` arrives at about -15 dBFS.
    """
    sound = resampled(_sound(recording))
    width = RATE * window_ms // 1000
    count = len(sound.samples) // width
    windows = sound.samples[: count * width].reshape(count, width)
    taper = np.hanning(width)
    loudness = np.sqrt(np.mean(np.square(windows), axis=1))
    at = np.arange(width) / RATE
    heard: dict[float, list[Span]] = {}
    for hz in tones:
        probe = taper * np.exp(-2j * np.pi * hz * at)
        level = np.abs(windows @ probe) * np.sqrt(2) / taper.sum()
        present = (level > 10 ** (floor_db / 20)) & (level > loudness * 10 ** (-15 / 20))
        heard[hz] = _spans(present, window_ms / 1000)
    return heard


def tone_seconds(recording: Path | Sound, hz: float) -> float:
    """For how long, in all, the tone was heard."""
    return sum(span.seconds for span in tones_heard(recording, [hz])[hz])


def silences(
    recording: Path | Sound, over_ms: int = 60, floor_db: float = SILENCE_DBFS
) -> list[Span]:
    """Every stretch of at least `over_ms` under `floor_db`, to 10 ms.

    A phone records only what arrives: a gap in the RTP is no silence in its recording but is
    missing from it. For gaps ask the capture.
    """
    sound = _sound(recording)
    width = sound.rate // 100
    count = len(sound.samples) // width
    windows = sound.samples[: count * width].reshape(count, width)
    quiet = np.sqrt(np.mean(np.square(windows), axis=1)) < 10 ** (floor_db / 20)
    return [span for span in _spans(quiet, 0.01) if span.seconds * 1000 >= over_ms - 0.5]


def loudness(recording: Path | Sound, start: float = 0.0, end: float | None = None) -> float:
    """RMS in dBFS of the span from `start` to `end` seconds."""
    return _sound(recording).between(start, end).dbfs()


def find_prompt(recording: Path | Sound, prompt: Path | Sound) -> Found:
    """Where the prompt was heard, by normalised cross-correlation of what makes speech clear.

    Measured with Asterisk's own prompts: through G.711 over 0.9, over music of the same loudness
    at least 0.65, over music 6 dB louder 0.4; another prompt or music alone at most 0.3. The
    prompt must be there whole: one that was cut short scores by the part that was heard.
    """
    return _Ground(_sound(recording)).find(prompt)


def heard(recording: Path | Sound, prompt: Path | Sound, least: float = 0.35) -> bool:
    """Was this prompt heard, alone or over music?"""
    return find_prompt(recording, prompt).score >= least


def music_heard(
    recording: Path | Sound,
    start: float = 0.0,
    end: float | None = None,
    music: Path | Sound | None = None,
    longest_pause_ms: int = 400,
) -> bool:
    """Was there music all through the span: no pause longer than music itself makes?

    With `music` given, six in ten of up to eight seconds spread over the span must also be found
    in that file (at any place, so that loops and random starts count; a prompt may lie over the
    others). A loop of a minute takes 0.1 s of CPU a second looked at.
    """
    span = _sound(recording).between(start, end)
    if span.seconds < 0.1 or span.dbfs() < SILENCE_DBFS:
        return False
    if silences(span, over_ms=longest_pause_ms):
        return False
    if music is None:
        return True
    ground = _music_ground(music) if isinstance(music, Path) else _Ground(music)
    last = max(0.0, span.seconds - 1.0)
    places = np.linspace(0.0, last, min(8, int(last) + 1))
    found = [ground.find(span.between(at, at + 1.0)).score >= 0.5 for at in places]
    return sum(found) >= 0.6 * len(found)


class _Ground:
    """A recording made ready to be searched, more than once."""

    def __init__(self, sound: Sound) -> None:
        self._clear = clear(resampled(sound).samples)
        self._energy = np.concatenate(([0.0], np.cumsum(np.square(self._clear))))
        self._spectra: dict[int, NDArray[np.complex128]] = {}

    def find(self, prompt: Path | Sound) -> Found:
        whole = resampled(prompt) if isinstance(prompt, Sound) else _read_prompt(prompt)
        loud = np.flatnonzero(np.abs(whole.samples) > 10 ** (-40 / 20))
        if not len(loud) or len(self._clear) <= loud[-1] - loud[0]:
            return Found(0.0, 0.0)
        what = clear(whole.samples[loud[0] : loud[-1] + 1])
        places = len(self._clear) - len(what) + 1
        size = 1 << (len(self._clear) + len(what) - 1).bit_length()
        if size not in self._spectra:
            self._spectra[size] = np.fft.rfft(self._clear, size)
        match = np.fft.irfft(self._spectra[size] * np.conj(np.fft.rfft(what, size)), size)[:places]
        energy = self._energy[len(what) :] - self._energy[:places]
        # A stretch of near silence would make any noise look like a match.
        least = 10 ** (SILENCE_DBFS / 20) * np.sqrt(len(what)) / 4
        scale = np.maximum(np.sqrt(np.maximum(energy, 0.0)), least)
        scores = match / (scale * np.sqrt(np.sum(np.square(what))))
        best = int(np.argmax(scores))
        return Found((best - int(loud[0])) / RATE, float(scores[best]))


def _sound(recording: Path | Sound) -> Sound:
    return recording if isinstance(recording, Sound) else read_wav(recording)


def _spans(present: NDArray[np.bool_], step: float) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], present.astype(np.int8), [0]))))
    return [
        Span(round(int(first) * step, 6), round(int(last) * step, 6))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def clear(samples: Samples) -> Samples:
    """300 to 3400 Hz, the high raised by 9 dB an octave: what tells one word from another.

    Without it a voice's pitch makes any two short prompts of one speaker look half alike (0.56
    instead of 0.29 at worst).
    """
    size = 1 << len(samples).bit_length()
    spectrum = np.fft.rfft(samples, size)
    pitch = np.fft.rfftfreq(size, 1 / RATE)
    weight = np.where((pitch < 300) | (pitch > 3400), 0.0, (pitch / 1000) ** 1.5)
    return np.asarray(np.fft.irfft(spectrum * weight, size)[: len(samples)], dtype=np.float64)


@lru_cache(maxsize=64)
def _read_prompt(path: Path) -> Sound:
    return resampled(read_wav(path))


@lru_cache(maxsize=2)
def _music_ground(path: Path) -> _Ground:
    return _Ground(read_wav(path))
