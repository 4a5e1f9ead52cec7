"""The ARI events we use, parsed from JSON into frozen dataclasses; all others are left out."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

Json = Mapping[str, Any]
TYPE_WORD = re.compile(r'"type"\s*:\s*"(\w{1,60})"')


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's snapshot, as far as we read it."""

    id: str
    state: str
    caller_number: str
    caller_name: str
    app_name: str
    app_data: str


@dataclass(frozen=True, slots=True)
class CallBroadcast:
    """A new call is offered to every edge; the first claim wins."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class StasisStart:
    """The channel entered the application; `replaces` is one whose place in a bridge it took,
    by a transfer."""

    channel: Channel
    args: tuple[str, ...]
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class StasisEnd:
    """The channel left the application: hung up, moved away or sent back to the dialplan."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelStateChange:
    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelHangupRequest:
    """The end begins. `soft`: asked for on this side (REST, CLI, dial time-out), not by SIP."""

    channel: Channel
    cause: int
    tech_cause: int
    soft: bool


@dataclass(frozen=True, slots=True)
class ChannelDestroyed:
    channel: Channel
    cause: int
    tech_cause: int


@dataclass(frozen=True, slots=True)
class Dial:
    peer: Channel
    dialstatus: str


@dataclass(frozen=True, slots=True)
class ChannelDtmfReceived:
    channel: Channel
    digit: str


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    playback_id: str
    target_uri: str


@dataclass(frozen=True, slots=True)
class ChannelEnteredBridge:
    channel_id: str
    bridge_id: str


@dataclass(frozen=True, slots=True)
class ChannelLeftBridge:
    channel_id: str
    bridge_id: str


@dataclass(frozen=True, slots=True)
class BridgeDestroyed:
    bridge_id: str


@dataclass(frozen=True, slots=True)
class DeviceStateChanged:
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class EndpointStateChange:
    """A phone came or went, or one of its channels did; `channels` are all that it has now.

    Told to the command socket's application only.
    """

    endpoint: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApplicationReplaced:
    """Another socket took our application's name; this one stays silent from now on."""


Event = (
    CallBroadcast
    | StasisStart
    | StasisEnd
    | ChannelStateChange
    | ChannelHangupRequest
    | ChannelDestroyed
    | Dial
    | ChannelDtmfReceived
    | PlaybackFinished
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | BridgeDestroyed
    | DeviceStateChanged
    | ApplicationReplaced
)


def read_endpoint(json: Json) -> EndpointStateChange:
    """An event EndpointStateChange."""
    endpoint = json["endpoint"]
    return EndpointStateChange(endpoint["resource"], tuple(endpoint["channel_ids"]))


def read_channel(json: Json) -> Channel:
    """A channel's snapshot from an event or from GET /channels."""
    caller, dialplan = json["caller"], json["dialplan"]
    return Channel(
        id=json["id"],
        state=json["state"],
        caller_number=caller["number"],
        caller_name=caller["name"],
        app_name=dialplan["app_name"],
        app_data=dialplan["app_data"],
    )


READERS: dict[str, Callable[[Json], Event]] = {
    "CallBroadcast": lambda e: CallBroadcast(read_channel(e["channel"])),
    "StasisStart": lambda e: StasisStart(
        read_channel(e["channel"]), tuple(e["args"]), e.get("replace_channel", {}).get("id")
    ),
    "StasisEnd": lambda e: StasisEnd(read_channel(e["channel"])),
    "ChannelStateChange": lambda e: ChannelStateChange(read_channel(e["channel"])),
    "ChannelHangupRequest": lambda e: ChannelHangupRequest(
        read_channel(e["channel"]), e.get("cause", 0), e.get("tech_cause", 0), e.get("soft", False)
    ),
    "ChannelDestroyed": lambda e: ChannelDestroyed(
        read_channel(e["channel"]), e["cause"], e.get("tech_cause", 0)
    ),
    "Dial": lambda e: Dial(read_channel(e["peer"]), e["dialstatus"]),
    "ChannelDtmfReceived": lambda e: ChannelDtmfReceived(read_channel(e["channel"]), e["digit"]),
    "PlaybackFinished": lambda e: PlaybackFinished(
        e["playback"]["id"], e["playback"]["target_uri"]
    ),
    "ChannelEnteredBridge": lambda e: ChannelEnteredBridge(e["channel"]["id"], e["bridge"]["id"]),
    "ChannelLeftBridge": lambda e: ChannelLeftBridge(e["channel"]["id"], e["bridge"]["id"]),
    "BridgeDestroyed": lambda e: BridgeDestroyed(e["bridge"]["id"]),
    "DeviceStateChanged": lambda e: DeviceStateChanged(
        e["device_state"]["name"], e["device_state"]["state"]
    ),
    "ApplicationReplaced": lambda _: ApplicationReplaced(),
}
"""By ARI's type word; also the event filter that is sent after each connect."""


def parse(message: str | bytes) -> Event | None:
    """One text frame of the event socket; None for a type we do not use.

    Raises orjson.JSONDecodeError or KeyError when it is not what the model promises.
    """
    json = orjson.loads(message)
    reader = READERS.get(json["type"])
    return None if reader is None else reader(json)


def type_word(message: str | bytes) -> str:
    """What a frame that can not be read calls itself, for the log: the rest may tell who calls."""
    text = message if isinstance(message, str) else message.decode(errors="replace")
    found = TYPE_WORD.search(text)
    return found[1] if found else "none"
