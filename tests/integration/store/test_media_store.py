"""Uploaded pieces: the store in memory and the one in Redis keep one contract."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from edge.domain.ids import AccountId, MediaId, NodeId
from edge.domain.media import FORMATS, Media, Purpose, Shelved
from edge.ports.media import KeepWord, MediaStore, StoreAway
from edge.store import RedisMediaStore
from tests.asterisk.leftovers import is_permanent
from tests.fakes.memory_media import MemoryMediaSite, MemoryMediaStore
from tests.fakes.redis_server import RedisServer

OURS, THEIRS = AccountId("acct_ours"), AccountId("acct_theirs")
ROOM = 10_000_000
NODE = NodeId("pbx-1")
Two = tuple[MediaStore, MediaStore]
OpenStores = Callable[[], AbstractAsyncContextManager[Two]]


def piece(name: str, size: int = 320, at: int = 1) -> Media:
    return Media(MediaId(f"media_{name}"), name, Purpose.MUSIC, size / 8000, size, "ab" * 32, at)


def files(media: Media) -> dict[str, bytes]:
    return {
        extension: bytes([index]) * media.size for index, extension in enumerate(FORMATS, start=1)
    }


async def content(store: MediaStore, account: AccountId, media: Media, extension: str) -> bytes:
    return b"".join([part async for part in store.content(account, media, extension)])


@pytest.fixture(params=["memory", "redis"])
def two_stores(request: pytest.FixtureRequest, redis_server: RedisServer) -> OpenStores:
    """Two edges' stores of one site."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Two]:
        if request.param == "memory":
            site = MemoryMediaSite()
            yield MemoryMediaStore(site), MemoryMediaStore(site)
            return
        with redis_server.client() as client:
            client.flushall()
        first, second = RedisMediaStore(redis_server.url), RedisMediaStore(redis_server.url)
        try:
            yield first, second
        finally:
            await first.close()
            await second.close()
        with redis_server.client() as client:
            stray = [key for key in client.keys("*") if not is_permanent(str(key))]
        assert stray == []

    return opened


async def test_what_is_kept_is_there_for_every_edge(two_stores: OpenStores) -> None:
    async with two_stores() as (here, there):
        tune, words = piece("tune", 600_000, at=2), piece("words", at=1)
        for media in (tune, words):
            assert await here.keep(OURS, media, files(media), ROOM) is KeepWord.KEPT
        assert await there.shelf(OURS) == {
            words.id: Shelved(words),
            tune.id: Shelved(tune),
        }
        assert list(await there.shelf(OURS)) == [words.id, tune.id], "oldest first"
        for extension, whole in files(tune).items():
            assert await content(there, OURS, tune, extension) == whole
        assert await there.shelf(THEIRS) == {}
        assert await content(there, THEIRS, tune, "ulaw") == b""


async def test_an_account_has_so_much_room_and_no_more(two_stores: OpenStores) -> None:
    async with two_stores() as (here, there):
        first, second = piece("first"), piece("second")
        room = first.stored + second.stored - 1
        assert await here.keep(OURS, first, files(first), room) is KeepWord.KEPT
        assert await there.keep(OURS, second, files(second), room) is KeepWord.FULL
        assert await there.keep(THEIRS, second, files(second), room) is KeepWord.KEPT
        assert list(await here.shelf(OURS)) == [first.id]


async def test_two_uploads_at_once_do_not_share_the_last_room(two_stores: OpenStores) -> None:
    async with two_stores() as (here, there):
        first, second = piece("first", 300_000), piece("second", 300_000)
        words = await asyncio.gather(
            here.keep(OURS, first, files(first), first.stored),
            there.keep(OURS, second, files(second), first.stored),
        )
        assert sorted(words) == [KeepWord.FULL, KeepWord.KEPT]
        assert len(await here.shelf(OURS)) == 1


async def test_more_uploads_at_once_than_connections_are_all_kept(two_stores: OpenStores) -> None:
    async with two_stores() as (here, _):
        many = [piece(f"tune{number}") for number in range(5)]
        async with asyncio.timeout(10):
            words = await asyncio.gather(*(here.keep(OURS, one, files(one), ROOM) for one in many))
        assert words == [KeepWord.KEPT] * len(many)


async def test_a_removed_piece_is_gone_with_its_files(two_stores: OpenStores) -> None:
    async with two_stores() as (here, there):
        tune, words = piece("tune"), piece("words")
        for media in (tune, words):
            await here.keep(OURS, media, files(media), ROOM)
            await here.note_node(OURS, media.id, NODE, True)
        assert await there.remove(OURS, tune.id)
        assert not await there.remove(OURS, tune.id)
        assert await here.shelf(OURS) == {words.id: Shelved(words, frozenset({NODE}))}
        assert await content(here, OURS, tune, "ulaw") == b""


async def test_who_has_it_is_known_to_all(two_stores: OpenStores) -> None:
    async with two_stores() as (here, there):
        tune = piece("tune")
        await here.keep(OURS, tune, files(tune), ROOM)
        for node in ("pbx-1", "pbx-2", "pbx-1"):
            await here.note_node(OURS, tune.id, NodeId(node), True)
        nodes = (await there.shelf(OURS))[tune.id].nodes
        assert nodes == {NodeId("pbx-1"), NodeId("pbx-2")}
        await there.note_node(OURS, tune.id, NodeId("pbx-1"), False)
        assert (await here.shelf(OURS))[tune.id].nodes == {NodeId("pbx-2")}
        await here.note_node(OURS, MediaId("media_gone"), NODE, True)
        assert list(await here.shelf(OURS)) == [tune.id]


async def test_every_change_is_told_to_the_others(two_stores: OpenStores) -> None:
    async with two_stores() as (here, there):
        tune = piece("tune")
        if isinstance(there, RedisMediaStore):
            await there.listens()
        await here.keep(OURS, tune, files(tune), ROOM)
        assert await asyncio.wait_for(there.changed(), 5) == OURS
        await here.note_node(OURS, tune.id, NODE, True)
        assert await asyncio.wait_for(there.changed(), 5) == OURS
        await here.remove(OURS, tune.id)
        assert await asyncio.wait_for(there.changed(), 5) == OURS


async def test_files_of_an_upload_that_broke_off_go_away(redis_server: RedisServer) -> None:
    store = RedisMediaStore(redis_server.url)
    tune = piece("tune")
    await store.write_files(OURS, tune, files(tune))
    with redis_server.client() as client:
        lifetimes = [client.ttl(key) for key in client.keys(f"*{tune.id}*")]
        client.flushall()
    assert len(lifetimes) == len(FORMATS)
    assert all(0 < int(str(seconds)) <= 3_600 for seconds in lifetimes)
    await store.close()


async def test_a_redis_that_is_not_there_is_told() -> None:
    store = RedisMediaStore("redis://127.0.0.1:1/0")
    with pytest.raises(StoreAway):
        await store.shelf(OURS)
    await store.close()
