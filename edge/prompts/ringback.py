"""The tone that a phone makes while it rings another, as a loop: the class `ringback`.

440 and 480 Hz, 2 s on and 4 s off, as in North America (ITU-T E.180 supplement 2); a site of
another country puts its own tone in the folder.

`python -m edge.prompts.ringback --out sounds/moh/ringback` writes it in the phones' codecs.
"""

from __future__ import annotations  # array[int] is a type for checkers alone

import argparse
import math
import sys
from array import array
from pathlib import Path

from edge.prompts.formats import IN_USE, RATES, encode, write_whole

NAME = "ringback"
TONES_HZ = (440, 480)
ON_SECONDS, OFF_SECONDS = 2, 4
DBFS = -22.0
"""Of each tone (RMS)."""
FADE_SECONDS = 0.01


def compose(rate: int) -> array[int]:
    """One ring and one pause: 16-bit samples; it begins and ends in silence."""
    amplitude = 32767 * 10 ** (DBFS / 20) * math.sqrt(2)
    samples = array("h")
    for index in range(ON_SECONDS * rate):
        t = index / rate
        fade = min(1.0, t / FADE_SECONDS, (ON_SECONDS - t) / FADE_SECONDS)
        value = sum(math.sin(math.tau * hz * t) for hz in TONES_HZ)
        samples.append(round(amplitude * fade * value))
    samples.extend([0] * (OFF_SECONDS * rate))
    return samples


def write(out: Path) -> list[Path]:
    """Write the loop for G.711 and G.722 into `out`; each file is replaced whole."""
    files = [out / f"{NAME}.{extension}" for extension in IN_USE]
    for file in files:
        extension = file.suffix[1:]
        write_whole(file, encode(compose(RATES[extension]), extension))
    return files


def main(args: list[str]) -> int:
    """Write the loop; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m edge.prompts.ringback", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the music class")
    for file in write(parser.parse_args(args).out):
        sys.stdout.write(f"{file}  {file.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
