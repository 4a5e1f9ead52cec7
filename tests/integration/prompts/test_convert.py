"""Uploads made playable: what ffmpeg and pydub make of good ones, and what bad ones come to."""

from __future__ import annotations  # array[int] is a type for checkers alone

import asyncio
import math
import os
import re
import struct
import subprocess
import zipfile
from array import array
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from edge.domain.media import FORMATS, FRAME_BYTES, Purpose
from edge.ports.media import CannotConvert, Converted, Refused, Unusable
from edge.prompts import converter as converting
from edge.prompts.convert import LOUDNESS
from edge.prompts.converter import FfmpegConverter
from edge.prompts.sound import audioop
from lab.audio import Sound, wav_of
from lab.wait import wait_until
from tests.unit.prompts.sounds_made import peak_dbfs

MOST_SECONDS = 30.0
CODED_AS = {
    "mp3": ["-f", "mp3"],
    "ogg": ["-f", "ogg"],
    "flac": ["-f", "flac"],
    "wav": ["-f", "wav"],
}


def speech(seconds: float = 4.0, level: float = 0.3, rate: int = 22050) -> bytes:
    """A wav that swells like speech, with half a second of silence before and after."""
    at = np.arange(round(seconds * rate)) / rate
    voiced = np.sin(2 * np.pi * 210 * at) + 0.5 * np.sin(2 * np.pi * 1130 * at)
    sound = level * voiced * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * 1.7 * at)))
    quiet = np.zeros(rate // 2)
    return wav_of(Sound(np.concatenate([quiet, sound, quiet]), rate))


def coded(wav: bytes, container: str) -> bytes:
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", *CODED_AS[container], "pipe:1"]
    if container == "mp3":
        command[-1:] = ["-write_xing", "1", "pipe:1"]
    return subprocess.run(command, input=wav, capture_output=True, check=True).stdout


def coded_in_file(wav: bytes, container: str, folder: Path, *how: str) -> bytes:
    """With the lengths in its header that only a file can be given afterwards."""
    out = folder / f"coded.{container}"
    command = ["ffmpeg", "-v", "error", "-y", "-i", "pipe:0", *how, str(out)]
    subprocess.run(command, input=wav, capture_output=True, check=True)
    return out.read_bytes()


async def made(upload: bytes, purpose: Purpose = Purpose.PROMPT) -> Converted:
    found = await FfmpegConverter(MOST_SECONDS).convert(upload, purpose)
    assert isinstance(found, Converted), found
    return found


async def refused(upload: bytes, why: Unusable) -> str:
    found = await FfmpegConverter(MOST_SECONDS).convert(upload, Purpose.PROMPT)
    assert isinstance(found, Refused), "it was taken"
    assert found.why is why
    return found.detail


def samples(found: Converted) -> array[int]:
    return array("h", audioop.ulaw2lin(found.files["ulaw"], 2))


def loudness(found: Converted) -> float:
    """LUFS of what a phone hears."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-f", "mulaw", "-ar", "8000", "-i", "pipe:0"]
    command += ["-af", "ebur128=framelog=verbose", "-f", "null", "-"]
    said = subprocess.run(command, input=found.files["ulaw"], capture_output=True, check=True)
    return float(re.findall(rb"I: +(-?[0-9.]+) LUFS", said.stderr)[-1])


@pytest.mark.parametrize("container", sorted(CODED_AS))
async def test_each_kind_is_cut_levelled_and_coded_for_the_phones(
    container: str, tmp_path: Path
) -> None:
    for upload in (
        coded(speech(), container),
        coded_in_file(speech(), container, tmp_path),
    ):
        found = await made(upload)
        assert found.seconds == pytest.approx(4.05, abs=0.1), "without the silence"
        assert set(found.files) == set(FORMATS)
        assert {len(file) for file in found.files.values()} == {round(found.seconds * 8000)}
        assert len(found.files["ulaw"]) % FRAME_BYTES == 0
        assert loudness(found) == pytest.approx(LOUDNESS[Purpose.PROMPT], abs=1.0)
        assert peak_dbfs(samples(found)) <= -6.0


@pytest.mark.parametrize("level", [0.005, 0.6])
async def test_loud_and_soft_uploads_become_alike(level: float) -> None:
    for purpose in Purpose:
        found = await made(speech(level=level), purpose)
        assert loudness(found) == pytest.approx(LOUDNESS[purpose], abs=1.0)


def on_two_channels(wav: bytes, right: float) -> bytes:
    """The sound on the left, and so much of it on the right."""
    mixed = f"pan=stereo|c0=c0|c1={right}*c0"
    command = ["ffmpeg", "-v", "error", "-i", "pipe:0", "-af", mixed, "-f", "wav", "pipe:1"]
    return subprocess.run(command, input=wav, capture_output=True, check=True).stdout


@pytest.mark.parametrize("right", [1.0, 0.5, 0.0, -0.8])
async def test_stereo_is_as_loud_as_mono(right: float) -> None:
    for purpose in Purpose:
        found = await made(on_two_channels(speech(), right), purpose)
        assert loudness(found) == pytest.approx(LOUDNESS[purpose], abs=1.0)


async def test_two_channels_that_cancel_each_other_are_silence() -> None:
    for purpose in Purpose:
        found = await FfmpegConverter(MOST_SECONDS).convert(
            on_two_channels(speech(), -1.0), purpose
        )
        assert isinstance(found, Refused)
        assert found.why is Unusable.SILENT


async def test_samples_beyond_all_measure_are_refused() -> None:
    beyond = np.where(np.arange(16_000) % 18 < 9, 1e30, -1e30).astype("<f4").tobytes()
    header = b"fmt " + struct.pack("<IHHIIHH", 16, 3, 1, 8_000, 32_000, 4, 32)
    chunks = b"WAVE" + header + b"data" + struct.pack("<I", len(beyond)) + beyond
    await refused(b"RIFF" + struct.pack("<I", len(chunks)) + chunks, Unusable.SILENT)


async def test_music_keeps_its_dynamics() -> None:
    at = np.arange(8000 * 6) / 8000
    loud_then_soft = np.where(at < 3, 0.5, 0.05) * np.sin(2 * np.pi * 440 * at)
    found = await made(wav_of(Sound(loud_then_soft, 8000)), Purpose.MUSIC)
    heard = np.array(samples(found), dtype=float) / 32768
    first, second = (
        20 * math.log10(np.std(heard[a * 8000 : b * 8000])) for a, b in ((1, 2), (4, 5))
    )
    assert first - second == pytest.approx(20, abs=0.5)


async def test_music_is_cut_where_it_is_silent_so_that_its_loop_has_no_gap() -> None:
    found = await made(speech(), Purpose.MUSIC)
    heard = samples(found)
    assert found.seconds == pytest.approx(4.0, abs=0.03)
    for end in (heard[80:240], heard[-400:-240]):
        assert max(map(abs, end)) > 100


@pytest.mark.parametrize(
    "codec",
    [
        *("pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"),
        *("adpcm_ima_wav", "adpcm_ms", "libgsm_ms"),
    ],
)
async def test_whatever_a_wav_holds_has_its_whole_length(codec: str, tmp_path: Path) -> None:
    rate = "8000" if codec == "libgsm_ms" else "44100"
    upload = coded_in_file(speech(), "wav", tmp_path, "-ar", rate, "-c:a", codec)
    # The silence at its ends is not quite silent in GSM.
    assert (await made(upload)).seconds == pytest.approx(4.0, abs=0.5)
    half = upload[: len(upload) // 2]
    assert "bytes of sound" in await refused(half, Unusable.TRUNCATED)


@pytest.mark.parametrize("container", ["mp3", "ogg", "flac", "wav"])
async def test_half_a_file_is_refused(container: str, tmp_path: Path) -> None:
    whole = coded_in_file(speech(), container, tmp_path)
    await refused(whole[: len(whole) // 2], Unusable.TRUNCATED)


async def test_a_header_that_lies_is_refused() -> None:
    wav = bytearray(speech())
    at = wav.index(b"data") + 4
    wav[at : at + 4] = (0x7FFFFF00).to_bytes(4, "little")
    assert "announces" in await refused(bytes(wav), Unusable.TRUNCATED)


def hours_of_silence() -> bytes:
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono"]
    command += ["-t", "36000", "-f", "flac", "pipe:1"]
    return subprocess.run(command, capture_output=True, check=True).stdout


async def test_what_decodes_to_hours_is_stopped() -> None:
    bomb = hours_of_silence()
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert "30 s" in await refused(bomb, Unusable.TOO_LONG)
    assert loop.time() - began < 10
    slow = bytearray(speech(level=0.1))
    slow[24:28] = (1).to_bytes(4, "little")
    slow[28:32] = (2).to_bytes(4, "little")
    await refused(bytes(slow), Unusable.TOO_LONG)


def zipped() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("music.wav", speech())
    return content.getvalue()


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"<!doctype html><title>404</title>",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        zipped(),
        b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\x08\0\0\0" + bytes(8),
        b"ID3\4\0\0\0\0\0\0" + b"#EXTM3U\nhttp://127.0.0.1:1/x.mp3\n" * 50,
        b"\xff\xfb\x90\x64" + os.urandom(3000),
        b"OggS" + bytes(23),
        b"fLaC" + bytes(60),
    ],
    ids=["nothing", "page", "playlist", "concat", "zip", "wav", "tagged", "noise", "ogg", "flac"],
)
async def test_what_is_no_audio_is_refused(upload: bytes) -> None:
    found = await FfmpegConverter(MOST_SECONDS).convert(upload, Purpose.PROMPT)
    assert isinstance(found, Refused)
    assert found.why in (Unusable.NOT_AUDIO, Unusable.TRUNCATED, Unusable.SILENT)


async def test_silence_is_refused() -> None:
    await refused(wav_of(Sound(np.zeros(16000), 8000)), Unusable.SILENT)


def children_of_this_process() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_nothing_is_kept_and_nothing_runs_on_when_the_uploader_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    # A worker of the test run may have a Redis for other tests.
    others = children_of_this_process()
    work = asyncio.create_task(FfmpegConverter(600).convert(speech(500), Purpose.MUSIC))

    def children() -> set[str]:
        return children_of_this_process() - others

    await wait_until(lambda: bool(children()), "the conversion runs")
    work.cancel()
    await asyncio.wait([work])
    assert work.cancelled()
    await wait_until(lambda: not children(), "the conversion has ended")
    assert os.listdir(tmp_path) == []


async def test_without_ffmpeg_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(CannotConvert, match="apt install ffmpeg"):
        await FfmpegConverter(MOST_SECONDS).convert(speech(), Purpose.PROMPT)


async def test_too_many_at_once_are_asked_to_wait() -> None:
    converter = FfmpegConverter(MOST_SECONDS)
    tries = [
        converter.convert(speech(), Purpose.PROMPT) for _ in range(converting.MOST_WAITING + 1)
    ]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Converted) for one in found) == converting.MOST_WAITING
    assert sum(isinstance(one, CannotConvert) for one in found) == 1
