"""A webhook: one fact for a receiver of the account, on its way until it is delivered or given up.

The body is that of sip-io's in-queue options; docs/webhooks.md tells receivers of it.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum

from edge.domain.entry import Entry
from edge.domain.ids import AccountId, WebhookId

OPTION_EVENT = "in_queue_option"


class Settled(StrEnum):
    """What became of one attempt to deliver."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """No answer in time, or another than 2xx: tried again."""
    GONE = "gone"
    """410: the receiver wants no more of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an attempt, and what a person is told: a status, or why there is none."""

    settled: Settled
    said: str


class GivenUp(StrEnum):
    """Why a webhook is delivered no more."""

    OUTBOX_FULL = "outbox_full"
    ATTEMPTS_SPENT = "attempts_spent"
    GONE = "gone"
    TOO_MANY = "too_many"
    """Of one call, or of one number."""
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class Webhook:
    """What is to be posted. The body is JSON as it is sent, the same in each attempt.

    `secret_ref` names the bearer token in the account's secrets: the token itself is nowhere
    but there. Address (it may hold a token) and body (it holds a number) are left out of `repr`.
    """

    id: WebhookId
    url: str = field(repr=False)
    secret_ref: str | None
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HeldWebhook:
    """A webhook that one edge has taken from the outbox and nobody else delivers meanwhile."""

    account: AccountId
    webhook: Webhook
    attempt: int
    """Which attempt this is, from 1."""


@dataclass(frozen=True, slots=True)
class GivenUpWebhook:
    """A webhook that was delivered no more, as a person may see it."""

    webhook: Webhook
    reason: GivenUp
    attempts: int
    answer: str
    """What came of the last attempt."""
    written_at_ms: int
    given_up_at_ms: int


@dataclass(frozen=True, slots=True)
class LostWebhook:
    """A webhook that was given up just now, for the log."""

    account: AccountId
    webhook: WebhookId
    reason: GivenUp
    attempts: int
    host: str


def option_pressed(
    webhook: WebhookId,
    url: str,
    secret_ref: str | None,
    account: AccountId,
    entry: Entry,
    digit: str,
    now_ms: int,
) -> Webhook:
    """The webhook of a key that a waiting caller pressed."""
    body = {
        "event": OPTION_EVENT,
        "call_id": entry.id,
        "account_id": account,
        "queue_id": entry.queue,
        "digit": digit,
        "caller": "".join(one for one in entry.caller_number if one in "0123456789"),
        "ts": now_ms,
    }
    return Webhook(webhook, url, secret_ref, json.dumps(body, separators=(",", ":")))


def back_off_seconds(attempt: int, chance: float) -> float:
    """How long to wait after so many attempts: 2^n with a jitter of a quarter around it.

    `chance` is from 0 to 1. Receivers that failed together are so not called together again.
    """
    return float(2**attempt) * (0.75 + 0.5 * chance)
