"""Phones as queues see them: whether they can be reached, and whether they are in a call of their
own, judged by the channels of their PJSIP endpoints.

By channels and not by the device state, which cannot tell our own legs from other calls. An
endpoint's change comes with all its channels, so a lost one is made good by the next. They come
over the command socket's application: the one that has our legs would get several events of theirs
twice (state changes, dials, ends).
"""

from collections.abc import Iterable, Sequence

from edge.ari.ids import command_app
from edge.ari.operations import Outcome
from edge.ari.rest import Rest, Snapshot
from edge.domain.ids import EndpointName, LegId, RunId, is_dialled_by_us
from edge.ports.phone_system import DeviceChanged, DeviceState

TECH = "PJSIP"
SOURCES_AT_ONCE = 50
"""Event sources in one subscription request, whose line Asterisk reads up to a few KB."""

BY_DEVICE_STATE = {
    "UNAVAILABLE": DeviceState.UNREACHABLE,
    "INVALID": DeviceState.INVALID,
    "UNKNOWN": DeviceState.UNKNOWN,
}
MISSING: Snapshot = {"state": "missing"}
"""Instead of what Asterisk says of an endpoint, where it has none of that name."""
BY_ENDPOINT_STATE = {
    "online": DeviceState.REACHABLE,
    "offline": DeviceState.UNREACHABLE,
    "missing": DeviceState.INVALID,
}
AWAY = frozenset({DeviceState.UNREACHABLE, DeviceState.INVALID})


def read_device_state(state: str) -> DeviceState:
    """ARI's device state; a phone in a call or ringing is reachable."""
    return BY_DEVICE_STATE.get(state, DeviceState.REACHABLE)


class Devices:
    """The watched phones, and how each was last reported."""

    def __init__(self, app: RunId, rest: Rest) -> None:
        self._app = app
        self._commands = command_app(app)
        self._rest = rest
        self._reported: dict[EndpointName, DeviceState] = {}
        self._reach: dict[EndpointName, DeviceState] = {}
        self._in_own_call: set[EndpointName] = set()
        self._followed: set[EndpointName] = set()
        """Those whose channels are told: Asterisk has them, and knows that we want to hear."""
        self._events = 0
        self._reach_told: dict[EndpointName, int] = {}
        self._calls_told: dict[EndpointName, int] = {}
        """The number of the last event about each phone: a look that was asked for before it is
        older, though its answer may come later, over another connection."""

    async def watch(self, endpoints: Sequence[EndpointName]) -> dict[EndpointName, DeviceState]:
        """Subscribe, then look: a change in between is reported, not lost."""
        for endpoint in endpoints:
            self._reported.setdefault(endpoint, DeviceState.UNKNOWN)
        await self._subscribe_states(endpoints)
        await self.refresh_calls()
        found = {endpoint: self.state(endpoint) for endpoint in endpoints}
        self._reported.update(found)
        return found

    async def refresh(self) -> list[DeviceChanged]:
        """After a new connection for events: subscribe again and tell what changed meanwhile."""
        if not self._reported:
            return []
        await self._subscribe_states(list(self._reported))
        return await self.refresh_calls()

    async def refresh_calls(self) -> list[DeviceChanged]:
        """After a new command socket, or for a phone that is new to Asterisk: the same for calls.

        Without a command socket there is nothing to subscribe to; its return comes here again.
        """
        if not self._reported:
            return []
        known = {EndpointName(e["resource"]) for e in await self._endpoints()}
        await self._follow(sorted(known & self._reported.keys()))
        asked_after = self._events
        found = {EndpointName(e["resource"]): e for e in await self._endpoints()}
        changes = []
        for endpoint in tuple(self._reported):
            snapshot = found.get(endpoint, MISSING)
            if self._reach_told.get(endpoint, 0) <= asked_after:
                state = snapshot.get("state", "offline")
                self._reach[endpoint] = BY_ENDPOINT_STATE.get(state, DeviceState.UNKNOWN)
            if self._calls_told.get(endpoint, 0) <= asked_after:
                self._note_calls(endpoint, snapshot.get("channel_ids", ()))
            changes += self._report(endpoint)
        return changes

    def state(self, endpoint: EndpointName) -> DeviceState:
        """As far as was told. A phone that cannot be reached is so whatever it was doing."""
        reach = self._reach.get(endpoint, DeviceState.UNKNOWN)
        if reach not in AWAY and endpoint in self._in_own_call:
            return DeviceState.IN_USE
        return reach

    def is_new(self, name: str) -> bool:
        """A watched phone that Asterisk did not have before: ask for its calls as well."""
        endpoint = EndpointName(name.partition("/")[2])
        return endpoint in self._reported and endpoint not in self._followed

    def changed(self, name: str, state: str) -> list[DeviceChanged]:
        """A DeviceStateChanged; nothing when all stays as it was reported."""
        endpoint = EndpointName(name.partition("/")[2])
        self._reach[endpoint] = read_device_state(state)
        self._events += 1
        self._reach_told[endpoint] = self._events
        return self._report(endpoint)

    def calls_changed(self, endpoint: EndpointName, channels: Iterable[str]) -> list[DeviceChanged]:
        """An EndpointStateChange: these are all channels that the phone has now."""
        self._note_calls(endpoint, channels)
        self._events += 1
        self._calls_told[endpoint] = self._events
        return self._report(endpoint)

    def _note_calls(self, endpoint: EndpointName, channels: Iterable[str]) -> None:
        if all(is_dialled_by_us(LegId(channel)) for channel in channels):
            self._in_own_call.discard(endpoint)
        else:
            self._in_own_call.add(endpoint)

    def _report(self, endpoint: EndpointName) -> list[DeviceChanged]:
        device = self.state(endpoint)
        if self._reported.get(endpoint, device) is device:
            return []
        self._reported[endpoint] = device
        return [DeviceChanged(endpoint, device)]

    async def _subscribe_states(self, endpoints: Sequence[EndpointName]) -> None:
        for some in _in_parts([f"deviceState:{TECH}/{endpoint}" for endpoint in endpoints]):
            await self._rest.applications.subscribe(self._app, some)

    async def _follow(self, endpoints: Sequence[EndpointName]) -> None:
        for some in _in_parts([f"endpoint:{TECH}/{endpoint}" for endpoint in endpoints]):
            outcome = await self._rest.applications.subscribe(self._commands, some)
            if outcome is not Outcome.OK:
                return
        self._followed.update(endpoints)

    async def _endpoints(self) -> Sequence[Snapshot]:
        return await self._rest.endpoints.listByTech(TECH)


def _in_parts(sources: Sequence[str]) -> Iterable[Sequence[str]]:
    return (
        sources[start : start + SOURCES_AT_ONCE]
        for start in range(0, len(sources), SOURCES_AT_ONCE)
    )
