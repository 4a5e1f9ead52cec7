"""The names we give to things in Asterisk, and what our dialplan tells about a new call.

All ids of one kind have one length: Asterisk refuses an id that is a prefix of a living one.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote

from edge.ari.events import Channel
from edge.domain.ids import BridgeId, EndpointName, LegId, NodeId, RunId, suffix_of
from edge.domain.line import HIGHEST_PRIORITY
from edge.ports.phone_system import Arrival, Wishes

EDGE_PREFIX = "edge-"
"""Applications of edges; the dialplan broadcasts new calls to `^edge-.*`."""
ARRIVAL = "arrival"
OURS = "ours"
ADOPTED = "adopted"
BROADCAST = "StasisBroadcast"
MOST_POSITIONS = 100_000
LONGEST_PREFERENCE_SECONDS = 3_600
MUSIC = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def command_app(run: RunId) -> str:
    """Application of the command socket; outside `edge-…`, so that no call is offered to it."""
    return f"cmd-{run}"


def our_arguments(leg: LegId) -> str:
    """appArgs of a leg we dial: its StasisStart must not look like an arrival."""
    return f"{OURS},{leg}"


def holding_bridge(music_class: str) -> BridgeId:
    """The holding bridge of a music class: the same id for every edge on the node."""
    return BridgeId(f"hold_{suffix_of(music_class)}")


def in_path(an_id: str) -> str:
    """Percent-encoded for a place in a REST path."""
    return quote(an_id, safe="")


def read_arrival(node: NodeId, channel: Channel) -> Arrival | None:
    """The call that the dialplan broadcast, or None when the channel is not one.

    Read from the application data of the channel's snapshot (`500,^edge-.*,arrival,<dialled>,
    <endpoint>,inside|outside,<arrived_ms>[,<priority>,<position>,<preferred>,<seconds>,
    <music>]`):
    StasisStart after a claim repeats only the first argument.
    """
    if channel.app_name != BROADCAST:
        return None
    parts = channel.app_data.split(",")
    if ARRIVAL not in parts:
        return None
    told = parts[parts.index(ARRIVAL) + 1 :]
    if len(told) not in (4, 9) or not told[3].isdecimal():
        return None
    dialled, endpoint, side, arrived_ms = told[:4]
    return Arrival(
        leg=LegId(channel.id),
        node=node,
        dialled=dialled,
        endpoint=EndpointName(endpoint),
        inside=side == "inside",
        caller_number=channel.caller_number,
        caller_name=channel.caller_name,
        arrived_at_ms=int(arrived_ms),
        wishes=read_wishes(told[4:]),
    )


def read_wishes(told: Sequence[str]) -> Wishes:
    """What the dialplan asks for; what is empty or no number within its limits asks for nothing."""
    if len(told) != 5:
        return Wishes()
    priority, position, preferred, seconds, music = told
    return Wishes(
        priority=_within(priority, HIGHEST_PRIORITY, 0),
        position=_within(position, MOST_POSITIONS, 0),
        preferred=preferred,
        prefer_seconds=_within(seconds, LONGEST_PREFERENCE_SECONDS, Wishes().prefer_seconds),
        music=music if MUSIC.fullmatch(music) else "",
    )


def _within(text: str, most: int, otherwise: int) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if is_number and int(text) <= most else otherwise
