"""Writes the documents that are made from the code: state machines, keys, moves, settings.

.venv/bin/python -m tools.docs            write them
.venv/bin/python -m tools.docs --check    exit status 1 when one of them is out of date
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

from edge.domain.agent import AGENT_MOVES, Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import ENTRY_MOVES, Stage
from edge.domain.events import EventName
from edge.domain.offer import CONSEQUENCES
from edge.domain.settings import Account, Site, World
from edge.domain.strategies import STRATEGIES
from edge.store.keys import KEYS

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
LUA = REPOSITORY / "edge" / "store" / "lua"
MADE = "<!-- Made by `python -m tools.docs` from the code; do not edit. -->"


def pages() -> dict[Path, str]:
    """Every document that is made, by its path."""
    return {
        DOCS / "state-machines.md": state_machines(),
        DOCS / "redis-keys.md": redis_keys(),
        DOCS / "moves.md": moves(),
        DOCS / "settings.md": settings(),
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
    return _page(
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
        "Beside it stands the presence (logged out, available, paused), which only people change.",
        "An agent is ready when available, idle, not backing off and with a reachable phone.",
        "",
        _diagram(AGENT_MOVES, Occupancy.IDLE, []),
        "",
        "## What a failed offer means for the agent",
        "",
        *_table(
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
    return _page(
        "Keys in Redis",
        "The part in braces is the hash tag: all keys of an account lie in one slot of a cluster.",
        "",
        *_table(
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
        header = dict(re.findall(r"^-- (\w+): (.*)$", path.read_text(encoding="utf-8"), re.M))
        rows.append(
            (
                f"`{path.stem}`",
                header["purpose"],
                _words(header["returns"], "|"),
                _words(header["publishes"], ","),
            )
        )
    return _page(
        "Moves",
        "Each move is one Lua file in `edge/store/lua`, and one atomic step in Redis: it checks,",
        "changes, sets what is due later, and publishes, or it does nothing at all.",
        "",
        *_table(("move", "what it does", "answers", "publishes"), rows),
        "",
        "## Events",
        "",
        "What a move publishes is appended to the stream `{account}:events` in the same step:",
        ", ".join(f"`{event.value}`" for event in EventName) + ".",
    )


def _words(listed: str, separator: str) -> str:
    words = [word.strip() for word in listed.split(separator)]
    return ", ".join(f"`{word}`" if re.fullmatch(r"\w+_?\w*", word) else word for word in words)


# --- settings


def settings() -> str:
    return _page(
        "Settings",
        "`edge.yaml` says where the programs are, a world (`demo.yaml`) says who has which phones,",
        "queues and numbers. `queue-edge check-config` names every mistake with its file and line.",
        "A value of `edge.yaml` may be `${NAME}` or `${NAME:-default}` from the environment.",
        "Telephone numbers and extensions are text: keep them in quotes. Unknown names are errors.",
        "",
        "## edge.yaml",
        "",
        *_settings_of(Site, ""),
        "",
        "## A world",
        "",
        *_settings_of(World, ""),
        "",
        "## Strategies",
        "",
        *_table(
            ("name", "the lowest is rung first, field by field", "source"),
            [
                (f"`{one.name}`", ", ".join(f"`{f.value}`" for f in one.fields), one.source)
                for one in STRATEGIES.values()
            ],
        ),
        "",
        f"API keys stand in a world as SHA-256 ({_field(Account, 'api_key_sha256')}), so that the",
        "file holds no secret: `printf %s sk_mine | sha256sum`.",
    )


def _settings_of(shape: type, around: str) -> list[str]:
    rows = list(_rows(shape, around))
    return _table(("name", "value", "default"), rows)


def _rows(shape: type, around: str) -> Iterator[tuple[str, str, str]]:
    hints = get_type_hints(shape, include_extras=True)
    for one in fields(shape):
        inner = _dataclass_in(hints[one.name])
        is_list = "tuple" in str(hints[one.name])
        path = f"{around}{one.name}{'[]' if is_list else ''}"
        if inner is not None:
            yield from _rows(inner, f"{path}.")
        else:
            yield f"`{path}`", _value_words(hints[one.name]), _default_words(one)


def _dataclass_in(hint: Any) -> type | None:
    if is_dataclass(hint) and isinstance(hint, type):
        return hint
    for part in get_args(hint):
        found = _dataclass_in(part)
        if found is not None:
            return found
    return None


def _value_words(hint: Any) -> str:
    """What may stand there, from the constraints of the type."""
    words = []
    literals = [part for part in get_args(hint) if isinstance(part, str)]
    if literals:
        return ", ".join(f"`{one}`" for one in literals)
    if hint is bool:
        return "`true` or `false`"
    bounds = {}
    for constraint in _constraints(hint):
        for name in ("ge", "le"):
            bounds[name] = getattr(constraint, name, None) or bounds.get(name, 0)
    if int in _parts(hint):
        return f"whole number, {bounds['ge']} to {bounds['le']}"
    words.append("text")
    return " ".join(words)


def _parts(hint: Any) -> set[Any]:
    return {hint, *(inner for part in get_args(hint) for inner in _parts(part))}


def _constraints(hint: Any) -> Iterator[Any]:
    for constraint in getattr(hint, "__metadata__", ()):
        yield constraint
        yield from getattr(constraint, "metadata", ())
    for part in get_args(hint):
        yield from _constraints(part)


def _default_words(one: "Field[Any]") -> str:
    value = one.default
    if value is MISSING:
        return "**needed**" if one.default_factory is MISSING else "none"
    value = getattr(value, "default", value)
    if value in ((), ""):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(value) if isinstance(value, tuple) else value}`"


def _field(shape: type, name: str) -> str:
    """The name of a setting, checked to exist."""
    return f"`{next(one.name for one in fields(shape) if one.name == name)}`"


# --- pages


def _page(title: str, *lines: str) -> str:
    return "\n".join([f"# {title}", "", MADE, "", *lines, ""])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows),
    ]


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
