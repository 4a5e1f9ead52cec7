"""A real Redis for tests: own process, unix socket and folder; its clock is in the test's hand."""

import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

READY_WITHIN_SECONDS = 10.0
FAR_AHEAD_MS = 86_400_000
"""The clock of an account never goes back: set so far ahead, it stands until the test moves it."""


class RedisServer:
    """Starts on entering, is gone on leaving. `folder` must be short: sockets have short paths."""

    def __init__(self, folder: Path, *, append_only: bool = False) -> None:
        self.folder = folder
        self._socket = folder / "redis.sock"
        self._append_only = append_only
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    @property
    def append_only_folder(self) -> Path:
        return self.folder / "appendonlydir"

    def start(self) -> None:
        """Returns once it answers. Raises AssertionError if it does not."""
        command = ["redis-server", "--port", "0", "--unixsocket", str(self._socket)]
        command += ["--dir", str(self.folder), "--save", "", "--logfile", "redis.log"]
        command += ["--appendonly", "yes" if self._append_only else "no"]
        command += ["--appendfsync", "always"]
        self._process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not self._answers():
            assert self._process.poll() is None, "redis-server ended at once; see redis.log"
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)

    def client(self) -> redis.Redis:
        """A client that does not go through the store, for looking and for moving the clock."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def cut_append_only_file(folder: Path, commands: int) -> int:
    """Take the last `commands` off the newest append-only file; returns how many were cut.

    What a machine that dies loses with `everysec`. The server must be stopped.
    """
    newest = max(folder.glob("*.incr.aof"), key=os.path.getmtime)
    content = newest.read_bytes()
    starts, at = [], 0
    while at < len(content):
        starts.append(at)
        end = content.index(b"\r\n", at)
        parts, at = int(content[at + 1 : end]), end + 2
        for _ in range(parts):
            end = content.index(b"\r\n", at)
            at = end + 2 + int(content[at + 1 : end]) + 2
    cut = min(commands, len(starts))
    newest.write_bytes(content[: starts[len(starts) - cut]] if cut else content)
    return cut
