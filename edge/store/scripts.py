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
    "heads",
    "answer",
)
PARTS_OF_SITE = ("site",)
PARTS_OF_SOME = {
    "legs": frozenset(
        {
            "accept",
            "assert",
            "claim",
            "fail_leg",
            "fire_agent",
            "leg_dialled",
            "leg_ringing",
            "take_over",
        }
    ),
    "outbox": frozenset({"press", "put_back_webhook", "settle_webhook", "take_webhooks"}),
    "places": frozenset({"assert", "join", "rearrange", "rejoin"}),
    "prospect": frozenset({"join", "standing"}),
}
"""These moves alone have them: each part costs every move that has it."""
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
        parts: tuple[str, ...] = PARTS_OF_SITE if name in SITE_MOVES else PARTS_OF_ACCOUNT
        parts += tuple(part for part, moves in PARTS_OF_SOME.items() if name in moves)
        text = "\n".join(
            [*((folder / "parts" / f"{part}.lua").read_text() for part in parts), file.read_text()]
        )
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        scripts[name] = Script(name, text, sha, words("EVALSHA", sha, 1))
    return scripts
