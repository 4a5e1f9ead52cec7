"""`make down`: stop what `make up` started, by its own pid."""

import os
import signal
import sys
import time

from lab.up_file import pid_of_up

LIMIT_SECONDS = 30.0


def main() -> int:
    """Ask it to stop and wait; exit status 1 when it still runs after 30 s."""
    pid = pid_of_up()
    if pid is None:
        print("nothing is up")
        return 0
    os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + LIMIT_SECONDS
    while pid_of_up() == pid:
        if time.monotonic() > limit:
            print(f"process {pid} does not stop; look at `make logs`", file=sys.stderr)
            return 1
        time.sleep(0.05)
    print("down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
