"""What kind of audio file some bytes are, and how long the file says that it is."""

import struct
from enum import StrEnum

WHOLE_WAV_UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Sizes that a program writes which cannot go back to the header."""
EVEN_WAVS = frozenset({1, 3, 6, 7, 0xFFFE})
"""Formats (PCM, float, G.711, and what is one of them) in which bytes a second are what they say;
what encoders write there for compressed sound is a guess."""
MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
OGG_PAGE_MOST = 65_307
END_OF_STREAM = 4


class Container(StrEnum):
    """The names are those of ffmpeg's demuxers."""

    WAV = "wav"
    MP3 = "mp3"
    OGG = "ogg"
    FLAC = "flac"


class Truncated(Exception):
    """The file ends before what it announces; the words say how that was seen."""


def container_of(content: bytes) -> Container | None:
    """By the first bytes alone: what a client calls it decides nothing."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return Container.WAV
    if content[:4] == b"OggS":
        return Container.OGG
    if content[:4] == b"fLaC":
        return Container.FLAC
    if content[:3] == b"ID3" or _mp3_frame(content, 0) is not None:
        return Container.MP3
    return None


def announced_seconds(container: Container, content: bytes) -> float | None:
    """How long the file says that it is; None where it says nothing.

    Raises Truncated where its end is missing for certain.
    """
    match container:
        case Container.WAV:
            return _wav_seconds(content)
        case Container.FLAC:
            return _flac_seconds(content)
        case Container.MP3:
            return _mp3_seconds(content)
        case Container.OGG:
            _check_ogg_end(content)
            return None


def _wav_seconds(content: bytes) -> float | None:
    at, kind, rate, bytes_per_second, samples = 12, 0, 0, 0, 0
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        at += 8
        if name == b"fmt " and at + 12 <= len(content):
            kind, _, rate, bytes_per_second = struct.unpack_from("<HHII", content, at)
        if name == b"fact" and at + 4 <= len(content):
            (samples,) = struct.unpack_from("<I", content, at)
        if name == b"data":
            if size in WHOLE_WAV_UNKNOWN:
                return None
            if at + size > len(content):
                have = len(content) - at
                raise Truncated(f"the header announces {size} bytes of sound, there are {have}")
            if kind not in EVEN_WAVS:
                return samples / rate if samples and rate else None
            return size / bytes_per_second if bytes_per_second else None
        at += size + size % 2
    raise Truncated("there is no sound after the header")


def _flac_seconds(content: bytes) -> float | None:
    if len(content) < 42:
        raise Truncated("there is no sound after the header")
    packed = int.from_bytes(content[18:26], "big")
    rate, samples = packed >> 44, packed & (1 << 36) - 1
    return samples / rate if rate and samples else None


def _check_ogg_end(content: bytes) -> None:
    """The last page is whole, and marked as the last."""
    last = content.rfind(b"OggS", max(0, len(content) - OGG_PAGE_MOST))
    if last < 0 or last + 27 > len(content):
        raise Truncated("the last page is missing")
    table = content[last + 27 : last + 27 + content[last + 26]]
    is_whole = last + 27 + content[last + 26] + sum(table) <= len(content)
    if not is_whole or not content[last + 5] & END_OF_STREAM:
        raise Truncated("the last page is missing")


def _mp3_frame(content: bytes, at: int) -> tuple[int, int, int] | None:
    """(version bits, rate in Hz, samples a frame) of a layer III frame that begins here."""
    if at + 4 > len(content) or content[at] != 0xFF or content[at + 1] & 0xE6 != 0xE2:
        return None
    version, bitrate, rate = (
        content[at + 1] >> 3 & 3,
        content[at + 2] >> 4,
        content[at + 2] >> 2 & 3,
    )
    if version not in MP3_RATES or bitrate == 15 or rate == 3:
        return None
    return version, MP3_RATES[version][rate], 1152 if version == 3 else 576


def _mp3_seconds(content: bytes) -> float | None:
    """From the header that encoders put into the first frame (Xing, Info, VBRI); without it
    nothing tells how long the file should be."""
    at = 0
    if content[:3] == b"ID3" and len(content) >= 10:
        size = content[6] << 21 | content[7] << 14 | content[8] << 7 | content[9]
        at = 10 + size + (10 if content[5] & 0x10 else 0)
    frame = _mp3_frame(content, at)
    if frame is None:
        return None
    version, rate, samples = frame
    is_mono = content[at + 3] >> 6 == 3
    side = (17 if is_mono else 32) if version == 3 else (9 if is_mono else 17)
    xing = content[at + 4 + side :][:12]
    if xing[:4] in (b"Xing", b"Info") and len(xing) == 12 and xing[7] & 1:
        return int.from_bytes(xing[8:12], "big") * samples / rate
    vbri = content[at + 36 :][:18]
    if vbri[:4] == b"VBRI" and len(vbri) == 18:
        return int.from_bytes(vbri[14:18], "big") * samples / rate
    return None
