"""What the journey asks of a phone system: one Asterisk node, seen as legs and conversations.

Everything that can be expected to happen (a leg is gone, a phone refuses) is a value here;
an exception means that the node itself does not answer.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from edge.domain.ids import BridgeId, EndpointName, LegId, NodeId, PlaybackId, RunId


class NodeFault(Exception):
    """The node does not answer in time, or with something no phone system should say."""


class Done(StrEnum):
    """How an order about a leg ended. GONE: the leg no longer exists or has left us."""

    DONE = "done"
    GONE = "gone"


class EndReason(StrEnum):
    """Why a leg ended, or why a dial came to nothing."""

    NORMAL = "normal"
    BUSY = "busy"  # 486, 600
    REFUSED = "refused"  # 603, or 480/486 after 180
    NO_ANSWER = "no_answer"  # ring time over, 408
    UNREACHABLE = "unreachable"  # not registered, no route, network failure
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    UNASSIGNED = "unassigned"  # 404: nobody has the number
    FAILED = "failed"  # anything else


class LegState(StrEnum):
    DOWN = "down"
    RINGING = "ringing"
    UP = "up"


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The phone we dialled rings (180 or 183)."""


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The phone we dialled was picked up (200 OK)."""


@dataclass(frozen=True, slots=True)
class LegEnded:
    """The leg is gone, or left our application for good; always the last event of its feed."""

    reason: EndReason


@dataclass(frozen=True, slots=True)
class LegReplaced:
    """The party was transferred away, and another leg stands in the bridge in its place; where
    that is music, the phone system sees to it that it hears it.

    The replaced leg ends soon, when its phone has heard that the transfer was done.
    """

    by: LegId


@dataclass(frozen=True, slots=True)
class DigitPressed:
    digit: str


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """The playback ended, was stopped, or failed."""

    playback: PlaybackId


@dataclass(frozen=True, slots=True)
class FeedBroken:
    """Events of this leg may have been lost (the connection was); ask `survey` for the truth."""


LegEvent = (
    LegRinging | LegAnswered | LegReplaced | LegEnded | DigitPressed | PlaybackEnded | FeedBroken
)


class LegFeed(Protocol):
    """The events of one leg in the order they happened. Nothing is dropped, ever."""

    async def next(self) -> LegEvent: ...

    def pending(self) -> int:
        """How many events wait to be read."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the dialplan asks for a call besides its number; the line has the last word.

    `preferred` is the extension or id of a user who alone is rung in the first `prefer_seconds`;
    `position` 1 is the head of the line, 0 the end. `music` is a class of music, or the id of an
    uploaded piece, in place of the queue's.
    """

    priority: int = 0
    position: int = 0
    preferred: str = ""
    prefer_seconds: int = 30
    music: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that stands at the door. `inside`: from a registered phone, not from a trunk."""

    leg: LegId
    node: NodeId
    dialled: str
    endpoint: EndpointName
    inside: bool
    caller_number: str
    caller_name: str
    arrived_at_ms: int
    """Set by the dialplan before the first attempt to reach an edge, so order survives waiting."""
    wishes: Wishes = Wishes()


@dataclass(frozen=True, slots=True)
class SurveyedLeg:
    leg: LegId
    state: LegState
    bridge: BridgeId | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What the node has at one moment."""

    legs: dict[LegId, SurveyedLeg]
    bridges: dict[BridgeId, frozenset[LegId]]
    waiting_in_app: dict[RunId, frozenset[LegId]]
    """Legs by the application they stand in, for every application named `edge-…`."""
    started_at_ms: int = 0
    """When the node was started: legs that are older went down with its last run."""


class DeviceState(StrEnum):
    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    IN_USE = "in_use"
    """In a call that we did not dial: one that it placed, or one that came to it directly."""
    INVALID = "invalid"
    """The node has no such endpoint."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    endpoint: EndpointName
    device: DeviceState


@dataclass(frozen=True, slots=True)
class NodeLost:
    """The event connection broke; orders may still work, events are being lost."""


@dataclass(frozen=True, slots=True)
class NodeBack:
    """Connected (again), filters and subscriptions sent again; reconcile now."""


NodeEvent = Arrival | DeviceChanged | NodeLost | NodeBack


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a phone is told that a call is from; the phone system adds its own domain."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Dial:
    """One phone to ring. `ring_seconds` is Asterisk's own limit: no answer then ends the leg.

    `to_user` is the user in To and in the request URI, by default the one the phone registered.
    `asserted` goes into P-Asserted-Identity, `remote_party` into Remote-Party-ID. `answers_itself`
    asks the phone to pick up at once. `headers` are further SIP headers.
    """

    leg: LegId
    endpoint: EndpointName
    caller_number: str
    caller_name: str
    ring_seconds: int
    variables: dict[str, str] = field(default_factory=dict)
    to_user: str = ""
    asserted: Identity | None = None
    remote_party: Identity | None = None
    answers_itself: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialled:
    """Asterisk took the dial; what follows comes over the leg's feed."""


@dataclass(frozen=True, slots=True)
class NotDialled:
    """The leg does not exist (any more)."""

    reason: EndReason


class PhoneSystem(Protocol):
    """One node. `app` is our ARI application, the same word as the fence's owner."""

    node: NodeId
    app: RunId

    def events(self) -> AsyncIterator[NodeEvent]:
        """Calls that we claimed and that are now ours, phones that come and go, connection.

        One reader. Ends when the node is closed.
        """

    def listen(self, leg: LegId) -> AbstractContextManager[LegFeed]:
        """Collect the leg's events from now on. Listen before you act: events race answers."""

    async def answer(self, leg: LegId) -> Done:
        """Idempotent: a leg that is up is left alone (answered once more in a holding bridge, it
        would hear no music ever after)."""

    async def hold(self, leg: LegId, music_class: str) -> Done:
        """Stand the leg in the holding bridge of this music; done when it hears it.

        Idempotent: a leg that is in that bridge already is left alone (adding it a second time
        stops its music for good).
        """

    async def dial(self, dial: Dial) -> Dialled | NotDialled:
        """Create the leg and ring its phone. Listen to `dial.leg` before."""

    async def prepare_bridge(self, bridge: BridgeId) -> None:
        """Make an empty mixing bridge ahead of need. Idempotent."""

    async def connect(self, bridge: BridgeId, legs: Sequence[LegId]) -> LegId | None:
        """Bring the legs into one mixing bridge, made if missing; done when all have entered.

        Returns the leg that was gone, or None when all are in. Legs leave any bridge they were in.
        Idempotent; events of the bridge are subscribed (needed after a takeover).
        """

    async def remove_bridge(self, bridge: BridgeId) -> None:
        """Idempotent. Legs in it stay ours, outside of any bridge."""

    async def hang_up(self, leg: LegId, reason: EndReason = EndReason.NORMAL) -> None:
        """End the leg; a leg that is gone already is success."""

    async def ring(self, leg: LegId) -> Done:
        """Let the phone of a call that was not answered ring on (180)."""

    async def play(
        self, leg: LegId, playback: PlaybackId, sounds: Sequence[str], language: str | None = None
    ) -> Done:
        """Start the sounds (file names without extension) on the leg; its feed tells the end.

        They take the place of music, which comes back by itself. `language` is a tag like en-GB
        that chooses among the phone system's own sounds; None: that of the leg.
        """

    async def whisper(
        self, leg: LegId, playback: PlaybackId, sounds: Sequence[str], language: str | None = None
    ) -> Done:
        """The same over the music, which goes on meanwhile. What was whispered before goes on
        too: stop it first."""

    async def end_whisper(self, leg: LegId) -> bool:
        """Nobody whispers to the leg any more, not even an edge that died. Idempotent. Whether an
        edge did, or died before it had put its whisper away."""

    async def stop(self, playback: PlaybackId) -> None:
        """Stop a playback at once; ended already is success."""

    async def leg_state(self, leg: LegId) -> LegState | None:
        """What the leg is at this moment, ahead of events on their way; None: it is gone."""

    async def set_variables(self, leg: LegId, variables: dict[str, str]) -> Done:
        """Write channel variables (the place in line is kept on the leg as well)."""

    async def variable(self, leg: LegId, name: str) -> str | None: ...

    async def has_dialplan(self, leg: LegId, context: str, extension: str, priority: int) -> bool:
        """Whether the phone system's own dialplan has this place; True where it can not tell."""

    async def send_into_dialplan(
        self, leg: LegId, context: str, extension: str, priority: int
    ) -> Done:
        """The leg leaves us, and any bridge, and goes on there: for us it has ended."""

    async def adopt(self, leg: LegId) -> Done:
        """Move a leg of a dead application into ours, with music, ringing and bridge going on."""

    async def recall_arrival(self, leg: LegId) -> Arrival | None:
        """The arrival as the channel itself remembers it (its variables), for a leg that a dead
        edge had claimed and written down nowhere; None when the leg is gone or is not a caller."""

    async def forget_application(self, run: RunId) -> None:
        """Clear what the node keeps for a dead edge, once all its legs are adopted. Idempotent."""

    async def survey(self) -> Survey: ...

    def device(self, endpoint: EndpointName) -> DeviceState:
        """How a watched phone is, as far as the node has told."""

    async def watch(self, endpoints: Sequence[EndpointName]) -> dict[EndpointName, DeviceState]:
        """Report `DeviceChanged` for these phones from now on; returns how they are now."""


MayClaim = Callable[[Arrival], bool]
"""Whether this edge serves the call; an edge never claims a call that it cannot serve."""
