"""Every prompt that the product speaks, by its id; the texts are in sounds/<language>.yaml."""

from enum import StrEnum


class Prompt(StrEnum):
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
    BETWEEN = "between"
    MINUTES = "minutes"
    CALL_VOLUME_RISEN = "call-volume-risen"
    PRESS_0 = "press-0"
    PRESS_1 = "press-1"
    PRESS_2 = "press-2"
    PRESS_3 = "press-3"
    PRESS_4 = "press-4"
    PRESS_5 = "press-5"
    PRESS_6 = "press-6"
    PRESS_7 = "press-7"
    PRESS_8 = "press-8"
    PRESS_9 = "press-9"
    PRESS_STAR = "press-star"
    PRESS_HASH = "press-hash"
    TO_GET_A_CALLBACK = "to-get-a-callback"
    TO_BE_CONNECTED_ELSEWHERE = "to-be-connected-elsewhere"
    TO_LEAVE_A_MESSAGE = "to-leave-a-message"
    TO_END_THIS_CALL = "to-end-this-call"
    FOR_ANOTHER_SERVICE = "for-another-service"
    CALLBACK_NOT_YET = "callback-not-yet"
    OPTION_NOT_NOW = "option-not-now"
    KEY_NOT_KNOWN = "key-not-known"


ONLY_AGENTS_HEAR = frozenset(
    {
        Prompt.LOGGED_IN,
        Prompt.LOGGED_OUT,
        Prompt.PAUSED,
        Prompt.UNPAUSED,
        Prompt.PAUSED_AFTER_CALL,
        Prompt.LOGGED_OUT_AFTER_CALL,
        Prompt.LOG_IN_FIRST,
        Prompt.NOT_ALLOWED,
        Prompt.NOBODY_WAITING,
        Prompt.CALL_TAKEN,
        Prompt.PRESS_TO_ACCEPT,
        Prompt.HOLD_TIME,
        Prompt.LESS_THAN_A_MINUTE,
        Prompt.ONE_MINUTE,
        Prompt.MINUTES,
    }
)
CALLERS_HEAR = frozenset(Prompt) - ONLY_AGENTS_HEAR
"""What every language has that a queue may speak; agents hear their account's, en or es."""

SPOKEN_NUMBERS = (*range(2, 21), 30, 40, 50, 60)


def number(spoken: int) -> str:
    """The prompt of a number that has one (SPOKEN_NUMBERS)."""
    if spoken not in SPOKEN_NUMBERS:
        raise ValueError(f"there is no prompt for the number {spoken}")
    return f"number-{spoken}"


EVERY_PROMPT: tuple[str, ...] = (*Prompt, *(number(one) for one in SPOKEN_NUMBERS))
