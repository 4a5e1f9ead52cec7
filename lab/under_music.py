"""Words over hold music: which prompt was heard from when to when, how loud, and the music below.

Our music reaches a G.711 phone as it lies in its file, sample by sample. So it is found in what
was heard and taken away; what remains are the words, however loud the music was.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab import tune as hold_music
from lab.audio import RATE, Samples, Sound, clear, decibels

FRAME = RATE // 100
HEAD = RATE * 35 // 100
"""So much of a prompt must be heard for it to be found; it may be cut right after."""
BLOCK = 1 << 15
LATEST_HEAD = RATE * 12 // 10
"""Where a host stalled in its first moment, a prompt is known by what follows it."""
HEAD_SCORE = 0.6
"""Through G.711 and over music that was taken away the same words score over 0.8."""
STALL = RATE * 6 // 10
"""A host that stalls moves the rest of a prompt by up to this."""
AUDIBLE = 10 ** (-40 / 20)
"""What is quieter at the ends of a prompt's file is silence."""
LEAST_REST = HEAD // 4
"""Less of a prompt is too little to be told from other words."""
PRESENT = 0.5
"""Likeness from which the prompt is heard in a frame; other words stay about 0, at most 0.4."""
TELLING_DB = -22.0
"""Frames of a prompt this far under its loudest do not tell whether it is heard."""
MISSING_FRAMES = 3
"""So many telling frames may be lost in the music at the end of a prompt that is whole."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One time a prompt was heard; seconds from the beginning of what was listened to."""

    prompt: str
    start: float
    """Of the first sound of the prompt, after the silence its file may begin with."""
    end: float
    """Of the last that was heard of it, to 10 ms."""
    whole: bool
    """Nothing is missing at its end."""
    gain_db: float
    """Against its own file."""
    over_music_db: float
    """How much louder than the music under it; 120 without music."""
    music_db: float
    """The music under it against its own file: 0 not lowered, -120 none."""

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def comes_after(self, other: "Spoken") -> bool:
        """Words that cut others begin in the frame in which those are last heard."""
        return self.start > other.end - FRAME / RATE


class UnderMusic:
    """What was heard while this tune was played, with the tune taken away."""

    def __init__(self, heard: Sound, tune: Sound) -> None:
        self._heard = heard.samples
        self._music = hold_music.aligned(heard.samples, tune.samples)
        self._words = self._heard - self._music * hold_music.gains(self._heard, self._music)
        self._clear = clear(self._words)
        self._ground = _Ground(self._clear)

    @property
    def words(self) -> Sound:
        """What remains without the music."""
        return Sound(self._words)

    def music_db(self, start: float, end: float) -> float:
        """The music in that span against its own file; -120 where there is none."""
        span = slice(round(start * RATE), round(end * RATE))
        power = float(np.sum(np.square(self._music[span])))
        if power < 1e-6:
            return -120.0
        return decibels(max(0.0, float(np.dot(self._heard[span], self._music[span])) / power))

    def has_music(self, start: float, end: float, least_db: float = -20.0) -> bool:
        """Whether it is there in every second of the span, words over it or not."""
        starts = np.arange(start, max(end - 1.0, start) + 0.01, 0.5)
        return all(self.music_db(at, min(at + 1.0, end)) > least_db for at in starts)

    def spoken(self, prompts: Mapping[str, Sound]) -> list[Spoken]:
        """Every time one of these prompts was heard, whole or cut, in order of time.

        Where several fit one place, for they begin with the same words, the one counts of which
        more was heard.
        """
        found = [
            one
            for name, prompt in prompts.items()
            for one in self._every(name, _without_silence(prompt.samples))
        ]
        kept: list[Spoken] = []
        for one in sorted(found, key=lambda one: (-one.seconds, not one.whole)):
            if all(one.comes_after(other) or other.comes_after(one) for other in kept):
                kept.append(one)
        return sorted(kept, key=lambda one: one.start)

    def _every(self, name: str, prompt: Samples) -> list[Spoken]:
        wanted = clear(prompt)
        found: list[Spoken] = []
        for begin in range(0, max(1, min(len(wanted) - HEAD, LATEST_HEAD)), HEAD):
            for place in self._ground.places(wanted[begin : begin + HEAD]):
                start = place - begin
                if start < 0 or any(abs(start / RATE - one.start) < STALL / RATE for one in found):
                    continue
                one = self._followed(name, prompt, wanted, start, begin)
                found += [one] if one is not None else []
        return found

    def _goes_on(
        self, wanted: Samples, telling: NDArray[np.intp], at: int, end: int
    ) -> tuple[int, int] | None:
        """Where the rest of it is laid and from where on it is known; a host may stall in a pause,
        which alone tells nothing."""
        for begin in range(end, end + STALL, HEAD // 2):
            rest = wanted[begin : begin + HEAD]
            if len(rest) < LEAST_REST:
                return None
            first = max(0, at + begin - STALL // 2)
            places = _Ground(self._clear[first : at + begin + STALL + len(rest)]).places(rest)
            for place in places:
                moved = first + place - begin
                if moved >= 0 and self._heard_until(wanted, telling, moved, begin) is not None:
                    return moved, begin
        return None

    def _followed(
        self, name: str, prompt: Samples, wanted: Samples, start: int, begin: int
    ) -> Spoken | None:
        """Hear the prompt, known by what begins at `begin`, to where it is heard no more; a host
        that stalled in its middle has moved the rest of it."""
        telling = _telling(wanted)
        pieces: list[tuple[int, int, int]] = []
        at = start
        while (end := self._heard_until(wanted, telling, at, begin)) is not None:
            pieces.append((end - begin, begin, at))
            goes_on = self._goes_on(wanted, telling, at, end)
            if goes_on is None:
                break
            at, begin = goes_on
        if not pieces:
            return None
        end = pieces[-1][0] + pieces[-1][1]
        length, first, moved = max(pieces)
        span = slice(moved + first, min(moved + first + length, len(self._heard)))
        own = prompt[first : first + span.stop - span.start]
        music, words = _two_gains(self._heard[span], self._music[span], own)
        below, above = _rms(self._music[span]) * music, _rms(own) * words
        return Spoken(
            prompt=name,
            start=start / RATE,
            end=(at + end) / RATE,
            whole=bool(np.count_nonzero(telling >= end // FRAME) <= MISSING_FRAMES),
            gain_db=decibels(words),
            over_music_db=decibels(above / below) if below > 1e-4 else 120.0,
            music_db=decibels(music),
        )

    def _heard_until(
        self, wanted: Samples, telling: NDArray[np.intp], start: int, begin: int
    ) -> int | None:
        """How much of the prompt, if it starts there, is heard from sample `begin` of it on."""
        length = min(len(wanted), len(self._clear) - start) // FRAME
        told, there = (
            one[: length * FRAME].reshape(length, FRAME)
            for one in (wanted, self._clear[start : start + length * FRAME])
        )
        loudness = np.sqrt(np.sum(np.square(told), axis=1))
        scale = loudness * np.sqrt(np.sum(np.square(there), axis=1))
        likeness = np.sum(told * there, axis=1) / np.maximum(scale, 1e-9)
        frames = telling[(telling < length) & (telling >= begin // FRAME)]
        last = _last_heard(likeness[frames], loudness[frames])
        return None if last is None else (int(frames[last]) + 1) * FRAME


def _telling(wanted: Samples) -> NDArray[np.intp]:
    """The frames that are loud enough to tell."""
    frames = wanted[: len(wanted) // FRAME * FRAME].reshape(-1, FRAME)
    loudness = np.sum(np.square(frames), axis=1)
    return np.flatnonzero(loudness > loudness.max(initial=0.0) * 10 ** (TELLING_DB / 10))


def _last_heard(likeness: NDArray[np.float64], weights: NDArray[np.float64]) -> int | None:
    """A prompt is heard from its start until it is cut, once: the last frame, so that most frames
    before it have the prompt and most after it have not; None: not even the first ones."""
    balance = np.cumsum(np.where(likeness >= PRESENT, weights, -weights))
    if not len(balance) or balance.max() <= 0:
        return None
    return int(np.argmax(balance))


class _Ground:
    """What was heard, ready to be searched for heads; block by block, for one transform of a whole
    minute costs a busy machine more than a test may wait."""

    def __init__(self, sound: Samples) -> None:
        self._length = len(sound)
        self._size = min(BLOCK, 1 << (len(sound) + HEAD).bit_length())
        self._step = self._size - HEAD + 1
        count = max(1, -(-len(sound) // self._step))
        padded = np.pad(sound, (0, count * self._step + HEAD - len(sound)))
        blocks = np.lib.stride_tricks.sliding_window_view(padded, self._size)[:: self._step]
        self._spectra = np.fft.rfft(blocks, axis=1)
        self._energy = np.concatenate(([0.0], np.cumsum(np.square(sound))))

    def places(self, head: Samples) -> list[int]:
        """Where the head is heard, each place once."""
        count = self._length - len(head) + 1
        if count <= 0 or not len(head):
            return []
        sought = np.conj(np.fft.rfft(head, self._size))
        match = np.fft.irfft(self._spectra * sought, self._size, axis=1)[:, : self._step]
        there = np.sqrt(np.maximum(self._energy[len(head) :] - self._energy[:count], 0.0))
        own = float(np.sqrt(np.sum(np.square(head))))
        # A thousandth of the prompt's own loudness: in silence the noise of the codec is not it.
        scores = match.ravel()[:count] / (np.maximum(there, own * 0.01) * own)
        places = []
        while (best := int(np.argmax(scores))) >= 0 and scores[best] >= HEAD_SCORE:
            places.append(best)
            scores[max(0, best - len(head) // 2) : best + len(head) // 2 + 1] = 0.0
        return places


def _two_gains(heard: Samples, music: Samples, words: Samples) -> tuple[float, float]:
    """How loud each of the two is in what was heard, by least squares; never below 0."""
    if _rms(music) < 1e-5:
        power = float(np.sum(np.square(words)))
        return 0.0, max(0.0, float(np.dot(heard, words)) / power)
    both = np.stack([music, words], axis=1)
    first, second = np.linalg.lstsq(both, heard, rcond=None)[0]
    return max(0.0, float(first)), max(0.0, float(second))


def _without_silence(prompt: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(prompt) > AUDIBLE)
    return prompt[loud[0] : loud[-1] + 1] if len(loud) else prompt[:0]


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
