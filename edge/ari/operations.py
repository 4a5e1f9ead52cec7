"""The table of ARI methods we use: verb, path, parameters, lane, and what a status code means.

The contract test holds it against the resource descriptions of the running Asterisk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edge.ari.wire import Lane


class Outcome(StrEnum):
    OK = "ok"
    GONE = "gone"
    """The channel, bridge or playback does not exist, or is not in a Stasis application."""
    EXISTS = "exists"
    """Something with this id lives already, or someone else was first."""
    NO_BRIDGE = "no_bridge"
    REFUSED = "refused"
    """Asterisk could not: no contact to dial, an unknown endpoint."""


@dataclass(frozen=True, slots=True)
class Operation:
    nickname: str
    """ARI's own name of the method in its resource description."""
    verb: str
    path: str
    lane: Lane
    query: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    """Parameters and fields sent in the JSON body."""
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)


NO_CHANNEL = {404: Outcome.GONE, 409: Outcome.GONE, 412: Outcome.GONE}
OPERATIONS = {
    "channels.list": Operation("list", "GET", "/channels", Lane.HTTP),
    "channels.get": Operation(
        "get", "GET", "/channels/{channelId}", Lane.SOCKET, outcomes=NO_CHANNEL
    ),
    "channels.create": Operation(
        "create",
        "POST",
        "/channels/create",
        Lane.HTTP,
        query=("endpoint", "app", "appArgs", "channelId"),
        body=("variables",),
        outcomes={400: Outcome.REFUSED, 409: Outcome.EXISTS, 500: Outcome.REFUSED},
    ),
    "channels.dial": Operation(
        "dial",
        "POST",
        "/channels/{channelId}/dial",
        Lane.HTTP,
        query=("timeout",),
        outcomes=NO_CHANNEL,
    ),
    "channels.answer": Operation(
        "answer", "POST", "/channels/{channelId}/answer", Lane.HTTP, outcomes=NO_CHANNEL
    ),
    "channels.hangup": Operation(
        "hangup",
        "DELETE",
        "/channels/{channelId}",
        Lane.SOCKET,
        query=("reason_code",),
        outcomes=NO_CHANNEL,
    ),
    "channels.move": Operation(
        "move",
        "POST",
        "/channels/{channelId}/move",
        Lane.HTTP,
        query=("app", "appArgs"),
        outcomes=NO_CHANNEL,
    ),
    "channels.play": Operation(
        "playWithId",
        "POST",
        "/channels/{channelId}/play/{playbackId}",
        Lane.SOCKET,
        body=("media", "lang"),
        outcomes=NO_CHANNEL,
    ),
    "channels.snoop": Operation(
        "snoopChannelWithId",
        "POST",
        "/channels/{channelId}/snoop/{snoopId}",
        Lane.SOCKET,
        query=("app", "appArgs", "spy", "whisper"),
        outcomes={**NO_CHANNEL, 500: Outcome.REFUSED},
    ),
    "channels.ring": Operation(
        "ring", "POST", "/channels/{channelId}/ring", Lane.HTTP, outcomes=NO_CHANNEL
    ),
    "channels.continue": Operation(
        "continueInDialplan",
        "POST",
        "/channels/{channelId}/continue",
        Lane.HTTP,
        query=("context", "extension", "priority"),
        outcomes=NO_CHANNEL,
    ),
    "channels.getVariable": Operation(
        "getChannelVar",
        "GET",
        "/channels/{channelId}/variable",
        Lane.SOCKET,
        query=("variable",),
        outcomes=NO_CHANNEL,
    ),
    "channels.setVariables": Operation(
        "setChannelVars",
        "POST",
        "/channels/{channelId}/variables",
        Lane.HTTP,
        body=("variables",),
        outcomes=NO_CHANNEL,
    ),
    "bridges.list": Operation("list", "GET", "/bridges", Lane.HTTP),
    "bridges.get": Operation(
        "get", "GET", "/bridges/{bridgeId}", Lane.HTTP, outcomes={404: Outcome.GONE}
    ),
    "bridges.create": Operation(
        "createWithId",
        "POST",
        "/bridges/{bridgeId}",
        Lane.SOCKET,
        query=("type", "name"),
        outcomes={409: Outcome.EXISTS},
    ),
    "bridges.destroy": Operation(
        "destroy", "DELETE", "/bridges/{bridgeId}", Lane.SOCKET, outcomes={404: Outcome.GONE}
    ),
    "bridges.removeChannel": Operation(
        "removeChannel",
        "POST",
        "/bridges/{bridgeId}/removeChannel",
        Lane.HTTP,
        query=("channel",),
        outcomes={400: Outcome.GONE, 404: Outcome.NO_BRIDGE, 409: Outcome.GONE, 422: Outcome.GONE},
    ),
    "bridges.addChannel": Operation(
        "addChannel",
        "POST",
        "/bridges/{bridgeId}/addChannel",
        Lane.HTTP,
        query=("channel", "role"),
        outcomes={
            400: Outcome.GONE,
            404: Outcome.NO_BRIDGE,
            409: Outcome.GONE,
            422: Outcome.GONE,
        },
    ),
    "playbacks.get": Operation(
        "get", "GET", "/playbacks/{playbackId}", Lane.SOCKET, outcomes={404: Outcome.GONE}
    ),
    "playbacks.stop": Operation(
        "stop", "DELETE", "/playbacks/{playbackId}", Lane.SOCKET, outcomes={404: Outcome.GONE}
    ),
    "applications.list": Operation("list", "GET", "/applications", Lane.HTTP),
    "applications.get": Operation(
        "get", "GET", "/applications/{applicationName}", Lane.HTTP, outcomes={404: Outcome.GONE}
    ),
    "applications.subscribe": Operation(
        "subscribe",
        "POST",
        "/applications/{applicationName}/subscription",
        Lane.HTTP,
        query=("eventSource",),
        outcomes={404: Outcome.GONE, 422: Outcome.GONE},
    ),
    "applications.unsubscribe": Operation(
        "unsubscribe",
        "DELETE",
        "/applications/{applicationName}/subscription",
        Lane.HTTP,
        query=("eventSource",),
        outcomes={404: Outcome.GONE, 409: Outcome.GONE, 422: Outcome.GONE},
    ),
    "applications.filter": Operation(
        "filter", "PUT", "/applications/{applicationName}/eventFilter", Lane.HTTP, body=("allowed",)
    ),
    "events.claimChannel": Operation(
        "claimChannel",
        "POST",
        "/events/claim",
        Lane.SOCKET,
        query=("channelId", "application"),
        outcomes={404: Outcome.GONE, 409: Outcome.EXISTS},
    ),
    "asterisk.getInfo": Operation("getInfo", "GET", "/asterisk/info", Lane.HTTP, query=("only",)),
    "asterisk.getGlobalVar": Operation(
        "getGlobalVar", "GET", "/asterisk/variable", Lane.HTTP, query=("variable",)
    ),
    "asterisk.setGlobalVar": Operation(
        "setGlobalVar", "POST", "/asterisk/variable", Lane.HTTP, query=("variable", "value")
    ),
    "asterisk.reloadModule": Operation(
        "reloadModule", "PUT", "/asterisk/modules/{moduleName}", Lane.HTTP
    ),
    "recordings.deleteStored": Operation(
        "deleteStored",
        "DELETE",
        "/recordings/stored/{recordingName}",
        Lane.HTTP,
        outcomes={404: Outcome.GONE},
    ),
    "endpoints.listByTech": Operation("listByTech", "GET", "/endpoints/{tech}", Lane.HTTP),
}
