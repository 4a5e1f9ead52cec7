"""What is spoken to callers and agents: the prompts that the journey and the desk may ask for."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol


class Prompt(StrEnum):
    """Every prompt that the product itself speaks; the texts stand in sounds/<language>.yaml."""

    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    PAUSED = "paused"
    UNPAUSED = "unpaused"
    PAUSED_AFTER_CALL = "paused-after-call"
    LOGGED_OUT_AFTER_CALL = "logged-out-after-call"
    LOG_IN_FIRST = "log-in-first"
    NOT_ALLOWED = "not-allowed"
    NOBODY_WAITING = "nobody-waiting"
    SORRY_NO_EDGE = "sorry-no-edge"
    QUEUE_FULL = "queue-full"
    QUEUE_CLOSED = "queue-closed"
    NOBODY_AVAILABLE = "nobody-available"
    LINES_BUSY = "lines-busy"
    WAIT_IS_OVER = "wait-is-over"
    THANK_YOU_FOR_WAITING = "thank-you-for-waiting"
    CALL_TAKEN = "call-taken"
    PRESS_TO_ACCEPT = "press-to-accept"
    HOLD_TIME = "hold-time"
    LESS_THAN_A_MINUTE = "less-than-a-minute"
    ONE_MINUTE = "one-minute"
    MORE_THAN = "more-than"
    MINUTES = "minutes"


SPOKEN_NUMBERS = (*range(2, 21), 30, 40, 50, 60)


def number(spoken: int) -> str:
    """The prompt of a number that has one (SPOKEN_NUMBERS)."""
    if spoken not in SPOKEN_NUMBERS:
        raise ValueError(f"there is no prompt for the number {spoken}")
    return f"number-{spoken}"


EVERY_PROMPT: tuple[str, ...] = (*Prompt, *(number(one) for one in SPOKEN_NUMBERS))


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
