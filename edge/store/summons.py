"""Hints from other edges' moves over publish/subscribe; after a broken connection,
when some may have been lost, its user is told so."""

import asyncio
import random

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from edge.domain.ids import EntryId, RunId
from edge.ports.queue_store import Summons
from edge.store import keys
from edge.store.connection import AWAY

log = structlog.get_logger()


class SummonsListener:
    """Reads this edge's own channel; subscribes again after a broken connection."""

    def __init__(self, client: Redis, run: RunId) -> None:
        self._client = client
        self._run = run
        self._pubsub: PubSub | None = None
        self._was_deaf = False

    async def next(self) -> Summons | None:
        """None: for a while nothing could be heard."""
        while True:
            try:
                return await self._read()
            except AWAY as fault:
                log.debug("summons_interrupted", fault=type(fault).__name__)
                self._was_deaf = True
                await self.close()
                await asyncio.sleep(random.uniform(0.1, 0.5))

    async def _read(self) -> Summons | None:
        if self._pubsub is None:
            pubsub = self._client.pubsub(ignore_subscribe_messages=True)
            await pubsub.subscribe(keys.summons_channel(self._run))
            self._pubsub = pubsub
            if self._was_deaf:
                self._was_deaf = False
                return None
        while True:
            message = await self._pubsub.get_message(timeout=None)
            if message is not None:
                tag, _, entry = str(message["data"]).partition(" ")
                return Summons(keys.account_of(tag), EntryId(entry))

    async def close(self) -> None:
        if self._pubsub is not None:
            pubsub, self._pubsub = self._pubsub, None
            await pubsub.aclose()  # type: ignore[no-untyped-call]
