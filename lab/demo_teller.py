"""How the demo speaks: one line a fact with the seconds since the start, and what must be true."""

import asyncio
import os
import sys
import time
from typing import TextIO

SETTLE_SECONDS = 0.1
"""Facts come from phones and from Redis; this long a line waits for one that happened before it."""

BOLD, DIM, RED, GREEN, PLAIN = "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[0m"


class Teller:
    """Prints the story; `failures` are the expectations that did not come true."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._has_colours = out.isatty() and "NO_COLOR" not in os.environ
        self._began_at = time.time()
        self._waiting: list[tuple[float, str]] = []
        self._is_live = True
        self.kept = 0
        self.failures: list[str] = []

    def begin(self) -> None:
        """The clock of the story starts now."""
        self._began_at = time.time()

    def end(self) -> None:
        """The story is told: facts that come later are not printed."""
        self._flush(everything=True)
        self._is_live = False

    def say(self, text: str = "", colour: str = "") -> None:
        """A line without a time."""
        self._flush(everything=True)
        self._print(text, colour)

    def scene(self, title: str) -> None:
        self.say()
        self.say(title, BOLD)

    def fact(self, text: str, at: float | None = None) -> None:
        """Something that happened, at wall time `at` (seconds since 1970; now by default).

        Lines are printed in the order in which things happened. Needs a running event loop.
        """
        if not self._is_live:
            return
        self._waiting.append((time.time() if at is None else at, text))
        asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._flush)

    def expect(self, came_true: bool, claim: str) -> None:
        """Keep account of what the story promised; only what fails is printed at once."""
        if came_true:
            self.kept += 1
        else:
            self.fail(claim)

    def fail(self, claim: str) -> None:
        self.failures.append(claim)
        self.say(f"  NOT SO: {claim}", RED)

    def _flush(self, everything: bool = False) -> None:
        limit = float("inf") if everything else time.time() - SETTLE_SECONDS / 2
        ripe = sorted(line for line in self._waiting if line[0] <= limit)
        self._waiting = [line for line in self._waiting if line[0] > limit]
        for at, text in ripe:
            since = f"+{max(0.0, at - self._began_at):.1f} s"
            stamp = f"{DIM}{since:>8}{PLAIN}" if self._has_colours else f"{since:>8}"
            self._print(f"{stamp}  {text}")

    def _print(self, text: str, colour: str = "") -> None:
        if colour and self._has_colours:
            text = f"{colour}{text}{PLAIN}"
        print(text, file=self._out, flush=True)
