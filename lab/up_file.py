"""The mark that `make up` is running: its pid, in a file that is locked as long as it runs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.asterisk_conf import REPOSITORY

RUN_DIR = REPOSITORY / ".run"


class AlreadyUp(RuntimeError):
    """`make up` is running in this folder."""


@contextmanager
def marked_as_up(folder: Path = RUN_DIR) -> Iterator[None]:
    """Hold the mark while inside; raises AlreadyUp when another has it.

    The lock is the kernel's, so a killed `make up` leaves no mark that would be believed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.pid").open("a+") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            mark.seek(0)
            raise AlreadyUp(
                f"already up (pid {mark.read().strip()}); `make down` stops it"
            ) from None
        mark.truncate(0)
        mark.write(str(os.getpid()))
        mark.flush()
        yield


def pid_of_up(folder: Path = RUN_DIR) -> int | None:
    """The pid of the running `make up`, or None when there is none."""
    path = folder / "up.pid"
    if not path.exists():
        return None
    with path.open() as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(mark.read())
    return None
