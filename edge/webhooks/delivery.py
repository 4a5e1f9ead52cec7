"""Delivers what stands in the outbox: what this edge writes at once, the rest when its time comes.

Each receiver (a host, as one account calls it) has its own lanes, so that one that hangs keeps only
its own webhooks waiting, and an account only its own.
"""

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from edge.domain.addresses import host_of
from edge.domain.ids import AccountId
from edge.domain.settings import Webhooks
from edge.domain.webhook import Answer, HeldWebhook, Settled, back_off_seconds
from edge.ports.clock import Clock
from edge.ports.outbox import HELD_MS, Outbox, SettleWord
from edge.webhooks.trouble import Receiver, Trouble

log = structlog.get_logger()

LANES = 8
"""So many are posted to one receiver at a time."""
QUEUED_MOST = 256
"""So many of one receiver are in our hands; more go back to the outbox for a while."""
TAKEN_AT_ONCE = 256
SWEEP_SECONDS = 1.0
SETTLE_SECONDS = 5.0
"""Time to tell the store what became of an attempt, before another edge may make the next."""
PUT_BACK_SECONDS = (1.0, 5.0)
PUT_BACK_MOST_SECONDS = 60.0
"""Where those in hand take longer than that: thousands for one that hangs would go to and fro all
the time, and Redis would do nothing else."""


class Post(Protocol):
    async def __call__(self, held: HeldWebhook) -> Answer: ...


@dataclass(slots=True)
class _Lanes:
    """Those of one receiver."""

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LANES))
    in_hand: int = 0
    took_seconds: float = 0.0
    """The last attempt."""


class Delivery:
    """The webhooks of this edge run."""

    def __init__(
        self,
        outbox: Outbox,
        post: Post,
        clock: Clock,
        settings: Webhooks,
        accounts: Iterable[AccountId],
        is_home: Callable[[AccountId], bool],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`is_home`: whether it is this edge that looks after the account's outbox now."""
        self._outbox = outbox
        self._post = post
        self._clock = clock
        self._settings = settings
        self._accounts = tuple(accounts)
        self._is_home = is_home
        self._chance = chance
        self._lanes: dict[Receiver, _Lanes] = {}
        self._trouble = Trouble()
        self._queue_seconds = HELD_MS / 1000 - settings.timeout_seconds - SETTLE_SECONDS

    async def run(self) -> None:
        """Until cancelled. What is in hand then is delivered by whoever takes it next."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sweep(tasks), name="webhooks due")
                tasks.create_task(self._tell_lost(), name="webhooks lost")
                while True:
                    self._begin(tasks, await self._outbox.written())
        finally:
            self._trouble.close()

    async def _tell_lost(self) -> None:
        while True:
            self._trouble.lost(await self._outbox.lost(), self._clock.now_ms())

    async def _sweep(self, tasks: asyncio.TaskGroup) -> None:
        """New attempts, and what edges that are gone had in their hands."""
        while True:
            await self._clock.sleep(SWEEP_SECONDS)
            self._trouble.look(self._clock.now_ms())
            for account in self._accounts:
                while self._is_home(account):
                    taken = await self._outbox.take_webhooks(
                        account, TAKEN_AT_ONCE, self._settings.attempts
                    )
                    for held in taken:
                        self._begin(tasks, held)
                    if len(taken) < TAKEN_AT_ONCE:
                        break

    def _begin(self, tasks: asyncio.TaskGroup, held: HeldWebhook) -> None:
        tasks.create_task(self._deliver(held), name=f"webhook {held.webhook.id}")

    async def _deliver(self, held: HeldWebhook) -> None:
        to = held.account, host_of(held.webhook.url)
        lanes = self._lanes.setdefault(to, _Lanes())
        lanes.in_hand += 1
        try:
            if lanes.in_hand <= QUEUED_MOST and await self._turn(lanes):
                try:
                    began_ms = self._clock.now_ms()
                    await self._attempt(held, to)
                    lanes.took_seconds = max(0, self._clock.now_ms() - began_ms) / 1000
                finally:
                    lanes.turns.release()
            else:
                await self._put_back(held, to, lanes.took_seconds)
        finally:
            lanes.in_hand -= 1
            if not lanes.in_hand:
                del self._lanes[to]

    async def _turn(self, lanes: _Lanes) -> bool:
        """A lane of the host, unless it comes too late to end the attempt while we hold it."""
        try:
            async with asyncio.timeout(self._queue_seconds):
                return await lanes.turns.acquire()
        except TimeoutError:
            return False

    async def _attempt(self, held: HeldWebhook, to: Receiver) -> None:
        webhook = held.webhook
        told = {"account": held.account, "webhook": webhook.id, "host": to[1]}
        try:
            answer = await self._post(held)
        except Exception as fault:
            log.exception("webhook_attempt_broke", **told)
            answer = Answer(Settled.FAILED, type(fault).__name__)
        told_ms = self._clock.now_ms()
        if answer.settled is Settled.DELIVERED:
            log.info("webhook_delivered", attempt=held.attempt, answer=answer.said, **told)
            self._trouble.delivered(to, told_ms)
        else:
            log.debug("webhook_not_delivered", attempt=held.attempt, answer=answer.said, **told)
        if answer.settled is Settled.FAILED:
            self._trouble.failed(to, answer.said, told_ms)
        retry_seconds = back_off_seconds(held.attempt, self._chance())
        word = await self._outbox.settle_webhook(
            held.account,
            webhook.id,
            answer.settled,
            int(retry_seconds * 1000),
            self._settings.attempts,
            answer.said,
        )
        if word is SettleWord.STALE:
            log.warning("webhook_settled_by_others", **told)

    async def _put_back(self, held: HeldWebhook, to: Receiver, attempt_seconds: float) -> None:
        """Until those that are before it may have been tried."""
        log.debug("webhook_put_back", account=held.account, webhook=held.webhook.id, host=to[1])
        self._trouble.put_back(to, self._clock.now_ms())
        least, most = PUT_BACK_SECONDS
        until_free = min(attempt_seconds * QUEUED_MOST / LANES, PUT_BACK_MOST_SECONDS)
        most = max(most, until_free)
        wait_seconds = least + (most - least) * self._chance()
        await self._outbox.put_back_webhook(held.account, held.webhook.id, int(wait_seconds * 1000))
