"""An upload made into what phones are played; a program of its own, so that whatever the upload
does to it does nothing to the edge. Reads the upload, writes one line of JSON and then the files.

    python -m edge.prompts.convert prompt 600 <upload >converted
"""

from __future__ import annotations

import json
import math
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from edge.domain.media import FORMATS, FRAME_BYTES, Purpose
from edge.ports.media import Refused, Unusable
from edge.prompts.containers import Container, Truncated, announced_seconds, container_of
from edge.prompts.sound import (
    PEAK_DBFS,
    SPEECH_PEAK_DBFS,
    AudioSegment,
    cut_to_sound,
    cut_to_speech,
)

RATE = 16000
SAMPLE_BYTES = 2
FRAME_SAMPLES = RATE // 50
SHORTEST_SECONDS = 0.1
MISSING_SECONDS = 0.25
"""What may be missing of the length a file announces: encoders round it, and leave out lead-ins."""
LOUDNESS = {Purpose.PROMPT: -20.0, Purpose.MUSIC: -24.0}
"""LUFS after ITU-R BS.1770-4, integrated and gated. Our own prompts (-20 dBFS RMS) are between
-19.1 and -21.6 by this measure, our own music -24.7."""
MOST_GAIN_DB = 30.0
"""More would make music of a line's hum."""
QUIETEST_LUFS = -60.0
DECODING_BYTES = 512 * 1024 * 1024
DECODING_CPU_SECONDS = 60
CODECS = (
    "pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_f64le,pcm_mulaw,pcm_alaw,"
    "adpcm_ms,adpcm_ima_wav,gsm_ms,mp3float,mp3,vorbis,libvorbis,opus,libopus,flac"
)
MEASURE = "aformat=channel_layouts=mono,ebur128=framelog=verbose"
"""What phones will hear is measured: two channels would count as 3 dB more than their mix, and what
is nothing in the mix would count in full."""
MEASURED = re.compile(rb"^\s+I:\s+(-?[0-9.]+|-inf|nan) LUFS", re.MULTILINE)
ENCODERS = {
    "ulaw": ("8000", "pcm_mulaw", "mulaw", b"\xff"),
    "alaw": ("8000", "pcm_alaw", "alaw", b"\xd5"),
    "g722": ("16000", "g722", "g722", b""),
}
"""Hz, ffmpeg's encoder and muxer, and the byte of silence."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One channel of 16-bit samples at 16 kHz, and their loudness in LUFS (None: too short)."""

    pcm: bytes
    loudness: float | None

    @property
    def seconds(self) -> float:
        return len(self.pcm) / (RATE * SAMPLE_BYTES)


def converted(upload: bytes, purpose: Purpose, most_seconds: float) -> Refused | dict[str, bytes]:
    """The files by extension. Music is cut where it is silent and made louder or softer as a
    whole, so that it keeps its dynamics; speech is cut to the speech and its peaks are limited."""
    container = container_of(upload)
    if container is None:
        return Refused(Unusable.NOT_AUDIO, "This is neither wav nor mp3, ogg or flac.")
    try:
        announced = announced_seconds(container, upload)
    except Truncated as fault:
        return Refused(Unusable.TRUNCATED, f"The file is not whole: {fault}.")
    if announced is not None and announced > most_seconds:
        return _too_long(most_seconds)
    decoded = _decoded(upload, container, most_seconds)
    if isinstance(decoded, Refused):
        return decoded
    if announced is not None and decoded.seconds < announced - max(MISSING_SECONDS, announced / 50):
        detail = f"The file announces {announced:.1f} s of sound and has {decoded.seconds:.1f} s."
        return Refused(Unusable.TRUNCATED, detail)
    audio = AudioSegment(decoded.pcm, sample_width=SAMPLE_BYTES, frame_rate=RATE, channels=1)
    loudness = decoded.loudness if decoded.loudness is not None else audio.dBFS
    # Samples beyond all measure come out of the mix as nothing.
    if decoded.seconds < SHORTEST_SECONDS or loudness < QUIETEST_LUFS or not audio.max:
        return Refused(Unusable.SILENT, "There is nothing to hear in the file.")
    cut = cut_to_speech(audio) if purpose is Purpose.PROMPT else cut_to_sound(audio)
    gain = min(LOUDNESS[purpose] - loudness, MOST_GAIN_DB)
    if purpose is Purpose.MUSIC:
        gain = min(gain, PEAK_DBFS - cut.max_dBFS)
    whole = _in_frames(cut.raw_data)
    return {extension: _encoded(whole, extension, purpose, gain) for extension in FORMATS}


def _too_long(most_seconds: float) -> Refused:
    return Refused(Unusable.TOO_LONG, f"The sound is longer than {most_seconds:g} s.")


def _decoded(upload: bytes, container: Container, most_seconds: float) -> Decoded | Refused:
    """By ffmpeg, which may open nothing but the pipe: neither files nor addresses named inside."""
    most = math.ceil(most_seconds * RATE) * SAMPLE_BYTES
    command = [
        *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", "-threads", "1"),
        *("-protocol_whitelist", "pipe", "-format_whitelist", container.value),
        *("-codec_whitelist", CODECS, "-f", container.value, "-i", "pipe:0"),
        *("-map", "0:a:0", "-vn", "-sn", "-dn", "-af", MEASURE),
        *("-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"),
    ]
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as said:
        file.write(upload)
        file.seek(0)
        with subprocess.Popen(
            command, stdin=file, stdout=subprocess.PIPE, stderr=said, preexec_fn=_limit_decoder
        ) as ffmpeg:
            assert ffmpeg.stdout is not None
            pcm = ffmpeg.stdout.read(most + 1)
            if len(pcm) > most:
                ffmpeg.kill()
                return _too_long(most_seconds)
        if ffmpeg.returncode != 0 or not pcm:
            return Refused(Unusable.NOT_AUDIO, f"There is no sound in this {container.value} file.")
        return Decoded(pcm, _loudness_in(said))


def _limit_decoder() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (DECODING_BYTES, DECODING_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (DECODING_CPU_SECONDS, DECODING_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _loudness_in(said: IO[bytes]) -> float | None:
    said.seek(0)
    measured = MEASURED.findall(said.read())
    value = float(measured[-1]) if measured else math.nan
    # -70 is where the gate lets nothing through: silence, or less than its first 400 ms.
    return value if math.isfinite(value) and value > -70.0 else None


def _in_frames(pcm: bytes) -> bytes:
    """With silence at the end up to a whole frame: Asterisk's loop would click at a broken one."""
    frame = FRAME_SAMPLES * SAMPLE_BYTES
    return pcm + b"\0" * (-len(pcm) % frame)


def _encoded(pcm: bytes, extension: str, purpose: Purpose, gain: float) -> bytes:
    rate, codec, muxer, silence = ENCODERS[extension]
    filters = [f"volume={gain:.2f}dB:precision=float"]
    if purpose is Purpose.PROMPT:
        filters.append(
            f"alimiter=limit={10 ** (SPEECH_PEAK_DBFS / 20):.4f}:level=disabled:release=20"
        )
    filters.append(f"aresample={rate}:resampler=soxr")
    command = [
        *("ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "pipe"),
        *("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0", "-af", ",".join(filters)),
        *("-c:a", codec, "-f", muxer, "pipe:1"),
    ]
    coded = subprocess.run(command, input=pcm, capture_output=True, check=True).stdout
    size = len(pcm) // SAMPLE_BYTES // FRAME_SAMPLES * FRAME_BYTES
    return (coded + (silence or coded[-1:]) * max(0, size - len(coded)))[:size]


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 also for an upload that is refused: the line of JSON says which."""
    purpose, most_seconds = Purpose(arguments[0]), float(arguments[1])
    found = converted(sys.stdin.buffer.read(), purpose, most_seconds)
    out = sys.stdout.buffer
    if isinstance(found, Refused):
        out.write(json.dumps({"refused": found.why, "detail": found.detail}).encode() + b"\n")
        return 0
    size = len(found[FORMATS[0]])
    out.write(json.dumps({"size": size, "seconds": size / 8000}).encode() + b"\n")
    for extension in FORMATS:
        out.write(found[extension])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
