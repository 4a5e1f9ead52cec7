"""How an entry ended, once and for good, and what others call it."""

from enum import StrEnum


class Disposition(StrEnum):
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    SHORT_ABANDON = "short_abandon"
    ROUTED = "routed"
    OPTION_HANGUP = "option_hangup"
    WEBHOOK_EXIT = "webhook_exit"
    TIMED_OUT = "timed_out"
    QUEUE_FULL = "queue_full"
    CLOSED = "closed"
    DIVERTED = "diverted"
    JOIN_EMPTY = "join_empty"
    LEAVE_EMPTY = "leave_empty"
    WITHDRAWN = "withdrawn"
    CONNECTED_ELSEWHERE = "connected_elsewhere"
    CALLBACK_DONE = "callback_done"
    CALLBACK_FAILED = "callback_failed"
    CALLBACK_EXPIRED = "callback_expired"
    CALLBACK_CANCELLED = "callback_cancelled"
    NODE_LOST = "node_lost"


UNSERVED = frozenset(
    {
        Disposition.CLOSED,
        Disposition.JOIN_EMPTY,
        Disposition.QUEUE_FULL,
        Disposition.DIVERTED,
        Disposition.LEAVE_EMPTY,
        Disposition.TIMED_OUT,
    }
)
"""Ends that the caller did not choose, and is to be told of."""

BY_KEY = frozenset({Disposition.ROUTED, Disposition.OPTION_HANGUP, Disposition.WEBHOOK_EXIT})
"""Ends that the caller chose by a key: what the key's row says is still to be done."""

WITH_A_CALLER = UNSERVED | BY_KEY
"""Ends after which somebody is on the line who is to be told, or led on."""
