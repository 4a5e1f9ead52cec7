"""What is said of numbers and times, language by language, in sounds that Asterisk has.

A sentence with a number in it is spoken by one voice: Asterisk's own. Only words that its packages
lack ("between", "more than") are ours. Every name is a sound file, never `number:`, which can not
be stopped.
"""

from edge.domain.wording.english import English
from edge.domain.wording.french import French
from edge.domain.wording.italian import Italian
from edge.domain.wording.russian import Russian
from edge.domain.wording.spanish import Spanish
from edge.domain.wording.wording import Exactly, LessThan, MoreThan, Names, Range, Wait, Wording

__all__ = [
    "WORDINGS",
    "Exactly",
    "LessThan",
    "MoreThan",
    "Names",
    "Range",
    "Wait",
    "Wording",
    "wording_of",
]

WORDINGS: dict[str, Wording] = {
    "en": English(),
    "es": Spanish(),
    "fr": French(),
    "it": Italian(),
    "ru": Russian(),
}
"""The languages whose grammar we know; Debian has Asterisk's sounds for each of them."""


def wording_of(language: str) -> Wording:
    """Of the nearest language that we know: en-GB is en; what we do not know is worded as en."""
    return WORDINGS.get(language.replace("_", "-").lower().partition("-")[0], WORDINGS["en"])
