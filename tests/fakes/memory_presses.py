"""The moves about keys and their webhooks; part of the memory store."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from edge.domain.addresses import host_of
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry
from edge.domain.events import EventName
from edge.domain.ids import AccountId, EntryId, RunId, WebhookId
from edge.domain.webhook import GivenUp, GivenUpWebhook, HeldWebhook, LostWebhook, Settled, Webhook
from edge.ports.outbox import (
    CALL_PENDING,
    CALLER_PENDING,
    HELD_MS,
    OLDEST_MS,
    OUTBOX_LENGTH,
    TOLD_AGAIN_MS,
    PutBackWord,
    SettleWord,
)
from edge.ports.queue_store import Moved, PressWord
from tests.fakes.memory_dues import end_entry
from tests.fakes.memory_outbox import OutboxRow
from tests.fakes.memory_records import IN_LINE
from tests.fakes.memory_site import AccountMemory

GIVEN_UP_KEPT_MS = 30 * 86_400_000


class PressMoves:
    """Mixed into the store of one edge."""

    run: RunId

    def __init__(self) -> None:
        self._written: asyncio.Queue[HeldWebhook] = asyncio.Queue()
        self._lost: asyncio.Queue[LostWebhook] = asyncio.Queue()

    def _open(self, account: AccountId) -> AccountMemory:
        raise NotImplementedError

    async def press(
        self,
        account: AccountId,
        entry: EntryId,
        digit: str,
        disposition: Disposition | None,
        webhook: Webhook | None,
    ) -> tuple[PressWord, Moved]:
        memory = self._open(account)
        known = memory.entries.get(entry)
        if webhook is not None and webhook.id in memory.outbox.pressed:
            return PressWord.PRESSED, memory.moved([known] if known else ())
        if known is None or known.owner != self.run or known.stage not in IN_LINE:
            return PressWord.STALE, memory.moved([known] if known else ())
        memory.publish(EventName.OPTION_PRESSED, known, digit)
        if webhook is not None:
            memory.outbox.pressed.add(webhook.id)
            self._write(memory, webhook, known)
        if disposition is None:
            return PressWord.PRESSED, memory.moved([known])
        known, freed = end_entry(memory, replace(known, pressed=digit), disposition)
        return PressWord.PRESSED, memory.moved([known], freed)

    def _write(self, memory: AccountMemory, webhook: Webhook, entry: Entry) -> None:
        """This edge has it in its hands: it is delivered at once."""
        caller = "".join(re.findall("[0-9]", entry.caller_number))
        row = OutboxRow(webhook, 1, None, 0, memory.now_ms, entry.leg, caller)
        if sender := _crowding(memory, row):
            if not _was_told_of(memory, sender):
                self._keep(memory, replace(row, attempts=0), GivenUp.TOO_MANY, "")
            memory.publish(EventName.WEBHOOK_GIVEN_UP, webhook, GivenUp.TOO_MANY)
        elif len(memory.outbox.rows) >= OUTBOX_LENGTH:
            self._give_up(memory, replace(row, attempts=0), GivenUp.OUTBOX_FULL, "")
        else:
            self._written.put_nowait(self._hold(memory, row))

    def _hold(self, memory: AccountMemory, row: OutboxRow) -> HeldWebhook:
        memory.outbox.rows[row.webhook.id] = replace(
            row, holder=self.run, until_ms=memory.now_ms + HELD_MS
        )
        return HeldWebhook(memory.id, row.webhook, row.attempts)

    async def written(self) -> HeldWebhook:
        return await self._written.get()

    async def lost(self) -> LostWebhook:
        return await self._lost.get()

    async def take_webhooks(
        self, account: AccountId, most: int, attempts: int
    ) -> tuple[HeldWebhook, ...]:
        memory = self._open(account)
        forgotten_ms = memory.now_ms - GIVEN_UP_KEPT_MS
        kept = [one for one in memory.outbox.given_up if one.given_up_at_ms >= forgotten_ms]
        memory.outbox.given_up = kept
        due = [row for row in memory.outbox.rows.values() if row.until_ms <= memory.now_ms]
        held = []
        for row in sorted(due, key=lambda row: (row.until_ms, row.webhook.id))[:most]:
            if memory.now_ms - row.written_at_ms >= OLDEST_MS:
                self._give_up(memory, row, GivenUp.TOO_OLD, row.answer)
            elif row.attempts >= attempts:
                self._give_up(memory, row, GivenUp.ATTEMPTS_SPENT, "its edge died")
            else:
                held.append(self._hold(memory, replace(row, attempts=row.attempts + 1)))
        return tuple(held)

    async def settle_webhook(
        self,
        account: AccountId,
        webhook: WebhookId,
        settled: Settled,
        retry_ms: int,
        attempts: int,
        answer: str,
    ) -> SettleWord:
        memory = self._open(account)
        row = memory.outbox.rows.get(webhook)
        if row is None or row.holder != self.run:
            return SettleWord.STALE
        if settled is Settled.DELIVERED:
            del memory.outbox.rows[webhook]
            memory.publish(EventName.WEBHOOK_DELIVERED, row.webhook)
        elif settled is Settled.GONE:
            self._give_up(memory, row, GivenUp.GONE, answer)
        elif row.attempts >= attempts:
            self._give_up(memory, row, GivenUp.ATTEMPTS_SPENT, answer)
        else:
            memory.outbox.rows[webhook] = replace(
                row, holder=None, until_ms=memory.now_ms + retry_ms, answer=answer
            )
        return SettleWord.SETTLED

    async def put_back_webhook(
        self, account: AccountId, webhook: WebhookId, retry_ms: int
    ) -> PutBackWord:
        memory = self._open(account)
        row = memory.outbox.rows.get(webhook)
        if row is None or row.holder != self.run:
            return PutBackWord.STALE
        memory.outbox.rows[webhook] = replace(
            row, holder=None, attempts=row.attempts - 1, until_ms=memory.now_ms + retry_ms
        )
        return PutBackWord.PUT_BACK

    def _give_up(self, memory: AccountMemory, row: OutboxRow, reason: GivenUp, answer: str) -> None:
        memory.outbox.rows.pop(row.webhook.id, None)
        self._keep(memory, row, reason, answer)
        memory.publish(EventName.WEBHOOK_GIVEN_UP, row.webhook, reason)

    def _keep(self, memory: AccountMemory, row: OutboxRow, reason: GivenUp, answer: str) -> None:
        """For a person to see."""
        webhook = row.webhook
        memory.outbox.given_up.append(
            GivenUpWebhook(webhook, reason, row.attempts, answer, row.written_at_ms, memory.now_ms)
        )
        host = host_of(webhook.url)
        self._lost.put_nowait(LostWebhook(memory.id, webhook.id, reason, row.attempts, host))

    async def given_up(self, account: AccountId, most: int) -> Sequence[GivenUpWebhook]:
        return self._open(account).outbox.given_up[::-1][:most]


def _crowding(memory: AccountMemory, row: OutboxRow) -> str:
    """Of whom there are too many on their way; empty where there is room."""
    rows = memory.outbox.rows.values()
    if sum(one.leg == row.leg for one in rows) >= CALL_PENDING:
        return row.leg
    if row.caller and sum(one.caller == row.caller for one in rows) >= CALLER_PENDING:
        return row.caller
    return ""


def _was_told_of(memory: AccountMemory, sender: str) -> bool:
    told_at_ms = memory.outbox.told_at_ms
    if memory.now_ms - told_at_ms.get(sender, -TOLD_AGAIN_MS) < TOLD_AGAIN_MS:
        return True
    told_at_ms[sender] = memory.now_ms
    return False
