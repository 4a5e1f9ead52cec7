"""The bridges legs stand in: one holding bridge per music class and node, one per conversation."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack

import structlog

from edge.ari.ids import holding_bridge
from edge.ari.operations import Outcome
from edge.ari.rest import Rest
from edge.ari.router import Router
from edge.domain.ids import BridgeId, LegId, PlaybackId, RunId
from edge.ports.phone_system import Done, LegState, NodeFault

log = structlog.get_logger()

ENTRY_SECONDS = 2.0
"""A leg enters a bridge within milliseconds; after this time Asterisk is asked where it stands."""
UP_LOOK_SECONDS, UP_LOOKS = 0.01, 200
HOLDING_ROLE = "holding_participant"
"""Asterisk's name of the role; with ARI's documented "participant" nobody hears music."""
MUSIC_VARIABLE = "CHANNEL(musicclass)"


class Stage:
    """Puts legs into bridges and knows, by the bridges' events, who stands where."""

    def __init__(self, app: RunId, rest: Rest, router: Router) -> None:
        self._app = app
        self._rest = rest
        self._router = router
        self._known: set[BridgeId] = set()
        """Bridges that exist and whose members `router.bridge_of` tells."""
        self._locks: dict[BridgeId, asyncio.Lock] = {}

    def forget_all(self) -> None:
        """Events were lost: every bridge is looked at again before it is used."""
        self._known.clear()

    def destroyed(self, bridge: BridgeId) -> None:
        self._known.discard(bridge)

    async def hold(self, leg_id: LegId, music_class: str) -> Done:
        """Into the holding bridge, unless it stands there: a second time would stop its music.

        The music is the leg's own, played by the bridge to a "holding_participant". Music of the
        bridge itself would be one stream for all, but Asterisk ends it for good whenever the last
        caller leaves.
        """
        leg = self._router.legs.get(leg_id)
        if leg is None and self._router.has_ended(leg_id):
            return Done.GONE
        if leg is not None:
            leg.held_in = music_class
        async with leg.placing if leg is not None else asyncio.Lock():
            return await self._stand(leg_id, music_class)

    def succeed(self, leg_id: LegId, replaced: LegId) -> None:
        """By a transfer: where the other was to stand in music, this one is to."""
        before = self._router.legs.get(replaced)
        if before is not None:
            self._router.legs[leg_id].held_in, before.held_in = before.held_in, None

    async def hold_successor(self, leg_id: LegId) -> None:
        """Asterisk puts it where the other stood, but without a role and so without music. Only
        then it is answered, which would end for good what it had been given before."""
        leg = self._router.legs.get(leg_id)
        if leg is None or leg.held_in is None:
            return
        bridge = holding_bridge(leg.held_in)
        with self._router.expect_entry(leg_id, bridge) as entry:
            if self._router.bridge_of.get(leg_id) != bridge:
                await asyncio.wait([entry], timeout=ENTRY_SECONDS)
        for _ in range(UP_LOOKS):
            if leg.state is LegState.UP or not leg.present:
                break
            await asyncio.sleep(UP_LOOK_SECONDS)
        async with leg.placing:
            # Not where it is to talk by now.
            if leg.held_in is not None:
                await self._stand(leg_id, leg.held_in)

    async def _stand(self, leg_id: LegId, music_class: str) -> Done:
        bridge = holding_bridge(music_class)
        leg = self._router.legs.get(leg_id)
        if leg is not None and leg.took_a_place:
            # Out first, as for anyone who stands there without the role.
            leg.took_a_place = False
            await self._rest.bridges.removeChannel(bridge, leg_id)
            self._router.bridge_of.pop(leg_id, None)
        for _ in range(2):
            await self._prepare_holding(bridge, music_class)
            if self._router.bridge_of.get(leg_id) == bridge:
                return Done.DONE
            outcome = await self._set_music(leg_id, music_class)
            if outcome is Outcome.OK:
                outcome = await self._enter(bridge, [leg_id], HOLDING_ROLE)
            if outcome is not Outcome.NO_BRIDGE:
                return Done.DONE if outcome is Outcome.OK else Done.GONE
            self._known.discard(bridge)
        raise NodeFault(f"holding bridge {bridge} does not stay")

    async def _set_music(self, leg_id: LegId, music_class: str) -> Outcome:
        leg = self._router.legs.get(leg_id)
        if leg is not None and leg.music_class == music_class:
            return Outcome.OK
        await self.silence(leg_id)
        outcome = await self._rest.channels.setVariables(leg_id, {MUSIC_VARIABLE: music_class})
        if outcome is Outcome.OK and leg is not None:
            leg.music_class = music_class
        return outcome

    async def _prepare_holding(self, bridge: BridgeId, music_class: str) -> None:
        """Made by whichever edge comes first; it outlives them all."""
        if bridge in self._known:
            return
        async with self._locks.setdefault(bridge, asyncio.Lock()):
            if bridge not in self._known:
                await self._rest.bridges.create(bridge, "holding", f"hold {music_class}")
                await self._look_at(bridge)

    async def prepare(self, bridge: BridgeId) -> None:
        """An empty mixing bridge; one that exists already is looked at."""
        if bridge in self._known:
            return
        # Each phone that rings for a caller wants the same one.
        async with self._locks.setdefault(bridge, asyncio.Lock()):
            if bridge in self._known:
                return
            outcome = await self._rest.bridges.create(bridge, "mixing", "conversation")
            if outcome is Outcome.EXISTS:
                await self._look_at(bridge)
            else:
                self._known.add(bridge)

    async def _look_at(self, bridge: BridgeId) -> None:
        """Get the bridge's events from now on, and who is in it by now."""
        await self._rest.applications.subscribe(self._app, [f"bridge:{bridge}"])
        snapshot = await self._rest.bridges.get(bridge)
        if snapshot is not None:
            self._known.add(bridge)
            for member in snapshot["channels"]:
                self._router.entered(LegId(member), bridge)

    async def connect(self, bridge: BridgeId, legs: Sequence[LegId]) -> LegId | None:
        """All legs into the mixing bridge; the leg that was gone, or None.

        Who is being put into music meanwhile is waited for, and nobody is put there afterwards.
        """
        known = [self._router.legs[leg] for leg in sorted(legs) if leg in self._router.legs]
        for one in known:
            one.held_in = None
        async with AsyncExitStack() as places:
            for one in known:
                await places.enter_async_context(one.placing)
            return await self._join(bridge, legs)

    async def _join(self, bridge: BridgeId, legs: Sequence[LegId]) -> LegId | None:
        for _ in range(2):
            await self.prepare(bridge)
            missing = [leg for leg in legs if self._router.bridge_of.get(leg) != bridge]
            if not missing:
                return None
            outcome = await self._enter(bridge, missing)
            if outcome is Outcome.OK:
                return None
            if outcome is Outcome.GONE:
                return await self._first_gone(bridge, legs)
            self._known.discard(bridge)
        raise NodeFault(f"bridge {bridge} does not stay")

    async def _first_gone(self, bridge: BridgeId, legs: Sequence[LegId]) -> LegId | None:
        """Which leg of a refused entry is not there; the others go in when all are."""
        for leg in legs:
            if self._router.bridge_of.get(leg) == bridge:
                continue
            if leg not in self._router.legs or await self._rest.channels.get(leg) is None:
                return leg
        for leg in legs:
            entered = self._router.bridge_of.get(leg) == bridge
            if not entered and await self._enter(bridge, [leg]) is not Outcome.OK:
                return leg
        return None

    async def _enter(
        self, bridge: BridgeId, legs: Sequence[LegId], role: str | None = None
    ) -> Outcome:
        """Add legs and wait until each has entered. GONE: at least one did not."""
        await asyncio.gather(*(self.silence(leg) for leg in legs))
        with ExitStack() as expectations:
            entries = [
                expectations.enter_context(self._router.expect_entry(leg, bridge)) for leg in legs
            ]
            outcome = await self._rest.bridges.addChannel(bridge, legs, role)
            if outcome is not Outcome.OK:
                return outcome
            entered, missing = await asyncio.wait(entries, timeout=ENTRY_SECONDS)
            if not all(entry.result() for entry in entered):
                return Outcome.GONE
        return await self._stand_in(bridge, legs) if missing else Outcome.OK

    async def _stand_in(self, bridge: BridgeId, legs: Sequence[LegId]) -> Outcome:
        """Ask instead of waiting on: the event may have been lost with the connection."""
        log.warning("ari_entry_not_seen", bridge=bridge, legs=list(legs))
        snapshot = await self._rest.bridges.get(bridge)
        if snapshot is None:
            return Outcome.NO_BRIDGE
        return Outcome.OK if set(snapshot["channels"]).issuperset(legs) else Outcome.GONE

    async def silence(self, leg_id: LegId) -> None:
        """Stop what plays on the leg: until then its thread takes no other order."""
        leg = self._router.legs.get(leg_id)
        if leg is not None and leg.playbacks:
            await asyncio.gather(*(self.stop(playback) for playback in tuple(leg.playbacks)))

    async def stop(self, playback: PlaybackId) -> None:
        await self._rest.playbacks.stop(playback)

    async def remove(self, bridge: BridgeId) -> None:
        self._known.discard(bridge)
        self._locks.pop(bridge, None)
        await self._rest.bridges.destroy(bridge)
