"""The store of uploaded pieces in memory, and nodes that fetch from it: what the real ones do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from edge.domain.ids import AccountId, MediaId, NodeId
from edge.domain.media import Media, Purpose, Shelved
from edge.ports.media import Converted, KeepWord, Refused, StoreAway

NODE = NodeId("pbx-1")


class MemoryMediaSite:
    """What all edges share."""

    def __init__(self) -> None:
        self.shelves: dict[AccountId, dict[MediaId, Shelved]] = {}
        self.files: dict[tuple[AccountId, MediaId, str], bytes] = {}
        self.ears: list[asyncio.Queue[AccountId | None]] = []
        self.is_away = False

    def tell(self, account: AccountId | None) -> None:
        for ear in self.ears:
            ear.put_nowait(account)


class MemoryMediaStore:
    """Implements `MediaStore`."""

    def __init__(self, site: MemoryMediaSite) -> None:
        self._site = site
        self._ear: asyncio.Queue[AccountId | None] = asyncio.Queue()
        site.ears.append(self._ear)

    async def close(self) -> None:
        self._site.ears.remove(self._ear)

    def _shelf(self, account: AccountId) -> dict[MediaId, Shelved]:
        if self._site.is_away:
            raise StoreAway("the store is away")
        return self._site.shelves.setdefault(account, {})

    async def keep(
        self, account: AccountId, media: Media, files: Mapping[str, bytes], most_bytes: int
    ) -> KeepWord:
        shelf = self._shelf(account)
        if sum(one.media.stored for one in shelf.values()) + media.stored > most_bytes:
            return KeepWord.FULL
        shelf[media.id] = Shelved(media)
        for extension, content in files.items():
            self._site.files[account, media.id, extension] = content
        self._site.tell(account)
        return KeepWord.KEPT

    async def shelf(self, account: AccountId) -> dict[MediaId, Shelved]:
        rows = sorted(
            self._shelf(account).items(), key=lambda row: (row[1].media.created_at_ms, row[0])
        )
        return dict(rows)

    async def remove(self, account: AccountId, media: MediaId) -> bool:
        removed = self._shelf(account).pop(media, None)
        for key in [key for key in self._site.files if key[:2] == (account, media)]:
            del self._site.files[key]
        self._site.tell(account)
        return removed is not None

    async def note_node(self, account: AccountId, media: MediaId, node: NodeId, has: bool) -> None:
        shelf = self._shelf(account)
        if media not in shelf:
            return
        before = shelf[media]
        nodes = before.nodes | {node} if has else before.nodes - {node}
        if nodes != before.nodes:
            shelf[media] = replace(before, nodes=nodes)
            self._site.tell(account)

    async def content(
        self, account: AccountId, media: Media, extension: str
    ) -> AsyncIterator[bytes]:
        content = self._site.files.get((account, media.id, extension), b"")
        if content:
            yield content

    async def changed(self) -> AccountId | None:
        return await self._ear.get()


@dataclass
class StubbornNode:
    """Implements `MediaNode`; fetches at once, unless it `refuses`."""

    node: NodeId = NODE
    is_up: bool = True
    connection: int = 1
    refuses: bool = False
    fetched: list[tuple[str, str, int, bool]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    async def fetch(self, name: str, url: str, size: int, *, is_music: bool) -> bool:
        self.fetched.append((name, url, size, is_music))
        return not self.refuses

    async def forget(self, name: str) -> None:
        self.forgotten.append(name)

    def has(self, name: str) -> None:
        self.names.add(name)

    def lacks(self, name: str) -> None:
        self.names.discard(name)


@dataclass
class EchoConverter:
    """Implements `Converter`: the upload itself is each file, `answers` come first."""

    answers: list[Converted | Refused] = field(default_factory=list)

    async def convert(self, upload: bytes, purpose: Purpose) -> Converted | Refused:
        if self.answers:
            return self.answers.pop(0)
        return Converted(len(upload) / 8000, dict.fromkeys(("ulaw", "alaw", "g722"), upload))
