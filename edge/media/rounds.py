"""Every node gets every piece: at the upload, when an edge starts, when a node comes (back).

Each edge goes its rounds; a node that has a piece already says so in milliseconds, and what two
edges do at once is done once.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Never

import structlog

from edge.domain.ids import AccountId, MediaId, NodeId, new_media_id
from edge.domain.media import (
    FORMATS,
    Media,
    NotHeard,
    Purpose,
    Shelved,
    name_on_nodes,
    named_in_vain,
)
from edge.domain.settings import Account
from edge.ports.media import Converter, KeepWord, MediaNode, MediaStore, Refused, StoreAway
from edge.ports.phone_system import NodeFault

log = structlog.get_logger()

AGAIN_SECONDS = 10.0
"""What a node could not get, and what another edge's news did not tell, is tried again so often."""
NODE_CHECK_SECONDS = 0.5
"""So soon after a node has come back it is asked for the pieces."""


@dataclass(slots=True)
class _Round:
    """One node, and what it has said in the present connection that it has."""

    node: MediaNode
    news: asyncio.Event = field(default_factory=asyncio.Event)
    connection: int = 0
    said: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Pieces that were removed, and lie there still."""
    failed: set[str] = field(default_factory=set)
    """Said once in the log, until it succeeds."""
    tried_at: float = 0.0


class MediaRounds:
    """The pieces of all accounts, as this edge last saw them, and which nodes have them."""

    def __init__(
        self,
        store: MediaStore,
        converter: Converter,
        nodes: Sequence[MediaNode],
        accounts: Sequence[Account],
        base_url: str,
        account_bytes: int,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """`base_url` is where nodes reach this edge, `account_bytes` what an account may store."""
        self._store = store
        self._converter = converter
        self._accounts = {AccountId(account.id): account for account in accounts}
        self._base_url = base_url
        self._account_bytes = account_bytes
        self._now_ms = now_ms
        self._rounds = [_Round(node) for node in nodes]
        self._shelves: dict[AccountId, dict[MediaId, Shelved]] = {}
        self._in_vain: dict[AccountId, set[tuple[str, MediaId, NotHeard]]] = {}
        """Said in the log already."""
        self._looks = 0
        self._looked: dict[AccountId, int] = {}
        """The number of the look that an account's shelf is from."""
        self._changed = asyncio.Condition()

    @property
    def nodes(self) -> list[NodeId]:
        return [one.node.node for one in self._rounds]

    # --- what the API asks for

    async def add(
        self, account: AccountId, name: str, purpose: Purpose, upload: bytes
    ) -> Media | Refused | KeepWord:
        """Convert and keep it; the nodes get it then. FULL: the account has no room.

        Raises CannotConvert, StoreAway.
        """
        made = await self._converter.convert(upload, purpose)
        if isinstance(made, Refused):
            return made
        digest = hashlib.sha256(b"".join(made.files[extension] for extension in FORMATS))
        media = Media(
            id=new_media_id(),
            name=name,
            purpose=purpose,
            seconds=made.seconds,
            size=len(made.files[FORMATS[0]]),
            digest=digest.hexdigest(),
            created_at_ms=self._now_ms(),
        )
        word = await self._store.keep(account, media, made.files, self._account_bytes)
        if word is not KeepWord.KEPT:
            return word
        await self._look(account)
        return media

    async def shelf(self, account: AccountId) -> dict[MediaId, Shelved]:
        """All pieces, oldest first. Raises StoreAway."""
        return await self._look(account)

    async def shelved(self, account: AccountId, media: MediaId) -> Shelved | None:
        """A piece as it was last seen; only who asks for an unknown one has the store asked.

        The account may be any text. Raises StoreAway.
        """
        if account not in self._accounts:
            return None
        known = self._shelves.get(account, {}).get(media)
        return known or (await self._look(account)).get(media)

    async def remove(self, account: AccountId, media: MediaId) -> bool:
        """It is played no more. Raises StoreAway."""
        is_removed = await self._store.remove(account, media)
        await self._look(account)
        return is_removed

    async def until_on_nodes(self, account: AccountId, media: Media, seconds: float) -> Shelved:
        """Wait until every connected node has the piece, it is removed, or the time is over."""

        def is_there() -> bool:
            shelved = self._shelves[account].get(media.id)
            connected = {one.node.node for one in self._rounds if one.node.is_up}
            return shelved is None or connected <= shelved.nodes

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(is_there)
        return self._shelves[account].get(media.id) or Shelved(media)

    def content(self, account: AccountId, media: Media, extension: str) -> AsyncIterator[bytes]:
        return self._store.content(account, media, extension)

    # --- the rounds

    async def run(self) -> Never:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="media news")
            tasks.create_task(self._look_again(), name="media looked at")
            for one in self._rounds:
                tasks.create_task(self._go_round(one), name=f"media of {one.node.node}")
        raise AssertionError("these tasks do not end")

    async def _listen(self) -> Never:
        while True:
            account = await self._store.changed()
            if account is None:
                await self._look_at_all()
            elif account in self._accounts:
                await self._look_at(account)

    async def _look_again(self) -> Never:
        """News may have been lost, and what failed may succeed now."""
        while True:
            await self._look_at_all()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _look_at_all(self) -> None:
        for account in self._accounts:
            await self._look_at(account)

    async def _look_at(self, account: AccountId) -> None:
        try:
            await self._look(account)
        except StoreAway as fault:
            log.info("media_not_looked_at", account=account, reason=str(fault))

    async def _look(self, account: AccountId) -> dict[MediaId, Shelved]:
        self._looks += 1
        number = self._looks
        found = await self._store.shelf(account)
        if number < self._looked.get(account, 0):
            # Who looked later was quicker: what we saw is old.
            return found
        self._looked[account] = number
        before = self._shelves.get(account, {})
        self._shelves[account] = found
        for one in self._rounds:
            for media in before.keys() - found.keys():
                name = name_on_nodes(account, media)
                one.node.lacks(name)
                one.said.discard(name)
                one.gone.add(name)
            for media, shelved in found.items():
                if one.node.node in shelved.nodes:
                    one.node.has(name_on_nodes(account, media))
            if found.keys() != before.keys():
                one.news.set()
        self._tell_of_what_is_named_in_vain(account, found)
        async with self._changed:
            self._changed.notify_all()
        return found

    def _tell_of_what_is_named_in_vain(
        self, account: AccountId, shelf: dict[MediaId, Shelved]
    ) -> None:
        found = named_in_vain(self._accounts[account], shelf)
        for queue, media, why in sorted(found - self._in_vain.get(account, set())):
            log.warning("media_named_in_vain", queue=queue, media=media, reason=why.value)
        self._in_vain[account] = found

    async def _go_round(self, one: _Round) -> Never:
        while True:
            if one.node.is_up:
                await self._visit(one)
            else:
                one.news.clear()
                one.tried_at = 0.0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(NODE_CHECK_SECONDS):
                    await one.news.wait()

    async def _visit(self, one: _Round) -> None:
        """Ask the node for every piece that it has not said it has since it was connected."""
        if one.connection != one.node.connection:
            one.connection, one.tried_at = one.node.connection, 0.0
            one.said.clear()
        is_due = time.monotonic() >= one.tried_at + AGAIN_SECONDS
        if not one.news.is_set() and not is_due:
            return
        one.news.clear()
        one.tried_at = time.monotonic()
        for name in tuple(one.gone):
            try:
                await one.node.forget(name)
            except NodeFault as fault:
                log.info("media_not_forgotten", node=one.node.node, reason=str(fault))
            else:
                one.gone.discard(name)
        for account, shelf in list(self._shelves.items()):
            for shelved in list(shelf.values()):
                if name_on_nodes(account, shelved.media.id) not in one.said:
                    await self._bring(one, account, shelved)

    async def _bring(self, one: _Round, account: AccountId, shelved: Shelved) -> None:
        media, node = shelved.media, one.node
        name = name_on_nodes(account, media.id)
        url = f"{self._base_url}/media/{account}/{media.id}/{media.digest}"
        is_music = media.purpose is Purpose.MUSIC
        why = "the node could not fetch it"
        try:
            has_it = await node.fetch(name, url, media.size, is_music=is_music)
        except NodeFault as fault:
            has_it, why = False, str(fault)
        if media.id not in self._shelves[account]:
            return
        if has_it:
            node.has(name)
            one.said.add(name)
            one.failed.discard(name)
        else:
            node.lacks(name)
            if name not in one.failed:
                one.failed.add(name)
                log.warning("media_not_on_node", node=node.node, media=media.id, reason=why)
        if has_it != (node.node in shelved.nodes):
            try:
                await self._store.note_node(account, media.id, node.node, has_it)
                await self._look(account)
            except StoreAway as fault:
                log.info("media_node_not_noted", media=media.id, reason=str(fault))
                one.said.discard(name)
