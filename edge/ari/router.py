"""From the node's one stream of events to a feed for each leg, in order and without loss.

Everything here is synchronous: the socket's reader parses, routes and reads on.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from edge.ari import events as ari
from edge.ari.causes import end_reason
from edge.ari.legs import LEG_STATES, OUTBOUND_STATES, Feed, Leg
from edge.domain.ids import BridgeId, LegId, PlaybackId
from edge.ports.phone_system import (
    DigitPressed,
    EndReason,
    FeedBroken,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegReplaced,
    LegRinging,
    LegState,
    PlaybackEnded,
)

REMEMBERED_ENDS = 10_000
"""Legs whose end is remembered for a listener who comes late (a step between two feeds)."""

STATE_ORDER = (LegState.DOWN, LegState.RINGING, LegState.UP)


class Router:
    """Legs, the bridges they stand in, and who listens."""

    def __init__(self, on_whispered: Callable[[LegId], None] = lambda leg: None) -> None:
        """`on_whispered` is told when all words over the music of a leg have ended."""
        self.on_whispered = on_whispered
        self.legs: dict[LegId, Leg] = {}
        self.bridge_of: dict[LegId, BridgeId] = {}
        """Of every leg in a bridge whose events we get, also of other edges' legs."""
        self.unclaimed = 0
        """Events of legs that we do not know (passing through another edge's bridge, say)."""
        self._ended: dict[LegId, EndReason] = {}
        self._unheard_successors: dict[LegId, LegReplaced] = {}
        """Who took the place of a leg that has ended, while nobody listened to it."""

    @contextmanager
    def listen(self, leg_id: LegId) -> Iterator[Feed]:
        """A feed from now on; what came before the first listener is in it."""
        ended = self._ended.get(leg_id)
        if ended is not None:
            yield Feed([self._unheard_successors.pop(leg_id, LegEnded(ended))])
            return
        leg = self.legs.setdefault(leg_id, Leg())
        feed = Feed(leg.unheard)
        leg.unheard.clear()
        leg.feeds.append(feed)
        try:
            yield feed
        finally:
            leg.feeds.remove(feed)
            self._forget_if_unused(leg_id, leg)

    @contextmanager
    def expect_entry(self, leg_id: LegId, bridge: BridgeId) -> Iterator["asyncio.Future[bool]"]:
        """Tells True when the leg has entered the bridge, False when it ended before."""
        leg = self.legs.setdefault(leg_id, Leg())
        awaited = (bridge, asyncio.get_running_loop().create_future())
        leg.entries.append(awaited)
        try:
            yield awaited[1]
        finally:
            leg.entries.remove(awaited)
            self._forget_if_unused(leg_id, leg)

    @contextmanager
    def expect_start(self, leg_id: LegId) -> Iterator["asyncio.Future[bool]"]:
        """Tells True when the leg has entered our application, False when it ended before."""
        leg = self.legs.setdefault(leg_id, Leg())
        awaited: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        leg.starts.append(awaited)
        try:
            yield awaited
        finally:
            leg.starts.remove(awaited)
            self._forget_if_unused(leg_id, leg)

    def note_present(self, leg_id: LegId) -> None:
        """A REST answer says that the leg exists, before or without its StasisStart."""
        leg = self.legs.get(leg_id)
        if leg is not None:
            leg.present = True

    def is_present(self, leg_id: LegId) -> bool:
        """It stands in our application, as far as the events tell."""
        leg = self.legs.get(leg_id)
        return leg is not None and leg.present

    def is_up(self, leg_id: LegId) -> bool:
        """It stands in our application and was answered, as far as the events tell."""
        leg = self.legs.get(leg_id)
        return leg is not None and leg.present and leg.state is LegState.UP

    def order_end(self, leg_id: LegId, reason: EndReason) -> None:
        """We are about to hang it up: this will be its reason, whatever Asterisk says."""
        leg = self.legs.get(leg_id)
        if leg is not None and leg.ordered_end is None:
            leg.ordered_end = reason

    def _forget_if_unused(self, leg_id: LegId, leg: Leg) -> None:
        used = leg.present or leg.feeds or leg.starts or leg.entries
        if not used and self.legs.get(leg_id) is leg:
            del self.legs[leg_id]

    def route(self, event: ari.Event) -> None:
        """Hand one event to the leg it is about."""
        match event:
            case ari.StasisStart(channel=channel, replaces=replaces):
                self._started(LegId(channel.id), channel.state)
                if replaces is not None:
                    self.legs[LegId(channel.id)].took_a_place = True
                    self._tell(LegId(replaces), LegReplaced(LegId(channel.id)))
            case ari.ChannelStateChange(channel=channel):
                self._state(LegId(channel.id), LEG_STATES.get(channel.state, LegState.DOWN))
            case ari.Dial(peer=peer, dialstatus="PROGRESS"):
                self._ringing(LegId(peer.id))
            case ari.ChannelDtmfReceived(channel=channel, digit=digit):
                self._tell(LegId(channel.id), DigitPressed(digit))
            case ari.PlaybackFinished(playback_id=playback, target_uri=target):
                self.playback_ended(LegId(target.removeprefix("channel:")), PlaybackId(playback))
            case ari.ChannelEnteredBridge(channel_id=channel_id, bridge_id=bridge):
                self.entered(LegId(channel_id), BridgeId(bridge))
            case ari.ChannelLeftBridge(channel_id=channel_id, bridge_id=bridge):
                if self.bridge_of.get(LegId(channel_id)) == bridge:
                    del self.bridge_of[LegId(channel_id)]
            case ari.ChannelHangupRequest(channel=channel):
                leg = self.legs.get(LegId(channel.id))
                if leg is not None and leg.request is None:
                    leg.request = event
            case ari.StasisEnd(channel=channel):
                self._left(LegId(channel.id))
            case ari.ChannelDestroyed(channel=channel, cause=cause, tech_cause=status):
                self._destroyed(LegId(channel.id), cause, status)
            case _:
                return

    def entered(self, leg_id: LegId, bridge: BridgeId) -> None:
        """The leg stands in this bridge, by an event or by a snapshot."""
        self.bridge_of[leg_id] = bridge
        leg = self.legs.get(leg_id)
        if leg is not None:
            self._settle((future for into, future in leg.entries if into == bridge), True)

    def _started(self, leg_id: LegId, state: str) -> None:
        leg = self.legs.setdefault(leg_id, Leg())
        leg.present = True
        self._ended.pop(leg_id, None)
        leg.state = LEG_STATES.get(state, LegState.DOWN)
        leg.outbound = state in OUTBOUND_STATES
        leg.told_ringing = leg.state is not LegState.DOWN
        leg.told_answered = leg.state is LegState.UP
        self._settle(leg.starts, True)

    def _state(self, leg_id: LegId, state: LegState) -> None:
        leg = self.legs.get(leg_id)
        if leg is None:
            self.unclaimed += 1
            return
        leg.state = state
        if state is LegState.RINGING:
            self._ringing(leg_id)
        elif state is LegState.UP and leg.outbound and not leg.told_answered:
            leg.told_answered = True
            self._tell(leg_id, LegAnswered())

    def _ringing(self, leg_id: LegId) -> None:
        leg = self.legs.get(leg_id)
        if leg is not None and not leg.told_ringing:
            leg.told_ringing = True
            self._tell(leg_id, LegRinging())

    def speak_for(self, whisper: LegId, leg_id: LegId, playback: PlaybackId) -> None:
        """What is played on the whispering channel is heard on this leg, whose feed tells the
        end."""
        speaking = self.legs.get(whisper)
        if speaking is not None:
            speaking.speaks_for = leg_id
            speaking.playbacks.add(playback)

    def spoke_in_vain(self, whisper: LegId, leg_id: LegId, playback: PlaybackId) -> None:
        """The words did not begin after all."""
        speaking = self.legs.get(whisper)
        if speaking is not None:
            speaking.playbacks.discard(playback)
        self.on_whispered(leg_id)

    def hears(self, playback: PlaybackId) -> LegId | None:
        """The leg to which it is whispered, while it is."""
        return next(
            (
                leg.speaks_for
                for leg in self.legs.values()
                if playback in leg.playbacks and leg.speaks_for is not None
            ),
            None,
        )

    def is_speaking(self, whisper: LegId) -> bool:
        speaking = self.legs.get(whisper)
        return speaking is not None and bool(speaking.playbacks)

    def playback_ended(self, leg_id: LegId, playback: PlaybackId) -> None:
        leg = self.legs.get(leg_id)
        if leg is not None:
            leg.playbacks.discard(playback)
            if leg.speaks_for is not None:
                self.playback_ended(leg.speaks_for, playback)
                if not leg.playbacks:
                    self.on_whispered(leg.speaks_for)
                return
        self._tell(leg_id, PlaybackEnded(playback))

    def _left(self, leg_id: LegId) -> None:
        """StasisEnd. For a leg that was never answered and was ended on this side only the dial
        time-out is left; without any hang-up request it was moved to another application."""
        leg = self.legs.get(leg_id)
        if leg is None:
            return
        if leg.ordered_end is not None:
            self._end(leg_id, leg.ordered_end)
        elif leg.request is None:
            self._end(leg_id, EndReason.NORMAL)
        elif not leg.request.soft:
            self._end_by(leg_id, leg, leg.request.cause, leg.request.tech_cause)
        else:
            timed_out = leg.outbound and leg.state is not LegState.UP
            self._end(leg_id, EndReason.NO_ANSWER if timed_out else EndReason.NORMAL)

    def _destroyed(self, leg_id: LegId, cause: int, sip_status: int) -> None:
        leg = self.legs.get(leg_id)
        if leg is None:
            return
        if leg.ordered_end is not None:
            self._end(leg_id, leg.ordered_end)
        elif leg.request is not None and leg.request.soft and cause == 19:
            self._end(leg_id, EndReason.NO_ANSWER)
        else:
            self._end_by(leg_id, leg, cause, sip_status)

    def _end_by(self, leg_id: LegId, leg: Leg, cause: int, sip_status: int) -> None:
        rang = leg.state is LegState.RINGING
        answered = leg.state is LegState.UP or not leg.outbound
        self._end(leg_id, end_reason(cause, sip_status, rang=rang, answered=answered))

    def _end(self, leg_id: LegId, reason: EndReason) -> None:
        """The leg is no more; a second end says nothing."""
        leg = self.legs.pop(leg_id, None)
        self.bridge_of.pop(leg_id, None)
        if leg is None:
            return
        if leg.speaks_for is not None and leg.playbacks:
            for playback in leg.playbacks:
                self.playback_ended(leg.speaks_for, playback)
            self.on_whispered(leg.speaks_for)
        self._ended[leg_id] = reason
        for unheard in leg.unheard:
            if isinstance(unheard, LegReplaced):
                self._unheard_successors[leg_id] = unheard
        while len(self._ended) > REMEMBERED_ENDS:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self._unheard_successors.pop(oldest, None)
        for feed in leg.feeds:
            feed.put(LegEnded(reason))
        self._settle((*leg.starts, *(future for _, future in leg.entries)), False)

    def has_ended(self, leg_id: LegId) -> bool:
        return leg_id in self._ended

    def break_feeds(self) -> None:
        """Events may be missing from now on: tell every listener, forget what events taught."""
        self.bridge_of.clear()
        for leg in self.legs.values():
            for feed in leg.feeds:
                feed.put(FeedBroken())

    def heal(self, known_before: Iterable[LegId], states: Mapping[LegId, str]) -> None:
        """After a gap in the events: tell what the listeners missed.

        `states` are ARI's channel states of all legs that stand in our application, asked for
        after `known_before` was taken: a leg that came later is not judged by them. Who listened
        to a leg that is gone was told FeedBroken and finds out by the survey whether it ended or
        the whole node did; LegEnded would say more than we know.
        """
        for leg_id in known_before:
            leg = self.legs.get(leg_id)
            if leg is None or not leg.present:
                continue
            if leg_id not in states:
                leg.present = False
                self._settle((*leg.starts, *(future for _, future in leg.entries)), False)
                self._forget_if_unused(leg_id, leg)
                continue
            state = LEG_STATES.get(states[leg_id], LegState.DOWN)
            if STATE_ORDER.index(state) > STATE_ORDER.index(leg.state):
                self._state(leg_id, state)

    def _tell(self, leg_id: LegId, event: LegEvent) -> None:
        leg = self.legs.get(leg_id)
        if leg is None:
            self.unclaimed += 1
        elif leg.feeds:
            for feed in leg.feeds:
                feed.put(event)
        else:
            leg.unheard.append(event)

    @staticmethod
    def _settle(waiting: "Iterable[asyncio.Future[bool]]", value: bool) -> None:
        for future in waiting:
            if not future.done():
                future.set_result(value)
