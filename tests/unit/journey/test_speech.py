"""What is played for the names that a setting gives."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

from edge.domain.ids import AccountId
from edge.journey.floor import Floor
from edge.journey.speech import sounds_of
from edge.prompts.library import PACKAGED, PromptLibrary


def sounds(language: str, named: Sequence[str]) -> list[str]:
    directory = SimpleNamespace(language=lambda _: language)
    floor = SimpleNamespace(directory=directory, prompts=PromptLibrary())
    return sounds_of(cast(Floor, floor), AccountId("acct_a"), named)


def test_a_prompt_is_played_in_the_accounts_language() -> None:
    assert sounds("es-MX", ["call-taken"]) == [f"{PACKAGED}/es/call-taken"]


def test_a_prompt_is_played_in_the_language_of_the_queue_where_that_is_given() -> None:
    floor = SimpleNamespace(prompts=PromptLibrary())
    played = sounds_of(cast(Floor, floor), AccountId("acct_a"), ["call-taken"], "es")
    assert played == [f"{PACKAGED}/es/call-taken"]


def test_what_is_no_prompt_is_a_sound_of_asterisk_or_a_path() -> None:
    named = ["queue-callswaiting", "/srv/words/support"]
    assert sounds("en", ["paused", *named]) == [f"{PACKAGED}/en/paused", *named]
