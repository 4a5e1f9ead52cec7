"""What is spoken to callers and agents: the prompts that the journey and the desk may ask for."""

from collections.abc import Sequence
from typing import Protocol

from edge.domain.prompts import EVERY_PROMPT, SPOKEN_NUMBERS, Prompt, number

__all__ = ["EVERY_PROMPT", "SPOKEN_NUMBERS", "Prompt", "PromptMissing", "Prompts", "number"]


class PromptMissing(Exception):
    """No sound for this prompt in this language, nor in the default one, nor in Asterisk's own."""

    def __init__(self, prompt_id: str, language: str) -> None:
        super().__init__(f"no sound for prompt {str(prompt_id)!r} in language {language!r}")
        self.prompt_id = prompt_id
        self.language = language


class Prompts(Protocol):
    """Where the sounds of prompts are, as the phone system names them."""

    def sounds(self, prompt_id: str, language: str) -> Sequence[str]:
        """The sounds to play in this order: names without extension, for `PhoneSystem.play`.

        `language` is a tag such as `en` or `en-GB`; the nearest language that has the prompt is
        taken. Raises PromptMissing; a start-up check keeps that from happening in a call.
        """
