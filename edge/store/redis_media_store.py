"""Uploaded pieces in Redis: what is known of each in one hash, its files beside it.

Not over the pipe of the moves: a call's move must not wait behind megabytes.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, WatchError

from edge.domain.ids import AccountId, MediaId, NodeId
from edge.domain.media import FORMATS, Media, Purpose, Shelved
from edge.ports.media import KeepWord, StoreAway
from edge.store import keys

log = structlog.get_logger()

PART_BYTES = 256 * 1024
"""Redis does nothing else while it takes or gives one part."""
UNFINISHED_SECONDS = 3_600
"""Files of a piece that was never completed go away after this."""
ANSWER_SECONDS = 5.0
WRITTEN_WITHIN_SECONDS = 30.0
TRIES = 5


class RedisMediaStore:
    """Implements `MediaStore`."""

    def __init__(self, url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=4,
            timeout=None,
            # The limits are ours, around each step (see Connection).
            socket_timeout=None,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis = Redis(connection_pool=pool)
        self._listening = Redis.from_url(url, socket_timeout=None)
        self._pubsub: PubSub | None = None
        self._was_deaf = False

    async def close(self) -> None:
        await self._stop_listening()
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()
        await self._listening.aclose()

    async def keep(
        self, account: AccountId, media: Media, files: Mapping[str, bytes], most_bytes: int
    ) -> KeepWord:
        async with _answering(WRITTEN_WITHIN_SECONDS):
            if await self._stored(account) + media.stored > most_bytes:
                return KeepWord.FULL
            await self.write_files(account, media, files)
            word = await self._publish(account, media, most_bytes)
            if word is KeepWord.FULL:
                await self._redis.delete(*_files(account, media.id))
            return word

    async def write_files(
        self, account: AccountId, media: Media, files: Mapping[str, bytes]
    ) -> None:
        """For an hour: until the piece is known to be whole."""
        for extension in FORMATS:
            await self._write(keys.media_file(account, media.id, extension), files[extension])

    async def _write(self, key: str, content: bytes) -> None:
        await self._redis.set(key, content[:PART_BYTES], ex=UNFINISHED_SECONDS)
        for at in range(PART_BYTES, len(content), PART_BYTES):
            await self._redis.append(key, content[at : at + PART_BYTES])

    async def _publish(self, account: AccountId, media: Media, most_bytes: int) -> KeepWord:
        """The piece is there for all, unless others have taken the room meanwhile."""
        for _ in range(TRIES):
            async with self._redis.pipeline(transaction=True) as pipe:
                await pipe.watch(keys.media(account))
                # Over the same connection: four who waited here for another would wait for ever.
                if await self._stored(account, pipe) + media.stored > most_bytes:
                    return KeepWord.FULL
                pipe.multi()  # type: ignore[no-untyped-call]
                for key in _files(account, media.id):
                    pipe.persist(key)
                pipe.hset(keys.media(account), media.id, _written(media))
                pipe.publish(keys.MEDIA_CHANNEL, account)
                try:
                    await pipe.execute()
                except WatchError:
                    continue
                return KeepWord.KEPT
        raise StoreAway("others change the media of the account all the time")

    async def _stored(self, account: AccountId, over: Redis | None = None) -> int:
        records = await self._hash(keys.media(account), over)
        return sum(_read(media_id, record).stored for media_id, record in records.items())

    async def shelf(self, account: AccountId) -> dict[MediaId, Shelved]:
        async with _answering():
            records = await self._hash(keys.media(account))
            if not records:
                return {}
            nodes: dict[str, set[NodeId]] = {}
            for field in await self._hash(keys.media_nodes(account)):
                piece, _, node = field.partition(" ")
                nodes.setdefault(piece, set()).add(NodeId(node))
        found = [_read(media_id, record) for media_id, record in records.items()]
        found.sort(key=lambda media: (media.created_at_ms, media.id))
        return {
            media.id: Shelved(media, frozenset(nodes.get(media.id, frozenset()))) for media in found
        }

    async def _hash(self, key: str, over: Redis | None = None) -> dict[str, bytes]:
        found: Any = await (over or self._redis).hgetall(key)
        return {field.decode(): value for field, value in found.items()}

    async def remove(self, account: AccountId, media: MediaId) -> bool:
        async with _answering():
            fields = [
                field
                for field in await self._hash(keys.media_nodes(account))
                if field.partition(" ")[0] == media
            ]
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hdel(keys.media(account), media)
                pipe.unlink(*_files(account, media))
                if fields:
                    pipe.hdel(keys.media_nodes(account), *fields)
                pipe.publish(keys.MEDIA_CHANNEL, account)
                removed, *_ = await pipe.execute()
        return bool(removed)

    async def note_node(self, account: AccountId, media: MediaId, node: NodeId, has: bool) -> None:
        key, field = keys.media_nodes(account), f"{media} {node}"
        async with _answering():
            if not has:
                changed = await self._redis.hdel(key, field)
            elif await self._redis.hexists(keys.media(account), media):
                changed = await self._redis.hsetnx(key, field, b"1")
            else:
                return
            if changed:
                await self._redis.publish(keys.MEDIA_CHANNEL, account)

    async def content(
        self, account: AccountId, media: Media, extension: str
    ) -> AsyncIterator[bytes]:
        key = keys.media_file(account, media.id, extension)
        for at in range(0, media.size, PART_BYTES):
            async with _answering():
                part: bytes = await self._redis.getrange(key, at, at + PART_BYTES - 1)  # type: ignore[assignment]
            if not part:
                return
            yield part

    async def changed(self) -> AccountId | None:
        while True:
            try:
                return await self._hear()
            except (RedisError, OSError) as fault:
                log.debug("media_news_interrupted", fault=type(fault).__name__)
                self._was_deaf = True
                await self._stop_listening()
                await asyncio.sleep(random.uniform(0.1, 0.5))

    async def listens(self) -> None:
        """From now on every change is heard."""
        if self._pubsub is None:
            pubsub = self._listening.pubsub(ignore_subscribe_messages=True)
            await pubsub.subscribe(keys.MEDIA_CHANNEL)
            self._pubsub = pubsub

    async def _hear(self) -> AccountId | None:
        if self._pubsub is None:
            await self.listens()
            if self._was_deaf:
                self._was_deaf = False
                return None
        while True:
            assert self._pubsub is not None
            message = await self._pubsub.get_message(timeout=None)
            if message is not None:
                return AccountId(message["data"].decode())

    async def _stop_listening(self) -> None:
        if self._pubsub is not None:
            pubsub, self._pubsub = self._pubsub, None
            await pubsub.aclose()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def _answering(within_seconds: float = ANSWER_SECONDS) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(within_seconds):
            yield
    except (RedisError, OSError) as fault:
        raise StoreAway(f"Redis does not answer ({type(fault).__name__})") from fault


def _files(account: AccountId, media: MediaId) -> list[str]:
    return [keys.media_file(account, media, extension) for extension in FORMATS]


def _written(media: Media) -> bytes:
    return orjson.dumps(
        {
            "name": media.name,
            "purpose": media.purpose,
            "seconds": media.seconds,
            "size": media.size,
            "digest": media.digest,
            "created_at_ms": media.created_at_ms,
        }
    )


def _read(media_id: str, record: bytes) -> Media:
    known: dict[str, Any] = orjson.loads(record)
    return Media(
        id=MediaId(media_id),
        name=known["name"],
        purpose=Purpose(known["purpose"]),
        seconds=known["seconds"],
        size=known["size"],
        digest=known["digest"],
        created_at_ms=known["created_at_ms"],
    )
