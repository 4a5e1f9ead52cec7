"""Uploaded audio: what is known of a piece, and the one name it has on every node."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.ids import CROCKFORD, AccountId, MediaId, NodeId
from edge.domain.settings import Account, Queue
from edge.domain.settings.waiting import RINGBACK_CLASS, HoldSound

PREFIX = "media_"
ON_NODES = "media:"
"""Before the name of a piece among the sounds of a playback: the node's own copy is played."""
FORMATS = ("ulaw", "alaw", "g722")
"""A piece lies on each node once in each of the phones' codecs: nothing is converted in a call."""
FRAME_BYTES = 160
"""20 ms in any of them: 64 kbit/s each, so the files of a piece have one size."""


class Purpose(StrEnum):
    """What a piece is for decides how loud it is made."""

    PROMPT = "prompt"
    MUSIC = "music"


@dataclass(frozen=True, slots=True)
class Media:
    """A piece as it is kept. `size` is that of each of its files, `digest` the SHA-256 of all of
    them, which nobody knows who was not told."""

    id: MediaId
    name: str
    purpose: Purpose
    seconds: float
    size: int
    digest: str
    created_at_ms: int

    @property
    def stored(self) -> int:
        """Bytes in the store."""
        return self.size * len(FORMATS)


@dataclass(frozen=True, slots=True)
class Shelved:
    """A piece, and the nodes that have its files."""

    media: Media
    nodes: frozenset[NodeId] = frozenset()


def is_media(name: str) -> bool:
    """Whether a name among the sounds of the settings is an uploaded piece's id."""
    return name.startswith(PREFIX)


def name_on_nodes(account: AccountId, media: MediaId) -> str:
    """The file's and the music class's name on every node.

    Made of the account too: with an id of another account nobody hears anything.
    """
    said = f"{account}/{media}".encode()
    digest = int.from_bytes(hashlib.blake2b(said, digest_size=17).digest(), "big")
    return PREFIX + "".join(CROCKFORD[(digest >> shift) & 31] for shift in range(125, -1, -5))


def sound_of(account: AccountId, media: MediaId) -> str:
    """The piece among the sounds of `PhoneSystem.play` and `whisper`."""
    return ON_NODES + name_on_nodes(account, media)


def music_of(account: AccountId, queue: Queue, wished: str = "") -> str:
    """The music class that a caller of the queue hears: what the dialplan wishes for this call,
    else ringback where the queue has that, its uploaded piece, or its class. A piece that a node
    has not yet, and a class that it does not know, are Asterisk's default class there."""
    if not wished and queue.hold_sound is HoldSound.RINGBACK:
        return RINGBACK_CLASS
    chosen = wished or queue.music_media or queue.music_class
    return name_on_nodes(account, MediaId(chosen)) if is_media(chosen) else chosen


def users_of(account: Account, media: MediaId) -> list[str]:
    """The queues whose settings name the piece."""
    return [queue.id for queue in account.queues if media in _pieces_in(queue)]


class NotHeard(StrEnum):
    """Why nobody hears a piece that the settings name."""

    NOT_UPLOADED = "not_uploaded"
    NO_MUSIC = "no_music"
    """It was uploaded as a prompt; the queue's music is the class `default`."""


def named_in_vain(
    account: Account, shelf: Mapping[MediaId, Shelved]
) -> set[tuple[str, MediaId, NotHeard]]:
    """The queue, the piece, and why, where the settings name what nobody hears."""
    found = set()
    for queue in account.queues:
        for piece in _pieces_in(queue):
            if piece not in shelf:
                found.add((queue.id, piece, NotHeard.NOT_UPLOADED))
            elif piece == queue.music_media and shelf[piece].media.purpose is Purpose.PROMPT:
                found.add((queue.id, piece, NotHeard.NO_MUSIC))
    return found


def _pieces_in(setting: object) -> Iterator[MediaId]:
    if isinstance(setting, str):
        if is_media(setting):
            yield MediaId(setting)
    elif isinstance(setting, (tuple, list)):
        for one in setting:
            yield from _pieces_in(one)
    else:
        for field in getattr(setting, "__dataclass_fields__", {}):
            yield from _pieces_in(getattr(setting, field))
