"""A program that the lab starts, watches and ends by its own pid; it dies when we die."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

POLL_SECONDS = 0.02
START_SECONDS = 30.0


class ProgramFailed(RuntimeError):
    """A program could not be started, or ended when it should not; says where its log is."""


class Child:
    """One program, its log file, and the ways to end it.

    It is not bound to an event loop, so one loop may start it and another stop it. Start it from
    the main thread: Linux ends a child when the *thread* that started it ends.
    """

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The program's own process id; raises ProgramFailed if it never ran."""
        if self._popen is None:
            raise ProgramFailed(f"{self.name} was not started")
        return self._popen.pid

    def is_running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def spawn(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path | None = None
    ) -> None:
        """Start the program, its output added to the log file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # setpriv stays the same process, so the pid is the program's.
            self._popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **env},
                cwd=cwd,
                start_new_session=True,
            )

    async def ended(self, within_seconds: float) -> bool:
        """Wait for the end; False when it still runs after `within_seconds`."""
        limit = time.monotonic() + within_seconds
        while self.is_running():
            if time.monotonic() > limit:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def stop(self, limit_seconds: float = 10.0) -> None:
        """Ask it to end (SIGTERM), and after the limit end it (SIGKILL). Ended is success."""
        self.signal(signal.SIGTERM)
        if not await self.ended(limit_seconds):
            await self.kill()

    async def kill(self) -> None:
        """End it at once (SIGKILL), with no chance to say goodbye. Ended is success."""
        self.signal(signal.SIGKILL)
        await self.ended(10.0)

    def signal(self, what: signal.Signals) -> None:
        """Send a signal; ended already is success."""
        if self._popen is not None and self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._popen.pid, what)

    def log_tail(self, lines: int = 15) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def failure(self, what: str) -> ProgramFailed:
        """The error that names the program, what went wrong, and the end of its log."""
        return ProgramFailed(f"{self.name}: {what}. The end of {self.log}:\n{self.log_tail()}")


class Process:
    """A server of the lab: a run folder, a child, a start that waits until it serves, a stop."""

    def __init__(self, name: str, run_dir: Path) -> None:
        self.run_dir = run_dir.resolve()
        self.child = Child(name, self.run_dir / "log" / f"{name}.log")

    async def start(self) -> None:
        """Start and wait until it serves; raises ProgramFailed or PortTaken."""
        raise NotImplementedError

    async def stop(self, limit_seconds: float = 10.0) -> None:
        """End it in order; after the limit by force. Ended already is success."""
        await self.child.stop(limit_seconds)

    async def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        await self.child.kill()

    async def restart(self) -> None:
        """Stop and start again, on the same ports and with what it kept on disk."""
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _until_it_serves(self, limit_seconds: float = START_SECONDS) -> None:
        limit = time.monotonic() + limit_seconds
        while not await self._serves():
            if not self.child.is_running():
                raise self.child.failure("ended while it started")
            if time.monotonic() > limit:
                raise self.child.failure(f"does not serve after {limit_seconds:.0f} s")
            await asyncio.sleep(POLL_SECONDS)

    async def _serves(self) -> bool:
        raise NotImplementedError
