"""One Asterisk node as the journey sees it: the port `PhoneSystem`, over ARI."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from edge.ari import events as ari
from edge.ari.causes import Q850_TO_SEND
from edge.ari.connection import Access, LivingSocket
from edge.ari.devices import Devices
from edge.ari.forgetting import forget_application
from edge.ari.ids import ADOPTED, ARRIVAL, our_arguments, read_arrival
from edge.ari.invite import channel_variables, dial_string
from edge.ari.legs import LEG_STATES
from edge.ari.media import NodeMedia
from edge.ari.operations import Outcome
from edge.ari.rest import Rest
from edge.ari.router import Router
from edge.ari.stage import Stage
from edge.ari.survey import legs_of, take_survey
from edge.ari.whispers import Whispers, whisper_of
from edge.ari.wire import Wire
from edge.domain.ids import BridgeId, EndpointName, LegId, NodeId, PlaybackId, RunId
from edge.ports.phone_system import (
    Arrival,
    DeviceChanged,
    DeviceState,
    Dial,
    Dialled,
    Done,
    EndReason,
    LegFeed,
    LegState,
    MayClaim,
    NodeBack,
    NodeEvent,
    NodeFault,
    NodeLost,
    NotDialled,
    Survey,
)

log = structlog.get_logger()

ADOPTION_SECONDS, ADOPTION_LOOKS = 3.0, 20
START_SECONDS = 1.0
HELD_WITH_TRIES, HOLD_AGAIN_SECONDS = 30, 1.0


@dataclass(frozen=True, slots=True)
class AriSettings:
    """One node's ARI. `url` is its HTTP root (http://127.0.0.1:8088/ari), `sip_domain` what
    stands behind the @ where a header names one of its own numbers."""

    node: NodeId
    run: RunId
    url: str
    user: str
    password: str = field(repr=False)
    may_claim: MayClaim = field(repr=False)
    sip_domain: str = "localhost"


class AriPhoneSystem:
    """Implements `PhoneSystem`. `run()` keeps the connections; orders work over HTTP meanwhile.

    Every order raises NodeFault when the node does not answer within its limit (5 s for most).
    """

    def __init__(self, settings: AriSettings) -> None:
        self.node = settings.node
        self.app = settings.run
        self._may_claim = settings.may_claim
        self._sip_domain = settings.sip_domain
        access = Access(settings.url, settings.user, settings.password)
        self._socket = LivingSocket(access, settings.run, self)
        self._wire = Wire(access, settings.run, watcher=self)
        self._rest = Rest(self._wire)
        self._router = Router(self._whispered)
        self._stage = Stage(settings.run, self._rest, self._router)
        self._whispers = Whispers(settings.run, self._rest, self._router)
        self._devices = Devices(settings.run, self._rest)
        self.media = NodeMedia(settings.node, settings.run, self._rest, self._wire)
        self._node_events: asyncio.Queue[NodeEvent | None] = asyncio.Queue()
        self._claims: asyncio.TaskGroup | None = None
        self._creations: dict[LegId, asyncio.Task[Outcome]] = {}
        """Legs that Asterisk is about to create: the order does not stop when its asker does."""
        self._is_up = False
        self._log = log.bind(node=settings.node)

    async def run(self) -> None:
        """Keep both sockets up until cancelled or closed (or another took our name)."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._claims = tasks
                commands = tasks.create_task(self._wire.run(), name="ari-commands")
                await self._socket.run()
                commands.cancel()
        finally:
            self._claims = None
            await self._wire.close()
            self._node_events.put_nowait(None)

    async def close(self) -> None:
        """End `run` in good order; legs stay where they are."""
        await self._socket.retire()

    async def events(self) -> AsyncIterator[NodeEvent]:
        while (event := await self._node_events.get()) is not None:
            yield event

    async def socket_up(self) -> None:
        """Filter, subscriptions, then what happened in the gap, then NodeBack."""
        await self._rest.applications.filter(self.app, ari.READERS)
        self._tell_phones(await self._devices.refresh())
        await self._heal()
        self._is_up = True
        self._node_events.put_nowait(NodeBack())

    async def _heal(self) -> None:
        """Tell every feed what its leg went through while no event came."""
        known = tuple(self._router.legs)
        legs = await legs_of(self._rest, self.app)
        self._router.heal(known, {leg: channel.state for leg, channel in legs.items()})
        for leg, channel in legs.items():
            if leg not in self._router.legs and not self._router.has_ended(leg):
                self._router.route(ari.StasisStart(channel, ()))
                self._admit(channel)
        for leg, record in list(self._router.legs.items()):
            for playback in tuple(record.playbacks):
                if await self._rest.playbacks.get(playback) is None:
                    self._router.playback_ended(leg, playback)
        for leg in self._whispers.left_open():
            self._whispered(leg)

    def socket_down(self) -> None:
        if self._is_up:
            self._is_up = False
            self._stage.forget_all()
            self._whispers.forget()
            self._router.break_feeds()
            self._node_events.put_nowait(NodeLost())

    async def commands_up(self) -> None:
        """What phones did while the command socket was away, and from now on."""
        self._tell_phones(await self._devices.refresh_calls())

    def endpoint_changed(self, event: ari.EndpointStateChange) -> None:
        self._tell_phones(self._devices.calls_changed(EndpointName(event.endpoint), event.channels))

    def _tell_phones(self, changes: Iterable[DeviceChanged]) -> None:
        for change in changes:
            self._node_events.put_nowait(change)

    def frame(self, text: str | bytes) -> None:
        """One event, in the socket's reader: parse, route, read on."""
        try:
            event = ari.parse(text)
        except (ValueError, KeyError, TypeError) as error:
            self._log.error(
                "ari_event_unreadable",
                reason=repr(error) if isinstance(error, KeyError) else type(error).__name__,
                event_type=ari.type_word(text),
                length=len(text),
            )
            return
        match event:
            case None:
                return
            case ari.CallBroadcast(channel=channel):
                self._offered(channel)
            case ari.StasisStart(channel=channel, args=args, replaces=replaces):
                self._router.route(event)
                if replaces is not None:
                    self._stage.succeed(LegId(channel.id), LegId(replaces))
                    self._spawn(self._hold_successor(LegId(channel.id)))
                if args[:1] == (ARRIVAL,):
                    self._admit(channel)
            case ari.DeviceStateChanged(name=name, state=state):
                self._tell_phones(self._devices.changed(name, state))
                if self._wire.takes_events and self._devices.is_new(name):
                    self._spawn(self._follow_new_phone(name))
            case ari.BridgeDestroyed(bridge_id=bridge):
                self._stage.destroyed(BridgeId(bridge))
            case ari.ApplicationReplaced():
                self._log.error("ari_application_replaced", ari_app=self.app)
                self._spawn(self.close())
            case _:
                self._router.route(event)

    def _offered(self, channel: ari.Channel) -> None:
        arrival = read_arrival(self.node, channel)
        if arrival is None:
            self._log.error("ari_broadcast_unreadable", app_data=channel.app_data)
        elif self._may_claim(arrival):
            self._spawn(self._claim(arrival.leg))

    async def _claim(self, leg: LegId) -> None:
        """Lost to another edge or too late: nothing to do; won: StasisStart brings the call."""
        try:
            await self._rest.events.claimChannel(leg, self.app)
        except NodeFault as fault:
            self._log.warning("ari_claim_failed", leg=leg, reason=str(fault))

    async def _follow_new_phone(self, name: str) -> None:
        """Tried again at its next word."""
        try:
            await self.commands_up()
        except NodeFault as fault:
            self._log.warning("ari_phone_not_followed", phone=name, reason=str(fault))

    async def _hold_successor(self, leg: LegId) -> None:
        for _ in range(HELD_WITH_TRIES):
            try:
                await self._stage.hold_successor(leg)
            except NodeFault as fault:
                self._log.warning("ari_successor_not_held", leg=leg, reason=str(fault))
                await asyncio.sleep(HOLD_AGAIN_SECONDS)
            else:
                return

    def _admit(self, channel: ari.Channel) -> None:
        arrival = read_arrival(self.node, channel)
        if arrival is not None:
            self._node_events.put_nowait(arrival)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._claims is None:
            work.close()
        else:
            self._claims.create_task(work)

    def listen(self, leg: LegId) -> AbstractContextManager[LegFeed]:
        return self._router.listen(leg)

    async def answer(self, leg: LegId) -> Done:
        if self._router.is_up(leg):
            return Done.DONE
        return _done(await self._rest.channels.answer(leg))

    async def dial(self, dial: Dial) -> Dialled | NotDialled:
        with self._router.expect_start(dial.leg) as started:
            creation = asyncio.create_task(
                self._rest.channels.create(
                    dial.leg,
                    dial_string(dial),
                    self.app,
                    our_arguments(dial.leg),
                    channel_variables(dial, self._sip_domain),
                )
            )
            self._creations[dial.leg] = creation
            creation.add_done_callback(lambda task: self._created(dial.leg, task))
            outcome = await asyncio.shield(creation)
            if outcome is Outcome.REFUSED:
                return NotDialled(EndReason.UNREACHABLE)
            if outcome is not Outcome.OK:
                return NotDialled(EndReason.FAILED)
            self._router.note_present(dial.leg)
            # The answer to create may come before the channel is in our application, and a dial
            # before that is refused (one in ten, measured).
            await asyncio.wait([started], timeout=START_SECONDS)
        if await self._rest.channels.dial(dial.leg, dial.ring_seconds) is Outcome.OK:
            return Dialled()
        await self.hang_up(dial.leg)
        return NotDialled(EndReason.FAILED)

    def _created(self, leg: LegId, creation: asyncio.Task[Outcome]) -> None:
        del self._creations[leg]
        if not creation.cancelled():
            creation.exception()  # dial tells it; when dial was cancelled nobody wants to know

    async def hang_up(self, leg: LegId, reason: EndReason = EndReason.NORMAL) -> None:
        """Also right for a leg whose dial was cancelled half-way: none is left behind."""
        self._router.order_end(leg, reason)
        creation = self._creations.get(leg)
        if creation is not None:
            await asyncio.wait([creation])
        await self._rest.channels.hangup(leg, Q850_TO_SEND[reason])

    async def play(
        self,
        leg: LegId,
        playback: PlaybackId,
        sounds: Sequence[str],
        language: str | None = None,
    ) -> Done:
        playable = self.media.playable(sounds)
        if not playable:
            return self._nothing_to_play(leg, playback)
        with self._playing(leg, playback) as played:
            played.outcome = await self._rest.channels.play(
                leg, playback, _media(playable), _tag(language)
            )
        return _done(played.outcome)

    async def whisper(
        self,
        leg: LegId,
        playback: PlaybackId,
        sounds: Sequence[str],
        language: str | None = None,
    ) -> Done:
        playable = self.media.playable(sounds)
        if not playable:
            return self._nothing_to_play(leg, playback)
        with self._playing(leg, playback) as played:
            played.outcome = await self._whispers.play(
                leg, playback, _media(playable), _tag(language)
            )
        return _done(played.outcome)

    async def end_whisper(self, leg: LegId) -> bool:
        return await self._whispers.end(leg)

    def _nothing_to_play(self, leg: LegId, playback: PlaybackId) -> Done:
        """All of it was left out: over as soon as it began."""
        self._router.playback_ended(leg, playback)
        return Done.DONE

    @contextmanager
    def _playing(self, leg: LegId, playback: PlaybackId) -> Iterator["_Played"]:
        """Known as playing before the order is given: its end may be told before the answer."""
        known = self._router.legs.get(leg)
        if known is not None:
            known.playbacks.add(playback)
        played = _Played()
        try:
            yield played
        finally:
            if played.outcome is not Outcome.OK and known is not None:
                known.playbacks.discard(playback)

    def _whispered(self, leg: LegId) -> None:
        self._spawn(self._close_whisper(leg))

    async def _close_whisper(self, leg: LegId) -> None:
        try:
            await self._whispers.close(leg)
        except NodeFault as fault:
            self._log.warning("ari_whisper_not_ended", leg=leg, reason=str(fault))

    async def ring(self, leg: LegId) -> Done:
        return _done(await self._rest.channels.ring(leg))

    async def stop(self, playback: PlaybackId) -> None:
        leg = self._router.hears(playback)
        if leg is not None:
            self._whispers.cut(leg)
        await self._stage.stop(playback)

    async def set_variables(self, leg: LegId, variables: dict[str, str]) -> Done:
        """Waits for a prompt that plays on the leg."""
        return _done(await self._rest.channels.setVariables(leg, variables))

    async def variable(self, leg: LegId, name: str) -> str | None:
        return await self._rest.channels.getVariable(leg, name)

    async def has_dialplan(self, leg: LegId, context: str, extension: str, priority: int) -> bool:
        asked = f"DIALPLAN_EXISTS({context},{extension},{priority})"
        return await self._rest.channels.getVariable(leg, asked) != "0"

    async def send_into_dialplan(
        self, leg: LegId, context: str, extension: str, priority: int
    ) -> Done:
        return _done(
            await self._rest.channels.continueInDialplan(leg, context, extension, priority)
        )

    async def leg_state(self, leg: LegId) -> LegState | None:
        snapshot = await self._rest.channels.get(leg)
        return None if snapshot is None else LEG_STATES.get(snapshot["state"], LegState.DOWN)

    async def recall_arrival(self, leg: LegId) -> Arrival | None:
        snapshot = await self._rest.channels.get(leg)
        return None if snapshot is None else read_arrival(self.node, ari.read_channel(snapshot))

    async def adopt(self, leg: LegId) -> Done:
        """A leg that a prompt is played to comes when the prompt is over (up to a minute)."""
        # Moved to where it is, a leg of ours would be told as gone.
        if self._router.is_present(leg):
            return Done.DONE
        with self._router.expect_start(leg) as start:
            if await self._rest.channels.move(leg, self.app, ADOPTED) is not Outcome.OK:
                return Done.GONE
            for _ in range(ADOPTION_LOOKS):
                await asyncio.wait([start], timeout=ADOPTION_SECONDS)
                if start.done():
                    return Done.DONE if start.result() else Done.GONE
                # Its end is told to the dead application, not to us.
                if await self._rest.channels.get(leg) is None:
                    return Done.GONE
        raise NodeFault(f"{leg} was moved but did not arrive")

    async def hold(self, leg: LegId, music_class: str) -> Done:
        return await self._stage.hold(leg, music_class)

    async def prepare_bridge(self, bridge: BridgeId) -> None:
        await self._stage.prepare(bridge)

    async def connect(self, bridge: BridgeId, legs: Sequence[LegId]) -> LegId | None:
        for leg in legs:
            # Words just over may still be on their way, and would be heard over the agent.
            if self._router.is_present(whisper_of(leg)):
                self._whispers.cut(leg)
                self._whispered(leg)
        await asyncio.gather(*(self._whispers.raise_at_once(leg) for leg in legs))
        return await self._stage.connect(bridge, legs)

    async def remove_bridge(self, bridge: BridgeId) -> None:
        await self._stage.remove(bridge)

    async def forget_application(self, run: RunId) -> None:
        await forget_application(self._rest, run)

    async def survey(self) -> Survey:
        return await take_survey(self._rest)

    def device(self, endpoint: EndpointName) -> DeviceState:
        return self._devices.state(endpoint)

    async def watch(self, endpoints: Sequence[EndpointName]) -> dict[EndpointName, DeviceState]:
        return await self._devices.watch(endpoints)


@dataclass(slots=True)
class _Played:
    outcome: Outcome = Outcome.REFUSED


def _media(sounds: Sequence[str]) -> list[str]:
    return [f"sound:{sound}" for sound in sounds]


def _tag(language: str | None) -> str | None:
    """Asterisk writes en_GB for en-GB."""
    return None if language is None else language.replace("-", "_")


def _done(outcome: Outcome) -> Done:
    return Done.DONE if outcome is Outcome.OK else Done.GONE
