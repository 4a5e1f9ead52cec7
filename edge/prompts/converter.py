"""The edge's side of `convert`: one upload after the other, in a process that can be ended."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys

import orjson

from edge.domain.media import FORMATS, Purpose
from edge.ports.media import CannotConvert, Converted, Refused, Unusable

LIMIT_SECONDS = 90.0
AT_ONCE = 1
MOST_WAITING = 4
"""Each holds its upload in memory."""
NICENESS = 10
"""Calls first."""


class FfmpegConverter:
    """Implements `Converter` with ffmpeg and pydub."""

    def __init__(self, most_seconds: float) -> None:
        self._most_seconds = most_seconds
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def convert(self, upload: bytes, purpose: Purpose) -> Converted | Refused:
        """Raises CannotConvert."""
        if missing := what_is_missing():
            raise CannotConvert(missing)
        if self._waiting >= MOST_WAITING:
            raise CannotConvert("Other uploads are being converted; try again.")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._convert(upload, purpose)
        finally:
            self._waiting -= 1

    async def _convert(self, upload: bytes, purpose: Purpose) -> Converted | Refused:
        command = [sys.executable, "-m", "edge.prompts.convert", purpose, str(self._most_seconds)]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                output, complaint = await process.communicate(upload)
        except TimeoutError:
            return Refused(Unusable.NOT_AUDIO, f"It took over {LIMIT_SECONDS:g} s to read.")
        finally:
            if process.returncode is None:
                # What it started too; also when whoever uploads has gone.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode != 0:
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            raise CannotConvert(f"The conversion broke down: {last}")
        return _read(output)


def what_is_missing() -> str:
    """Why nothing can be converted on this machine; empty where it can."""
    if shutil.which("ffmpeg") is None:
        return "ffmpeg is not installed (Debian: apt install ffmpeg)"
    return ""


def _read(output: bytes) -> Converted | Refused:
    line, _, content = output.partition(b"\n")
    told = orjson.loads(line)
    if "refused" in told:
        return Refused(Unusable(told["refused"]), told["detail"])
    size = told["size"]
    files = {
        extension: content[index * size : (index + 1) * size]
        for index, extension in enumerate(FORMATS)
    }
    return Converted(told["seconds"], files)
