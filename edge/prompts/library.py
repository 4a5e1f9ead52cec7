"""Which sound is played for a prompt: the nearest language that has it, a site's own first."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.ports.prompts import Prompt, PromptMissing

PACKAGED = Path(__file__).parent / "audio"
"""The audio that comes with the product, at an absolute path."""
PLAYABLE = frozenset({"ulaw", "alaw", "g722", "wav", "wav16", "sln", "sln16", "gsm"})
"""File extensions that Asterisk plays; one of them is enough, Asterisk makes the rest of it."""
ASTERISK_HAS: dict[str, tuple[str, ...]] = {
    Prompt.LOGGED_IN: ("agent-loginok",),
    Prompt.LOGGED_OUT: ("agent-loggedoff",),
    Prompt.SORRY_NO_EDGE: ("im-sorry", "vm-goodbye"),
    Prompt.QUEUE_FULL: ("im-sorry", "vm-goodbye"),
    Prompt.THANK_YOU_FOR_WAITING: ("queue-thankyou",),
}
"""Asterisk's own sounds, in the language of the channel, where we have none in any language."""


class PromptLibrary:
    """The Prompts of a site: folders of `<language>/<id>.<extension>`, looked through once.

    The folder decides after the language: a site's own recording in `en` beats ours in `en`, and
    ours in `es` beats its `en` for a caller who speaks Spanish. Files added later are not seen.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (PACKAGED,),
        default_language: str = "en",
        seen_by_asterisk: Sequence[str] | None = None,
    ) -> None:
        """`seen_by_asterisk`: each folder's path on the Asterisk machine, where it differs."""
        seen = [str(folder.absolute()) for folder in folders]
        if seen_by_asterisk is not None:
            seen = list(seen_by_asterisk)
        self._default = default_language
        self._found: dict[tuple[str, str], str] = {}
        for folder, there in zip(folders, seen, strict=True):
            for language, name, prompt_id in _recordings(folder):
                sound = f"{there.rstrip('/')}/{name}/{prompt_id}"
                self._found.setdefault((language, prompt_id), sound)

    def path(self, prompt_id: str, language: str) -> str | None:
        """The absolute file name without extension, as Asterisk sees it; None when there is none.

        `en-GB` falls back to `en`, then to the default language.
        """
        for tag in (*_nearest(language), *_nearest(self._default)):
            if (tag, prompt_id) in self._found:
                return self._found[tag, prompt_id]
        return None

    def sounds(self, prompt_id: str, language: str) -> Sequence[str]:
        """As the port says; Asterisk's own sounds come last. Raises PromptMissing."""
        own = self.path(prompt_id, language)
        if own is not None:
            return (own,)
        if prompt_id in ASTERISK_HAS:
            return ASTERISK_HAS[prompt_id]
        raise PromptMissing(prompt_id, language)


def _recordings(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(language tag, its folder's name, prompt id) of every file that can be played."""
    for file in sorted(folder.glob("*/*")):
        if file.suffix[1:] in PLAYABLE and not file.name.startswith("."):
            yield _tag(file.parent.name), file.parent.name, file.stem


def _nearest(language: str) -> Iterator[str]:
    """`en-gb-x`, `en-gb`, `en`."""
    tag = _tag(language)
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def _tag(language: str) -> str:
    return language.replace("_", "-").lower()
