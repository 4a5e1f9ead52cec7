"""The names of things: one NewType per kind, and the ids we choose ourselves."""

import hashlib
import re
import secrets
from typing import NewType

AccountId = NewType("AccountId", str)
QueueId = NewType("QueueId", str)
UserId = NewType("UserId", str)
MemberId = NewType("MemberId", str)
EntryId = NewType("EntryId", str)
LegId = NewType("LegId", str)
"""A leg is one channel of Asterisk that we know; ours are chosen before they are created."""
BridgeId = NewType("BridgeId", str)
PlaybackId = NewType("PlaybackId", str)
MediaId = NewType("MediaId", str)
"""A piece of uploaded audio, `media_<26>`."""
RunId = NewType("RunId", str)
"""One start of one edge. It is its ARI application's name and its fence: `edge-<26>`."""
NodeId = NewType("NodeId", str)
WebhookId = NewType("WebhookId", str)
"""Chosen before the webhook is written: a press that is repeated posts once."""
EndpointName = NewType("EndpointName", str)
"""A PJSIP endpoint's name (a phone or a trunk), unique on the site."""

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
PLAYBACK_TURNS = 4
"""The end of one playback is told before the next of its name begins."""
CONFIGURED_ID = re.compile(r"[a-z]+_[A-Za-z0-9]+")


def new_suffix() -> str:
    """26 lower-case base32 characters of chance (130 bits).

    Fixed length matters: Asterisk refuses an id that is a prefix of a living one.
    """
    bits = secrets.randbits(130)
    return "".join(CROCKFORD[(bits >> shift) & 31] for shift in range(125, -1, -5))


def new_entry_id() -> EntryId:
    return EntryId(f"ent_{new_suffix()}")


def new_leg_id() -> LegId:
    return LegId(f"leg_{new_suffix()}")


def new_onward_leg_id() -> LegId:
    """Of a leg to where a key leads: no offer, and so its phone is in a call of its own."""
    return LegId(f"out_{new_suffix()}")


def leads_onward(leg: LegId) -> bool:
    return leg.startswith("out_")


def is_dialled_by_us(leg: LegId) -> bool:
    """Whether an offer made this leg; any other on an agent's phone is a call of its own."""
    return leg.startswith("leg_")


def suffix_of(name: str) -> str:
    """26 characters like those of chance, always the same for this name."""
    digest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=17).digest(), "big")
    return "".join(CROCKFORD[(digest >> shift) & 31] for shift in range(125, -1, -5))


def playbacks_on(leg: LegId) -> tuple[PlaybackId, ...]:
    """The names, in turn, of what is played on a leg: whoever takes it over knows them."""
    return tuple(PlaybackId(f"say_{suffix_of(f'{leg} {turn}')}") for turn in range(PLAYBACK_TURNS))


def new_webhook_id() -> WebhookId:
    return WebhookId(f"hook_{new_suffix()}")


def new_media_id() -> MediaId:
    return MediaId(f"media_{new_suffix()}")


def new_run_id() -> RunId:
    return RunId(f"edge-{new_suffix()}")


def conversation_bridge(entry: EntryId) -> BridgeId:
    """The bridge of an entry's conversation, known from the entry alone: a takeover finds it."""
    return BridgeId(f"talk_{entry.removeprefix('ent_')}")


def entry_of_conversation(bridge: BridgeId) -> EntryId | None:
    """Whose conversation's bridge this is; None for a bridge of another kind."""
    return EntryId(f"ent_{bridge.removeprefix('talk_')}") if bridge.startswith("talk_") else None
