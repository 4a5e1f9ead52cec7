"""Hold music found again in what a phone heard, to the sample, so that it can be taken away."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lab.audio import RATE, Samples

WINDOW = RATE // 2
"""Samples that are looked for in the tune at once."""
SAME, SAME_ANEW = 0.9, 0.97
"""Likeness from which a window is that place of the tune, where it is expected and anywhere else:
a tune repeats itself almost."""
UNDER_WORDS = 0.1
"""The music below words is this much alike to itself; other places of it stay about 0."""
BLOCK = RATE // 4
STEP = RATE // 25
"""The loudness of the music is taken every 40 ms."""


def aligned(heard: Samples, tune: Samples) -> Samples:
    """The tune as it would be heard alone; zeros where nobody can tell which part of it.

    Under words it goes on as before them or as after them, whichever is heard; music that stood
    still meanwhile leaves zeros.
    """
    ground, anchors, shift = _ground_of(tune.tobytes()), [], 0
    for start in range(0, max(1, len(heard) - WINDOW + 1), WINDOW // 2):
        window = heard[start : start + WINDOW]
        if likeness(window, ground.part(start + shift, len(window))) < SAME:
            place = ground.find(window)
            if place is None:
                continue
            shift = (place - start) % len(tune)
        anchors.append((start, shift))
    music = np.zeros(len(heard))
    for first, last, before, after in _stretches(anchors, len(heard)):
        starts = range(first, last, BLOCK)
        blocks = [slice(start, min(start + BLOCK, last)) for start in starts]
        for block, held in zip(blocks, _shifts(heard, ground, blocks, before, after), strict=True):
            if held is not None:
                music[block] = ground.part(block.start + held, block.stop - block.start)
    return music


def gains(heard: Samples, music: Samples) -> NDArray[np.float64]:
    """How loud the music is at each sample against its file; words over it hardly count."""
    if not len(heard):
        return np.zeros(0)
    count = -(-len(heard) // STEP)
    pad = count * STEP - len(heard)
    mixed, alone = (np.pad(one, (0, pad)).reshape(count, STEP) for one in (heard, music))
    power = np.sum(np.square(alone), axis=1)
    found = np.where(power > 1e-6, np.sum(mixed * alone, axis=1) / np.maximum(power, 1e-6), 0.0)
    nine = np.lib.stride_tricks.sliding_window_view(np.pad(found, 4, mode="edge"), 9)
    return np.repeat(np.clip(np.median(nine, axis=1), 0.0, 2.0), STEP)[: len(heard)]


def likeness(one: Samples, other: Samples) -> float:
    """1: the same but for loudness; 0: nothing alike."""
    scale = float(np.sqrt(np.sum(np.square(one)) * np.sum(np.square(other))))
    return float(np.dot(one, other)) / scale if scale > 1e-9 else 0.0


class _Ground:
    """A tune that goes round, ready to be searched. It remembers what it has searched: who waits
    for a word listens to the same recording over and over, as it grows."""

    def __init__(self, tune: Samples) -> None:
        self._tune = tune
        self._spectrum = np.fft.rfft(tune)
        around = np.concatenate([tune, tune[:WINDOW]])
        energy = np.concatenate(([0.0], np.cumsum(np.square(around))))
        self._loudness = np.sqrt(energy[WINDOW:] - energy[:-WINDOW])[: len(tune)]
        self._found: dict[bytes, int | None] = {}

    def part(self, start: int, length: int) -> Samples:
        return self._tune[np.arange(start, start + length) % len(self._tune)]

    def find(self, window: Samples) -> int | None:
        """Where in the tune this is; None: it is not the tune alone."""
        if len(window) < WINDOW or not np.any(window):
            return None
        digest = hashlib.blake2b(window.tobytes(), digest_size=16).digest()
        if digest not in self._found:
            self._found[digest] = self._search(window)
        return self._found[digest]

    def _search(self, window: Samples) -> int | None:
        match = np.fft.irfft(
            self._spectrum * np.conj(np.fft.rfft(window, len(self._tune))), len(self._tune)
        )
        place = int(np.argmax(match / np.maximum(self._loudness, 1e-3)))
        return place if likeness(window, self.part(place, WINDOW)) >= SAME_ANEW else None


@lru_cache(maxsize=4)
def _ground_of(tune: bytes) -> _Ground:
    return _Ground(np.frombuffer(tune))


def _stretches(anchors: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int, int, int]]:
    """(first, last, shift before, shift after), from one certain window to the next."""
    if not anchors:
        return []
    edges = [(0, anchors[0][1]), *anchors, (length, anchors[-1][1])]
    stretches = []
    for (first, shift), (last, then) in pairwise(edges):
        certain = min(first + WINDOW, last)
        stretches += [(first, certain, shift, shift), (certain, last, shift, then)]
    return [stretch for stretch in stretches if stretch[0] < stretch[1]]


def _shifts(
    heard: Samples, ground: _Ground, blocks: Sequence[slice], before: int, after: int
) -> list[int | None]:
    """Where the tune is in each block: as before up to one moment, then as after."""
    if before == after:
        return [before] * len(blocks)
    alike = np.array(
        [
            [
                likeness(heard[one], ground.part(one.start + shift, one.stop - one.start))
                for one in blocks
            ]
            for shift in (before, after)
        ]
    )
    totals = [alike[0, :n].sum() + alike[1, n:].sum() for n in range(len(blocks) + 1)]
    turn = int(np.argmax(totals))
    chosen = np.append(alike[0, :turn], alike[1, turn:])
    is_there = (chosen > UNDER_WORDS) | (np.median(chosen) > UNDER_WORDS)
    return [(before if n < turn else after) if there else None for n, there in enumerate(is_there)]
