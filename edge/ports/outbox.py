"""What the delivery of webhooks asks of the store: every method but `written` and `lost` is one
atomic move.

A webhook is in the hands of one edge at a time, for HELD_MS; then any living edge may take it.
So each is delivered at least once, in no particular order.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from edge.domain.ids import AccountId, WebhookId
from edge.domain.webhook import GivenUpWebhook, HeldWebhook, LostWebhook, Settled
from edge.ports.queue_store import QueueStore

HELD_MS = 30_000
"""How long an edge has a webhook in its hands: longer than an attempt may last."""
OUTBOX_LENGTH = 10_000
"""So many webhooks of an account may be on their way; what is written beyond is given up."""
CALL_PENDING = 10
"""So many of them may be of one call: who alternates keys takes nobody else's room."""
CALLER_PENDING = 100
"""So many of one number, however often it dials. A house may share one."""
TOLD_AGAIN_MS = 3_600_000
"""Of what is given up because of these two bounds one is kept for a person and told, and the next
one after this time."""
OLDEST_MS = 86_400_000
"""A webhook that was not delivered by then is given up: longer than any attempts last, but a
receiver may hang with thousands waiting, and edges may be down."""


class TakeWord(StrEnum):
    TAKEN = "TAKEN"


class SettleWord(StrEnum):
    SETTLED = "SETTLED"
    STALE = "STALE"


class PutBackWord(StrEnum):
    PUT_BACK = "PUT_BACK"
    STALE = "STALE"


class Outbox(Protocol):
    """The webhooks on their way."""

    async def written(self) -> HeldWebhook:
        """The next one that a press on this edge wrote: it is in our hands already. Waits."""

    async def lost(self) -> LostWebhook:
        """The next one that a move of this edge gave up, to be told. Waits."""

    async def take_webhooks(
        self, account: AccountId, most: int, attempts: int
    ) -> tuple[HeldWebhook, ...]:
        """Those whose time has come, so many at most, are in our hands, one attempt further.

        One whose `attempts` are spent (its edge died over the last), or that was written more than
        OLDEST_MS ago, is given up.
        """

    async def settle_webhook(
        self,
        account: AccountId,
        webhook: WebhookId,
        settled: Settled,
        retry_ms: int,
        attempts: int,
        answer: str,
    ) -> SettleWord:
        """An attempt is over. After so many `attempts` it is given up, and so it is when GONE.

        STALE: it is in other hands by now, or was settled.
        """

    async def put_back_webhook(
        self, account: AccountId, webhook: WebhookId, retry_ms: int
    ) -> PutBackWord:
        """It could not be tried now; this was no attempt."""

    async def given_up(self, account: AccountId, most: int) -> Sequence[GivenUpWebhook]:
        """Those delivered no more, the last first. A read."""


class WholeStore(QueueStore, Outbox, Protocol):
    """Both sides of the store, as the composition root and the API have it."""
