"""Uploaded audio: how it is made playable, where it is kept, and how a node comes to have it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from edge.domain.ids import AccountId, MediaId, NodeId
from edge.domain.media import Media, Purpose, Shelved


class Unusable(StrEnum):
    """Why an upload was not taken."""

    NOT_AUDIO = "not_audio"
    TRUNCATED = "truncated"
    TOO_LONG = "too_long"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Refused:
    why: Unusable
    detail: str


@dataclass(frozen=True, slots=True)
class Converted:
    """The files by their extension, all of one size."""

    seconds: float
    files: Mapping[str, bytes]


class CannotConvert(Exception):
    """Not the upload's fault: what converts is not there, busy, or broke down."""


class Converter(Protocol):
    """Makes what was uploaded into what phones are played."""

    async def convert(self, upload: bytes, purpose: Purpose) -> Converted | Refused:
        """Cut, levelled and coded. Trusts nothing in the upload; has a time limit of its own.

        Raises CannotConvert.
        """


class KeepWord(StrEnum):
    KEPT = "KEPT"
    FULL = "FULL"
    """The account has no room for it."""


class MediaStore(Protocol):
    """Where the pieces are kept for all edges. Raises StoreAway when the store does not answer."""

    async def keep(
        self, account: AccountId, media: Media, files: Mapping[str, bytes], most_bytes: int
    ) -> KeepWord:
        """All of it or nothing. `most_bytes`: of all pieces of the account."""

    async def shelf(self, account: AccountId) -> dict[MediaId, Shelved]:
        """Every piece of the account, oldest first."""

    async def remove(self, account: AccountId, media: MediaId) -> bool:
        """False when there is no such piece. Idempotent."""

    async def note_node(self, account: AccountId, media: MediaId, node: NodeId, has: bool) -> None:
        """A node has the piece's files, or has them no more."""

    def content(self, account: AccountId, media: Media, extension: str) -> AsyncIterator[bytes]:
        """A file's bytes, part by part; less than `media.size` when it was removed meanwhile."""

    async def changed(self) -> AccountId | None:
        """Waits until the pieces of an account change. None: some changes may have been missed."""


class StoreAway(Exception):
    """The store of the pieces does not answer now."""


class MediaNode(Protocol):
    """One node, as far as it has pieces of its own to play."""

    node: NodeId

    @property
    def is_up(self) -> bool: ...

    @property
    def connection(self) -> int:
        """Another number after each time the node was lost: its files may be lost too."""

    async def fetch(self, name: str, url: str, size: int, *, is_music: bool) -> bool:
        """Have the node get the files (`<url>.<extension>`) that it has not; whether it has all.

        Idempotent, also by several edges at once. Music is a class of that name afterwards.
        Raises NodeFault.
        """

    async def forget(self, name: str) -> None:
        """The files are of no more use. Idempotent. Raises NodeFault."""

    def has(self, name: str) -> None:
        """The node is known to have the piece: it is played from now on."""

    def lacks(self, name: str) -> None:
        """It is left out from now on."""
