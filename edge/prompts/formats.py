"""The files that Asterisk plays without transcoding, one function a file extension."""

from __future__ import annotations  # array[int] is a type for checkers alone

import io
import os
import tempfile
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

from edge.prompts import g722
from edge.prompts.sound import audioop

RATES = {"ulaw": 8000, "alaw": 8000, "g722": 16000, "wav": 8000, "wav16": 16000}
"""Hz of the samples that each extension is made from; the extensions are Asterisk's."""
IN_USE = ("ulaw", "alaw", "g722")
"""The codecs of the phones; Asterisk makes anything else out of these."""
FRAME_MS = 20
"""Asterisk reads files by this much; a loop must be a multiple of it or its seam clicks."""


def encode(samples: array[int], extension: str) -> bytes:
    """The bytes of a file; the samples are 16 bit at `RATES[extension]` Hz, one channel.

    Raises KeyError for an extension that is not in RATES.
    """
    return _ENCODERS[extension](samples)


def decode(path: Path) -> array[int]:
    """The 16-bit samples at 8 kHz of a .ulaw or .alaw file, as a phone would play them."""
    decoder = {".ulaw": audioop.ulaw2lin, ".alaw": audioop.alaw2lin}[path.suffix]
    return array("h", decoder(path.read_bytes(), 2))


def write_whole(path: Path, content: bytes) -> None:
    """Atomic: whoever opens `path` meanwhile reads the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise


def _ulaw(samples: array[int]) -> bytes:
    return audioop.lin2ulaw(samples.tobytes(), 2)


def _alaw(samples: array[int]) -> bytes:
    return audioop.lin2alaw(samples.tobytes(), 2)


def _wav(samples: array[int], rate: int) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return content.getvalue()


_ENCODERS: dict[str, Callable[[array[int]], bytes]] = {
    "ulaw": _ulaw,
    "alaw": _alaw,
    "g722": g722.encode,
    "wav": lambda samples: _wav(samples, 8000),
    "wav16": lambda samples: _wav(samples, 16000),
}
