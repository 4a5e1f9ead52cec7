"""The hold music: a loop of 40 s composed here, so that its licence is ours to give (CC0).

Never silent, and quiet enough above 800 Hz that a test tone there is not mistaken for music.

`python -m edge.prompts.music --out sounds/moh/default` writes it in the phones' codecs.
"""

from __future__ import annotations  # array[int] is a type for checkers alone

import argparse
import math
import sys
from array import array
from functools import cache
from pathlib import Path

from edge.prompts import g722
from edge.prompts.formats import encode, write_whole
from edge.prompts.resample import resample
from edge.prompts.sound import AudioSegment, levelled, pcm, segment

NAME = "tune"
RATE = 16000
BEAT = 10_000
"""Samples: 96 beats a minute. Sixteen bars of four are 40 s, a whole number of 20 ms frames."""
BARS = 16
LOOP = BARS * 4 * BEAT
TAIL = 4 * RATE
"""Room for what still sounds after the last bar; it is laid over the beginning."""
RMS_DBFS = -24.0
ECHOES_MS_DB = ((73, -13), (131, -16), (197, -19), (281, -22), (397, -26))
"""A small room, so that the notes do not stand alone."""

CHORDS = {
    "C": (48, (52, 55, 59), (60, 64, 67, 71, 72, 71, 67, 64)),
    "Am": (45, (52, 55, 60), (57, 60, 64, 67, 72, 67, 64, 60)),
    "F": (41, (57, 60, 64), (60, 65, 69, 72, 76, 72, 69, 65)),
    "G": (43, (55, 59, 62), (59, 62, 67, 71, 74, 71, 67, 62)),
    "Em": (52, (55, 59, 62), (59, 64, 67, 71, 74, 71, 67, 64)),
    "Dm": (50, (53, 57, 60), (57, 62, 65, 69, 72, 69, 65, 62)),
    "Gs": (43, (53, 60, 62), (60, 62, 65, 67, 72, 67, 65, 62)),
}
"""Bass, held chord and the eight quavers of a bar, as MIDI notes (60 = middle C)."""
SONG = ("C", "Am", "F", "G", "Em", "Am", "Dm", "Gs", "C", "Em", "F", "G", "Am", "F", "Dm", "Gs")
MELODY = (
    (0, 1, 76, 2), (0, 3, 74, 1), (1, 0, 72, 3), (2, 1, 69, 1), (2, 2, 72, 2), (3, 0, 74, 3),
    (4, 1, 71, 1), (4, 2, 74, 2), (5, 0, 72, 2), (5, 2, 69, 2), (6, 1, 69, 1), (6, 2, 65, 2),
    (7, 0, 67, 3), (8, 1, 79, 2), (8, 3, 76, 1), (9, 0, 74, 3), (10, 1, 72, 1), (10, 2, 76, 2),
    (11, 0, 74, 3), (12, 1, 72, 1), (12, 2, 76, 1), (12, 3, 74, 1), (13, 0, 72, 2), (13, 2, 69, 2),
    (14, 1, 65, 1), (14, 2, 69, 1), (14, 3, 72, 1), (15, 0, 67, 3),
)  # fmt: skip
"""(bar, beat, MIDI note, beats)"""


def compose() -> array[int]:
    """The loop: 16-bit samples at 16 kHz, -24 dBFS RMS, its end runs into its beginning."""
    canvas = AudioSegment.silent((LOOP + TAIL) * 1000 // RATE, RATE)
    for bar, name in enumerate(SONG):
        bass, chord, quavers = CHORDS[name]
        start = bar * 4 * BEAT
        for beat in (0, 2):
            canvas = _lay(canvas, _pluck(bass, 2 * BEAT), start + beat * BEAT, -7)
        for note in chord:
            canvas = _lay(canvas, _held(note), start, -9)
        for step, note in enumerate(quavers):
            accent = 0 if step in (0, 4) else -2
            canvas = _lay(canvas, _pluck(note, BEAT), start + step * BEAT // 2, -11 + accent)
    for bar, beat, note, beats in MELODY:
        canvas = _lay(canvas, _pluck(note, beats * BEAT), (bar * 4 + beat) * BEAT, -10)
    dry = canvas
    for delay_ms, gain_db in ECHOES_MS_DB:
        canvas = canvas.overlay(dry.apply_gain(gain_db), position=delay_ms)
    mixed = pcm(canvas)
    once = segment(mixed[:LOOP], RATE).overlay(segment(mixed[LOOP:], RATE))
    return pcm(levelled(once, RMS_DBFS))


def write(out: Path) -> list[Path]:
    """Write the loop for G.711 and G.722 into `out`; each file is replaced whole."""
    wide = compose()
    narrow = narrowed(wide)
    contents = {
        "ulaw": encode(narrow, "ulaw"),
        "alaw": encode(narrow, "alaw"),
        "g722": g722.encode(wide, warm_up=wide[-2 * RATE :]),
    }
    files = []
    for extension, content in contents.items():
        write_whole(out / f"{NAME}.{extension}", content)
        files.append(out / f"{NAME}.{extension}")
    return files


def narrowed(wide: array[int]) -> array[int]:
    """The loop at 8 kHz; the filter sees it going round, so the seam stays inaudible."""
    around = RATE // 10
    narrow = resample(wide[-around:] + wide + wide[:around], RATE, RATE // 2)
    once = narrow[around // 2 : around // 2 + LOOP // 2]
    return pcm(levelled(segment(once, RATE // 2), RMS_DBFS))


def _lay(canvas: AudioSegment, sound: AudioSegment, at: int, gain_db: int) -> AudioSegment:
    return canvas.overlay(sound.apply_gain(gain_db), position=at * 1000 // RATE)


def _hertz(note: int) -> float:
    return float(440.0 * 2.0 ** ((note - 69) / 12))


@cache
def _pluck(note: int, length: int) -> AudioSegment:
    """Something like an electric piano: a soft stroke, two strings, upper partials die first."""
    hertz = _hertz(note)
    sounding = length + RATE
    samples = array("h")
    for index in range(sounding):
        t = index / RATE
        turn = math.tau * hertz * t
        bell = 0.9 * math.exp(-6.0 * t) * math.sin(2.0 * turn)
        wow = 0.25 * math.sin(math.tau * 5.0 * t)
        body = math.sin(turn + bell) + 0.7 * math.sin(0.996 * turn + wow)
        body += 0.3 * math.exp(-1.5 * t) * math.sin(2.004 * turn + wow)
        body += 0.08 * math.exp(-2.5 * t) * math.sin(3.0 * turn)
        attack = min(1.0, t / 0.006)
        release = min(1.0, (sounding - index) / (0.3 * RATE))
        samples.append(round(6500 * attack * release * math.exp(-1.9 * t) * body))
    return segment(samples, RATE)


@cache
def _held(note: int) -> AudioSegment:
    """A bar of strings: three slightly different pitches with vibrato, swelling in and out."""
    swell = 0.5
    sounding = 4 * BEAT + int(swell * RATE)
    total = sounding / RATE
    samples = array("h")
    for index in range(sounding):
        t = index / RATE
        shape = math.sin(math.pi / 2 * min(1.0, t / swell, (total - t) / swell))
        value = 0.0
        for voice, detune in enumerate((-0.004, 0.0, 0.0045)):
            wobble = 0.35 * math.sin(math.tau * (4.3 + 0.4 * voice) * t + voice)
            turn = math.tau * _hertz(note) * (1.0 + detune) * t + wobble
            value += math.sin(turn) + 0.4 * math.sin(2 * turn) + 0.15 * math.sin(3 * turn)
        samples.append(round(2500 * shape * value))
    return segment(samples, RATE)


def main(args: list[str]) -> int:
    """Write the loop; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m edge.prompts.music", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the music class")
    chosen = parser.parse_args(args)
    for file in write(chosen.out):
        sys.stdout.write(f"{file}  {file.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
