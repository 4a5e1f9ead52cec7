"""A scripted Asterisk node in virtual time: legs, bridges, phones, and what each party hears.

It outlives the edges: a leg whose edge died stays where it is, with its music, until another
edge adopts it. Events for an application that is away are lost.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from edge.domain.ids import (
    BridgeId,
    EndpointName,
    LegId,
    NodeId,
    PlaybackId,
    RunId,
    is_dialled_by_us,
)
from edge.ports.phone_system import (
    Arrival,
    DeviceChanged,
    DeviceState,
    Dial,
    DigitPressed,
    EndReason,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegReplaced,
    LegRinging,
    LegState,
    NodeEvent,
    PlaybackEnded,
    Survey,
    SurveyedLeg,
)

PRESSES_AFTER_SECONDS = 1.0
KNOCK_AGAIN_SECONDS = 1.0
"""The dialplan asks for an edge once a second while none takes the call."""
HANGS_UP_AFTER_SECONDS = 0.01
"""A phone that was told that its transfer is done."""


class WhenRung(StrEnum):
    """What a phone does when it rings; MANUAL leaves it to the test."""

    ANSWERS = "answers"
    REFUSES = "refuses"
    IS_BUSY = "is_busy"
    NEVER_ANSWERS = "never_answers"


@dataclass(slots=True)
class Phone:
    """An agent's phone. Times are virtual seconds after the dial; it rings 20 ms after it."""

    endpoint: EndpointName
    when_rung: WhenRung = WhenRung.ANSWERS
    after_seconds: float = 2.0
    is_registered: bool = True
    is_trunk: bool = False
    """It takes any number of calls."""
    presses: str = ""
    """A key pressed by itself after each answer, once the first words have begun."""
    leg: LegId | None = None
    """The leg that rings it or that it talks on."""
    rung: int = 0
    missed: list[EndReason] = field(default_factory=list)
    """How each ringing ended that was not answered."""
    dials: list[Dial] = field(default_factory=list)
    legs: list["FakeLeg"] = field(default_factory=list)
    """Every leg there ever was to this phone."""


@dataclass(slots=True)
class FakeLeg:
    id: LegId
    app: RunId | None
    endpoint: EndpointName
    state: LegState
    arrival: Arrival | None = None
    bridge: BridgeId | None = None
    playback: PlaybackId | None = None
    words: str = ""
    """What is played, while something is."""
    whisper: PlaybackId | None = None
    whispered: str = ""
    """What is said over the rest, while something is."""
    is_whispered_to: bool = False
    """Something is said over the rest, or was by an edge that has not put its whisper away."""
    rings_back: bool = False
    """Its phone was told that it rings."""
    variables: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[float, str]] = field(default_factory=list)
    """(virtual second, what from then on), only where it changed."""
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    ended: EndReason | None = None
    took_a_place: bool = False
    """It came into its bridge by a transfer: a holding bridge plays it no music."""

    @property
    def hears(self) -> str:
        return self.heard[-1][1] if self.heard else "nothing"


class Application(Protocol):
    """An edge's connection, as the node sees it."""

    app: RunId

    def may_take(self, arrival: Arrival) -> bool: ...

    def tell_node(self, event: NodeEvent) -> None: ...

    def tell_leg(self, leg: LegId, event: LegEvent) -> None: ...


class Switchboard:
    """The node. All its answers are immediate; the time orders take is the phone system's."""

    def __init__(self, node: NodeId) -> None:
        self.node = node
        self.legs: dict[LegId, FakeLeg] = {}
        self.ended: dict[LegId, FakeLeg] = {}
        self.bridges: dict[BridgeId, set[LegId]] = {}
        self.phones: dict[EndpointName, Phone] = {}
        self.apps: dict[RunId, Application] = {}
        self.watched: dict[RunId, dict[EndpointName, DeviceState]] = {}
        """How each phone was last told to each application, or is about to be."""
        self.told: dict[RunId, dict[EndpointName, DeviceState]] = {}
        """What has arrived there."""
        self.devices_told_after_seconds = 0.0
        self.dialplan: set[tuple[str, str, int]] = set()
        """The places of the node's own dialplan that a call may be sent to."""

    # --- applications

    def connect_app(self, app: Application) -> None:
        self.apps[app.app] = app

    def disconnect_app(self, app: RunId) -> None:
        """The event connection is gone; legs stay as they are."""
        self.apps.pop(app, None)

    def tell(self, leg: FakeLeg, event: LegEvent) -> None:
        app = self.apps.get(leg.app) if leg.app is not None else None
        if app is not None:
            app.tell_leg(leg.id, event)

    # --- calls from outside

    def knock(self, leg: FakeLeg) -> None:
        """The dialplan: the first edge that may takes it, else music and again in a second."""
        assert leg.arrival is not None
        if leg.ended is not None:
            return
        for app in list(self.apps.values()):
            if app.may_take(leg.arrival):
                leg.app = app.app
                app.tell_node(leg.arrival)
                return
        self.hear(leg, "music of the dialplan")
        self.later(leg, KNOCK_AGAIN_SECONDS, lambda: self.knock(leg))

    # --- legs

    def add(self, leg: FakeLeg) -> None:
        """A channel that no queue dialled: its phone is in a call of its own."""
        self.legs[leg.id] = leg
        self.tell_device(leg.endpoint)

    def later(self, leg: FakeLeg, seconds: float, what: Callable[[], None]) -> None:
        leg.timers.append(asyncio.get_running_loop().call_later(seconds, what))

    def living(self, leg: LegId, app: RunId) -> FakeLeg | None:
        """The leg if it lives and stands in this application."""
        found = self.legs.get(leg)
        return found if found is not None and found.app == app else None

    def end(self, leg_id: LegId, reason: EndReason) -> None:
        """The channel is gone: out of its bridge, its phone free, its edge told."""
        leg = self.legs.pop(leg_id, None)
        if leg is None:
            return
        for timer in leg.timers:
            timer.cancel()
        leg.ended = reason
        self.ended[leg_id] = leg
        phone = self.phones.get(leg.endpoint)
        if phone is not None and phone.leg == leg_id:
            phone.leg = None
            if leg.state is not LegState.UP:
                phone.missed.append(reason)
        self.move(leg, None)
        self.hear(leg, "nothing")
        self.tell(leg, LegEnded(reason))
        self.tell_device(leg.endpoint)

    def answered(self, leg_id: LegId) -> None:
        """A phone was picked up."""
        leg = self.legs.get(leg_id)
        if leg is not None and leg.state is not LegState.UP:
            leg.state = LegState.UP
            self.listen_again(leg)
            self.tell(leg, LegAnswered())
            phone = self.phones.get(leg.endpoint)
            if phone is not None and phone.presses:
                keys = phone.presses
                self.later(leg, PRESSES_AFTER_SECONDS, lambda: self.pressed(leg_id, keys))

    def pressed(self, leg_id: LegId, keys: str) -> None:
        leg = self.legs.get(leg_id)
        for key in keys if leg is not None else "":
            self.tell(self.legs[leg_id], DigitPressed(key))

    def rings(self, leg_id: LegId) -> None:
        leg = self.legs.get(leg_id)
        if leg is None or leg.state is not LegState.DOWN:
            return
        leg.state = LegState.RINGING
        phone = self.phones[leg.endpoint]
        phone.rung += 1
        self.tell(leg, LegRinging())

    def play(self, leg: FakeLeg, playback: PlaybackId, words: str) -> None:
        leg.playback, leg.words = playback, words
        self.listen_again(leg)

    def say_over(self, leg: FakeLeg, playback: PlaybackId, words: str) -> None:
        leg.whisper, leg.whispered = playback, words
        leg.is_whispered_to = True
        self.listen_again(leg)

    def playback_over(self, playback: PlaybackId) -> None:
        for leg in self.legs.values():
            if leg.whisper == playback:
                leg.whisper = None
                leg.is_whispered_to = leg.app not in self.apps
                self.listen_again(leg)
                self.tell(leg, PlaybackEnded(playback))
            if leg.playback == playback:
                leg.playback = None
                self.listen_again(leg)
                self.tell(leg, PlaybackEnded(playback))

    def into_dialplan(self, leg: FakeLeg, place: tuple[str, str, int]) -> None:
        """The leg goes on in the node's own dialplan; to its edge it has ended."""
        for playback in (leg.playback, leg.whisper):
            if playback is not None:
                self.playback_over(playback)
        self.move(leg, None)
        self.tell(leg, LegEnded(EndReason.NORMAL))
        leg.app = None
        self.hear(leg, f"dialplan {','.join(map(str, place))}")

    # --- transfers, done by the node itself

    def transfer(self, leg_id: LegId, to: EndpointName, *, hangs_up: bool = True) -> LegId:
        """The phone at this leg hands its call over: another leg stands in the bridge instead,
        and the phone hangs up when it has heard that it is done."""
        leg = self.legs[leg_id]
        assert leg.bridge is not None, "only who talks can transfer"
        other = FakeLeg(LegId(f"chan_{leg_id[5:]}_to_{to}"), leg.app, to, LegState.UP)
        other.took_a_place = True
        self.legs[other.id] = other
        bridge = leg.bridge
        self.move(leg, None)
        self.move(other, bridge)
        self.tell(leg, LegReplaced(other.id))
        if hangs_up:
            self.later(leg, HANGS_UP_AFTER_SECONDS, lambda: self.end(leg_id, EndReason.NORMAL))
        return other.id

    # --- bridges, and what is heard in them

    def move(self, leg: FakeLeg, bridge: BridgeId | None) -> None:
        """Take the leg out of its bridge and into another; everybody's ears follow."""
        touched = {b for b in (leg.bridge, bridge) if b is not None}
        if leg.bridge is not None:
            self.bridges.get(leg.bridge, set()).discard(leg.id)
        leg.bridge = bridge
        if bridge is not None:
            self.bridges.setdefault(bridge, set()).add(leg.id)
        self.listen_again(leg)
        for one in touched:
            for other in self.bridges.get(one, set()):
                if other in self.legs:
                    self.listen_again(self.legs[other])

    def listen_again(self, leg: FakeLeg) -> None:
        if leg.ended is not None:
            return
        if leg.state is not LegState.UP:
            if leg.rings_back:
                self.hear(leg, "ringback")
            return
        heard = self._heard(leg)
        self.hear(leg, heard if leg.whisper is None else f"{heard}, over it {leg.whispered}")

    def _heard(self, leg: FakeLeg) -> str:
        if leg.playback is not None:
            return leg.words
        if leg.bridge is None:
            return "silence"
        if leg.bridge.startswith("hold_"):
            if leg.took_a_place:
                return "silence"
            return f"music {leg.bridge.removeprefix('hold_')}"
        others = self.bridges[leg.bridge] - {leg.id}
        heard = [self.legs[other].endpoint for other in others if other in self.legs]
        return f"talk with {', '.join(sorted(heard))}" if heard else "silence"

    def hear(self, leg: FakeLeg, what: str) -> None:
        now = asyncio.get_running_loop().time()
        if leg.hears == what:
            return
        # What lasts no time at all is not heard.
        if leg.heard and leg.heard[-1][0] == now:
            leg.heard.pop()
        if leg.hears != what:
            leg.heard.append((now, what))

    def survey(self) -> Survey:
        """What the node has at this moment."""
        waiting: dict[RunId, set[LegId]] = {}
        for leg in self.legs.values():
            if leg.app is not None:
                waiting.setdefault(leg.app, set()).add(leg.id)
        return Survey(
            legs={leg.id: SurveyedLeg(leg.id, leg.state, leg.bridge) for leg in self.legs.values()},
            bridges={bridge: frozenset(legs) for bridge, legs in self.bridges.items()},
            waiting_in_app={app: frozenset(legs) for app, legs in waiting.items()},
        )

    # --- phones that come and go

    def register(self, endpoint: EndpointName, *, is_registered: bool) -> None:
        self.phones[endpoint].is_registered = is_registered
        self.tell_device(endpoint)

    def tell_device(self, endpoint: EndpointName) -> None:
        """As the adapter does: whoever watches the phone is told what it is now, if it changed."""
        device = self.device(endpoint)
        for app, watched in self.watched.items():
            if watched.get(endpoint, device) is not device:
                watched[endpoint] = device
                asyncio.get_running_loop().call_later(
                    self.devices_told_after_seconds, self._tell_app, app, endpoint, device
                )

    def _tell_app(self, app: RunId, endpoint: EndpointName, device: DeviceState) -> None:
        if app in self.apps:
            self.told.setdefault(app, {})[endpoint] = device
            self.apps[app].tell_node(DeviceChanged(endpoint, device))

    def own_calls(self, endpoint: EndpointName) -> list[FakeLeg]:
        return [
            leg
            for leg in self.legs.values()
            if leg.endpoint == endpoint and not is_dialled_by_us(leg.id)
        ]

    def device(self, endpoint: EndpointName) -> DeviceState:
        phone = self.phones.get(endpoint)
        if phone is None:
            return DeviceState.UNKNOWN
        if not phone.is_registered:
            return DeviceState.UNREACHABLE
        return DeviceState.IN_USE if self.own_calls(endpoint) else DeviceState.REACHABLE
