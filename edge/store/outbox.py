"""The moves of key presses and of the webhooks they write; part of the store on Redis."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from edge.domain.addresses import host_of
from edge.domain.disposition import Disposition
from edge.domain.ids import AccountId, EntryId, WebhookId, new_suffix
from edge.domain.webhook import GivenUp, GivenUpWebhook, HeldWebhook, LostWebhook, Settled, Webhook
from edge.ports.outbox import (
    CALL_PENDING,
    CALLER_PENDING,
    HELD_MS,
    OLDEST_MS,
    OUTBOX_LENGTH,
    PutBackWord,
    SettleWord,
    TakeWord,
)
from edge.ports.queue_store import Moved, PressWord
from edge.store import keys
from edge.store.connection import Connection
from edge.store.records import to_moved


class OutboxMoves:
    """Mixed into the store of one edge. Satisfies `edge.ports.outbox.Outbox`."""

    _connection: Connection

    def __init__(self) -> None:
        self._written: asyncio.Queue[HeldWebhook] = asyncio.Queue()
        self._lost: asyncio.Queue[LostWebhook] = asyncio.Queue()

    async def _ask(self, name: str, account: AccountId, *args: str | int) -> dict[str, Any]:
        raise NotImplementedError

    async def press(
        self,
        account: AccountId,
        entry: EntryId,
        digit: str,
        disposition: Disposition | None,
        webhook: Webhook | None,
    ) -> tuple[PressWord, Moved]:
        reply = await self._ask(
            "press",
            account,
            entry,
            webhook.id if webhook else new_suffix(),
            digit,
            disposition or "",
            _to_row(webhook) if webhook else "",
            HELD_MS,
            OUTBOX_LENGTH,
            CALL_PENDING,
            CALLER_PENDING,
        )
        self._note_lost(account, reply)
        for held in _held(account, reply):
            self._written.put_nowait(held)
        return PressWord(reply["word"]), to_moved(account, reply)

    async def written(self) -> HeldWebhook:
        return await self._written.get()

    async def lost(self) -> LostWebhook:
        return await self._lost.get()

    async def take_webhooks(
        self, account: AccountId, most: int, attempts: int
    ) -> tuple[HeldWebhook, ...]:
        reply = await self._ask("take_webhooks", account, most, HELD_MS, attempts, OLDEST_MS)
        TakeWord(reply["word"])
        self._note_lost(account, reply)
        return _held(account, reply)

    async def settle_webhook(
        self,
        account: AccountId,
        webhook: WebhookId,
        settled: Settled,
        retry_ms: int,
        attempts: int,
        answer: str,
    ) -> SettleWord:
        reply = await self._ask(
            "settle_webhook", account, webhook, settled, retry_ms, attempts, answer
        )
        self._note_lost(account, reply)
        return SettleWord(reply["word"])

    async def put_back_webhook(
        self, account: AccountId, webhook: WebhookId, retry_ms: int
    ) -> PutBackWord:
        reply = await self._ask("put_back_webhook", account, webhook, retry_ms)
        return PutBackWord(reply["word"])

    def _note_lost(self, account: AccountId, reply: Mapping[str, Any]) -> None:
        for lost in _lost(account, reply):
            self._lost.put_nowait(lost)

    async def given_up(self, account: AccountId, most: int) -> Sequence[GivenUpWebhook]:
        rows = await self._connection.read(
            "XREVRANGE", keys.given_up(account), "+", "-", "COUNT", most
        )
        return [_to_given_up(fields) for _, fields in rows]


def _to_row(webhook: Webhook) -> str:
    row = [webhook.id, webhook.url, webhook.secret_ref or "", webhook.body]
    return orjson.dumps(row).decode()


def _to_webhook(webhook: str, url: str, secret_ref: str, body: str) -> Webhook:
    return Webhook(WebhookId(webhook), url, secret_ref or None, body)


def _held(account: AccountId, reply: Mapping[str, Any]) -> tuple[HeldWebhook, ...]:
    return tuple(
        HeldWebhook(account, _to_webhook(*row), attempt)
        for *row, attempt in reply.get("webhooks") or ()
    )


def _lost(account: AccountId, reply: Mapping[str, Any]) -> Iterator[LostWebhook]:
    for webhook, reason, attempts, url in reply.get("given_up") or ():
        yield LostWebhook(account, webhook, GivenUp(reason), attempts, host_of(url))


def _to_given_up(fields: Mapping[str, str]) -> GivenUpWebhook:
    return GivenUpWebhook(
        webhook=_to_webhook(fields["webhook"], fields["url"], fields["secret_ref"], fields["body"]),
        reason=GivenUp(fields["reason"]),
        attempts=int(fields["attempts"]),
        answer=fields["answer"],
        written_at_ms=int(fields["written_at"]),
        given_up_at_ms=int(fields["given_up_at"]),
    )
