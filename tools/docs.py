"""Writes the documents that are made from the code: state machines, keys, moves, settings,
strategies.

.venv/bin/python -m tools.docs            write them
.venv/bin/python -m tools.docs --check    exit status 1 when one of them is out of date
"""

import re
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import takewhile
from pathlib import Path
from typing import Any

from edge.domain.agent import AGENT_MOVES, Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import ENTRY_MOVES, Stage
from edge.domain.events import EventName
from edge.domain.offer import CONSEQUENCES
from edge.store.keys import KEYS
from tools.docs_page import page, table
from tools.docs_settings import settings
from tools.docs_strategies import strategies

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
LUA = REPOSITORY / "edge" / "store" / "lua"


def pages() -> dict[Path, str]:
    """Every document that is made, by its path."""
    return {
        DOCS / "state-machines.md": state_machines(),
        DOCS / "redis-keys.md": redis_keys(),
        DOCS / "moves.md": moves(),
        DOCS / "settings.md": settings(),
        DOCS / "strategies.md": strategies(),
    }


def outdated() -> list[Path]:
    """The documents that are not what the code says."""
    return [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


# --- state machines


def state_machines() -> str:
    """The literal tables of the domain as Mermaid diagrams."""
    return page(
        "State machines",
        "An entry is one place in the line. Its stage changes by moves; a move that is not drawn",
        "here is illegal: it changes nothing.",
        "",
        _diagram(ENTRY_MOVES, Stage.WAITING, [Stage.ENDED]),
        "",
        "## How an entry ends",
        "",
        "Once and for good, with one of these dispositions: "
        + ", ".join(f"`{one.value}`" for one in Disposition)
        + ".",
        "",
        "## An agent's occupancy",
        "",
        "Beside it stands the presence (logged out, available, paused), which people change; a",
        "timed pause ends itself, too many missed calls begin one, and what is asked for during a",
        "call waits for its end. On top of it an overlay may keep the agent out of one queue.",
        "An agent is ready when available, idle, not backing off and with a reachable phone.",
        "",
        _diagram(AGENT_MOVES, Occupancy.IDLE, []),
        "",
        "## What a failed offer means for the agent",
        "",
        *table(
            ("the leg ended because", "no queue rings the agent for", "counts as missed", "phone"),
            [
                (
                    f"`{failure.value}`",
                    f"{consequence.back_off_ms / 1000:g} s",
                    "yes" if consequence.is_miss else "no",
                    "unreachable" if consequence.is_unreachable else "",
                )
                for failure, consequence in CONSEQUENCES.items()
            ],
        ),
        "",
        "The caller keeps the place in every case.",
    )


def _diagram(
    table: Mapping[Any, Mapping[Any, Any]], first: StrEnum, last: Sequence[StrEnum]
) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first.value}"]
    for state, allowed in table.items():
        for move, following in allowed.items():
            lines.append(f"    {state.value} --> {following.value}: {move.value}")
    lines += [f"    {state.value} --> [*]" for state in last]
    return "\n".join([*lines, "```"])


# --- keys and moves of the store


def redis_keys() -> str:
    return page(
        "Keys in Redis",
        "The part in braces is the hash tag: all keys of an account lie in one slot of a cluster.",
        "",
        *table(
            ("key", "type", "holds", "lifetime"),
            [(f"`{kind.pattern}`", kind.type, kind.holds, kind.lifetime) for kind in KEYS],
        ),
        "",
        "A record (entry, agent) has a field `rev`, raised by each move that changes it. Times are",
        "milliseconds since 1970, by the clock of Redis.",
    )


def moves() -> str:
    rows = []
    for path in sorted(LUA.glob("*.lua")):
        header = header_of(path)
        rows.append(
            (
                f"`{path.stem}`",
                header["purpose"],
                _words(header["returns"], "|"),
                _words(header["publishes"], ","),
            )
        )
    return page(
        "Moves",
        "Each move is one Lua file in `edge/store/lua`, and one atomic step in Redis: it checks,",
        "changes, sets what is due later, and publishes, or it does nothing at all.",
        "",
        *table(("move", "what it does", "answers", "publishes"), rows),
        "",
        "## Events",
        "",
        "What a move publishes is appended to the stream `{account}:events` in the same step:",
        ", ".join(f"`{event.value}`" for event in EventName) + ".",
    )


def header_of(path: Path) -> dict[str, str]:
    """The comment that a Lua move begins with: purpose, keys, args, returns, publishes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    header: dict[str, str] = {}
    name = ""
    for line in takewhile(lambda line: line.startswith("--"), lines):
        begins = re.match(r"-- (\w+): (.*)", line)
        if begins:
            name, header[begins[1]] = begins[1], begins[2]
        else:
            header[name] += " " + line.removeprefix("--").strip()
    return header


def _words(listed: str, separator: str) -> str:
    words = [word.strip() for word in listed.split(separator)]
    return ", ".join(f"`{word}`" for word in words if word != "nothing")


def main(arguments: Sequence[str]) -> int:
    """Write, or with --check only tell; the exit status."""
    stale = outdated()
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(REPOSITORY)} is out of date\n")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(REPOSITORY)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
