"""Loads the Lua moves: shared parts first, then the move, named by its hash."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

PARTS_OF_ACCOUNT = (
    "account",
    "presence",
    "agents",
    "census",
    "entries",
    "places",
    "legs",
    "heads",
    "answer",
)
PARTS_OF_SITE = ("site",)
SITE_MOVES = frozenset({"beat", "bury", "retire"})


@dataclass(frozen=True, slots=True)
class Script:
    """One move as it is sent: `sha` names it, `text` loads it where the server has it not."""

    name: str
    text: str
    sha: str


def load_scripts() -> dict[str, Script]:
    """All moves by name."""
    folder = files("edge.store") / "lua"
    scripts = {}
    for file in folder.iterdir():
        if not file.name.endswith(".lua"):
            continue
        name = file.name.removesuffix(".lua")
        parts = PARTS_OF_SITE if name in SITE_MOVES else PARTS_OF_ACCOUNT
        text = "\n".join(
            [*((folder / "parts" / f"{part}.lua").read_text() for part in parts), file.read_text()]
        )
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        scripts[name] = Script(name, text, sha)
    return scripts
