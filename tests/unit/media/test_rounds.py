"""Every node gets every piece, whoever uploaded it and whenever the node comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from edge.domain.ids import AccountId, MediaId, NodeId
from edge.domain.media import Media, Purpose, Shelved, name_on_nodes
from edge.domain.settings import Account, Queue
from edge.domain.settings.waiting import Introduction
from edge.media import MediaRounds, rounds
from lab.wait import wait_until
from tests.fakes.memory_media import (
    EchoConverter,
    MemoryMediaSite,
    MemoryMediaStore,
    StubbornNode,
)

OURS = AccountId("acct_ours")


NO_QUEUES = Account(id=OURS, name="Ours")


def with_queue(**settings: object) -> Account:
    queue = Queue(id="qu_one", name="One", extension="500", **settings)  # type: ignore[arg-type]
    return Account(id=OURS, name="Ours", queues=(queue,))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(rounds, "NODE_CHECK_SECONDS", 0.02)


@asynccontextmanager
async def edge(
    site: MemoryMediaSite, *nodes: StubbornNode, account: Account = NO_QUEUES
) -> AsyncIterator[MediaRounds]:
    store = MemoryMediaStore(site)
    ours = MediaRounds(store, EchoConverter(), nodes, [account], "http://edge", 1_000_000)
    going = asyncio.create_task(ours.run())
    try:
        yield ours
    finally:
        going.cancel()
        await asyncio.wait([going])
        await store.close()


async def uploaded(ours: MediaRounds) -> Media:
    made = await ours.add(OURS, "Tune", Purpose.MUSIC, b"sound" * 32)
    assert isinstance(made, Media)
    return made


async def test_an_upload_is_on_all_nodes_soon() -> None:
    one, two = StubbornNode(NodeId("pbx-1")), StubbornNode(NodeId("pbx-2"))
    async with edge(MemoryMediaSite(), one, two) as ours:
        media = await uploaded(ours)
        shelved = await ours.until_on_nodes(OURS, media, 5)
        assert shelved.nodes == {one.node, two.node}
        name = name_on_nodes(OURS, media.id)
        url = f"http://edge/media/{OURS}/{media.id}/{media.digest}"
        assert one.fetched == two.fetched == [(name, url, media.size, True)]
        assert one.names == two.names == {name}


async def test_other_edges_know_what_a_node_has_without_asking_it() -> None:
    site, node = MemoryMediaSite(), StubbornNode()
    same_node = StubbornNode(is_up=False)
    async with edge(site, node) as ours, edge(site, same_node):
        media = await uploaded(ours)
        await wait_until(
            lambda: same_node.names == {name_on_nodes(OURS, media.id)}, "the other edge knows"
        )
        assert same_node.fetched == []


async def test_a_node_that_comes_later_gets_it_then() -> None:
    node = StubbornNode(is_up=False)
    async with edge(MemoryMediaSite(), node) as ours:
        media = await uploaded(ours)
        assert not (await ours.until_on_nodes(OURS, media, 0.05)).nodes
        node.is_up = True
        assert (await ours.until_on_nodes(OURS, media, 5)).nodes == {node.node}


async def test_a_node_that_came_back_is_asked_again() -> None:
    node = StubbornNode()
    async with edge(MemoryMediaSite(), node) as ours:
        media = await uploaded(ours)
        await ours.until_on_nodes(OURS, media, 5)
        assert len(node.fetched) == 1
        node.connection += 1
        await wait_until(lambda: len(node.fetched) == 2, "the node is asked again")


async def test_a_node_that_lost_its_files_is_not_said_to_have_them() -> None:
    node = StubbornNode()
    async with edge(MemoryMediaSite(), node) as ours:
        media = await uploaded(ours)
        await ours.until_on_nodes(OURS, media, 5)
        node.refuses = True
        node.connection += 1
        await wait_until(lambda: not node.names, "the piece is left out")

        async def is_told() -> bool:
            return not (await ours.shelf(OURS))[media.id].nodes

        await wait_until(is_told, "the object says so")
        node.refuses = False
        await wait_until(lambda: bool(node.names), "it is tried again")


async def test_an_edge_that_starts_brings_what_is_missing() -> None:
    site, node = MemoryMediaSite(), StubbornNode()
    async with edge(site) as ours:
        media = await uploaded(ours)
    async with edge(site, node):
        await wait_until(lambda: node.names == {name_on_nodes(OURS, media.id)}, "it is brought")


async def test_a_store_that_is_away_ends_nothing() -> None:
    site, node = MemoryMediaSite(), StubbornNode()
    async with edge(site, node) as ours:
        site.is_away = True
        site.tell(None)
        site.is_away = False
        media = await uploaded(ours)
        assert (await ours.until_on_nodes(OURS, media, 5)).nodes == {node.node}


class SlowToAnswer(MemoryMediaStore):
    """Looks at the shelf at once and tells what it saw when it may."""

    def __init__(self, site: MemoryMediaSite) -> None:
        super().__init__(site)
        self.may_tell = asyncio.Event()
        self.may_tell.set()

    async def shelf(self, account: AccountId) -> dict[MediaId, Shelved]:
        found = await super().shelf(account)
        await self.may_tell.wait()
        return found


async def test_a_look_that_comes_late_does_not_take_back_what_is_known() -> None:
    node = StubbornNode()
    store = SlowToAnswer(MemoryMediaSite())
    ours = MediaRounds(store, EchoConverter(), [node], [NO_QUEUES], "http://edge", 1_000_000)
    store.may_tell.clear()
    late = asyncio.create_task(ours.shelf(OURS))
    await asyncio.sleep(0)
    held, store.may_tell = store.may_tell, asyncio.Event()
    store.may_tell.set()
    media = await uploaded(ours)
    held.set()
    assert await late == {}
    assert await ours.shelved(OURS, media.id) == Shelved(media)
    node.is_up = False
    assert await ours.until_on_nodes(OURS, media, 5) == Shelved(media)


async def test_what_is_removed_at_once_was_uploaded_all_the_same() -> None:
    node = StubbornNode(refuses=True)
    async with edge(MemoryMediaSite(), node) as ours:
        media = await uploaded(ours)
        waiting = asyncio.create_task(ours.until_on_nodes(OURS, media, 5))
        await asyncio.sleep(0)
        assert await ours.remove(OURS, media.id)
        assert await waiting == Shelved(media)


async def test_what_was_removed_is_played_no_more() -> None:
    site, node, same_node = MemoryMediaSite(), StubbornNode(), StubbornNode()
    async with edge(site, node) as ours, edge(site, same_node):
        media = await uploaded(ours)
        await ours.until_on_nodes(OURS, media, 5)
        await wait_until(lambda: bool(same_node.names), "the other edge knows")
        assert await ours.remove(OURS, media.id)
        assert not node.names
        name = name_on_nodes(OURS, media.id)
        await wait_until(lambda: node.forgotten == [name], "its files are removed")
        await wait_until(lambda: not same_node.names, "the other edge knows that too")


async def test_what_the_settings_name_in_vain_is_said_once() -> None:
    site = MemoryMediaSite()
    async with edge(site) as before:
        tune = await before.add(OURS, "Tune", Purpose.PROMPT, b"sound" * 32)
        hello = await before.add(OURS, "Hello", Purpose.PROMPT, b"hello" * 32)
        assert isinstance(tune, Media)
        assert isinstance(hello, Media)
    introduction = Introduction(sounds=(hello.id, "media_mistyped"))
    with capture_logs() as lines:
        account = with_queue(music_media=tune.id, introduction=introduction)
        async with edge(site, account=account) as ours:
            for _ in range(3):
                await ours.shelf(OURS)
            await ours.remove(OURS, hello.id)
    said = [
        (line["media"], line["reason"]) for line in lines if line["event"] == "media_named_in_vain"
    ]
    assert said == [
        *sorted([(tune.id, "no_music"), ("media_mistyped", "not_uploaded")]),
        (hello.id, "not_uploaded"),
    ]
