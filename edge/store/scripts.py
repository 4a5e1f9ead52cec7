"""Loads the Lua moves: shared parts first, then the move, named by its hash."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from edge.store.pipe import pack, words

PARTS_OF_ACCOUNT = (
    "account",
    "learnt",
    "presence",
    "agents",
    "census",
    "entries",
    "places",
    "legs",
    "heads",
    "prospect",
    "answer",
)
PARTS_OF_SITE = ("site",)
OUTBOX_MOVES = frozenset({"press", "put_back_webhook", "settle_webhook", "take_webhooks"})
"""They alone have the part of the outbox: each part costs every move that has it."""
SITE_MOVES = frozenset({"beat", "bury", "retire"})


@dataclass(frozen=True, slots=True)
class Script:
    """One move as it is sent: `sha` names it, `text` loads it where the server has it not."""

    name: str
    text: str
    sha: str
    named: bytes
    """The words of each call that are always the same."""

    def called_with(self, tag: str, args: Sequence[str | int]) -> bytes:
        """The command that runs it where it is loaded."""
        return b"*%d\r\n%b%b" % (len(args) + 4, self.named, words(tag, *args))

    def loaded_with(self, tag: str, args: Sequence[str | int]) -> bytes:
        """The command that loads and runs it."""
        return pack("EVAL", self.text, 1, tag, *args)


def load_scripts() -> dict[str, Script]:
    """All moves by name."""
    folder = files("edge.store") / "lua"
    scripts: dict[str, Script] = {}
    for file in folder.iterdir():
        if not file.name.endswith(".lua"):
            continue
        name = file.name.removesuffix(".lua")
        parts = PARTS_OF_SITE if name in SITE_MOVES else PARTS_OF_ACCOUNT
        if name in OUTBOX_MOVES:
            parts = (*parts, "outbox")
        text = "\n".join(
            [*((folder / "parts" / f"{part}.lua").read_text() for part in parts), file.read_text()]
        )
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        scripts[name] = Script(name, text, sha, words("EVALSHA", sha, 1))
    return scripts
