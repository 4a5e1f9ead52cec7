"""The outbox of an account in the memory store."""

from dataclasses import dataclass, field

from edge.domain.ids import LegId, RunId, WebhookId
from edge.domain.webhook import GivenUpWebhook, Webhook


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One webhook on its way. `until_ms`: when it may be taken (again)."""

    webhook: Webhook
    attempts: int
    holder: RunId | None
    until_ms: int
    written_at_ms: int
    leg: LegId
    caller: str
    """Digits; empty where it is withheld."""
    answer: str = ""
    """What came of the last attempt that failed."""


@dataclass(slots=True)
class OutboxMemory:
    rows: dict[WebhookId, OutboxRow] = field(default_factory=dict)
    given_up: list[GivenUpWebhook] = field(default_factory=list)
    pressed: set[WebhookId] = field(default_factory=set)
    """The presses that were made with a webhook: none is made twice."""
    told_at_ms: dict[str, int] = field(default_factory=dict)
    """When it was told of a sender that it has too many."""
