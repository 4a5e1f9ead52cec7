"""The outbox of an account in the memory store."""

from dataclasses import dataclass, field

from edge.domain.ids import RunId, WebhookId
from edge.domain.webhook import GivenUpWebhook, Webhook


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One webhook on its way. `until_ms`: when it may be taken (again)."""

    webhook: Webhook
    attempts: int
    holder: RunId | None
    until_ms: int
    written_at_ms: int


@dataclass(slots=True)
class OutboxMemory:
    rows: dict[WebhookId, OutboxRow] = field(default_factory=dict)
    given_up: list[GivenUpWebhook] = field(default_factory=list)
    pressed: set[WebhookId] = field(default_factory=set)
    """The presses that were made with a webhook: none is made twice."""
