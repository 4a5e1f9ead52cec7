"""Whether phones can be reached: by the device states of their PJSIP endpoints."""

from collections.abc import Iterable, Sequence

from edge.ari.rest import Rest
from edge.domain.ids import EndpointName, RunId
from edge.ports.phone_system import DeviceChanged, DeviceState

TECH = "PJSIP"
SOURCES_AT_ONCE = 50
"""Event sources in one subscription request, whose line Asterisk reads up to a few KB."""

UNREACHABLE_STATES = frozenset({"UNAVAILABLE", "INVALID"})
BY_ENDPOINT_STATE = {"online": DeviceState.REACHABLE, "offline": DeviceState.UNREACHABLE}


def read_device_state(state: str) -> DeviceState:
    """ARI's device state; a phone in a call or ringing is reachable."""
    if state in UNREACHABLE_STATES:
        return DeviceState.UNREACHABLE
    return DeviceState.UNKNOWN if state == "UNKNOWN" else DeviceState.REACHABLE


class Devices:
    """The watched phones and how each was last reported."""

    def __init__(self, app: RunId, rest: Rest) -> None:
        self._app = app
        self._rest = rest
        self._reported: dict[EndpointName, DeviceState] = {}

    async def watch(self, endpoints: Sequence[EndpointName]) -> dict[EndpointName, DeviceState]:
        """Subscribe, then look: a change in between is reported, not lost."""
        for endpoint in endpoints:
            self._reported.setdefault(endpoint, DeviceState.UNKNOWN)
        await self._subscribe(endpoints)
        states = await self._look()
        found = {e: states.get(e, DeviceState.UNREACHABLE) for e in endpoints}
        self._reported.update(found)
        return found

    async def refresh(self) -> list[DeviceChanged]:
        """After a new connection: subscribe again and tell what changed meanwhile."""
        if not self._reported:
            return []
        await self._subscribe(list(self._reported))
        states = await self._look()
        return [
            change
            for endpoint in tuple(self._reported)
            for change in self._report(endpoint, states.get(endpoint, DeviceState.UNREACHABLE))
        ]

    def changed(self, name: str, state: str) -> Iterable[DeviceChanged]:
        """A DeviceStateChanged; nothing when reachability stays as it was reported."""
        return self._report(EndpointName(name.partition("/")[2]), read_device_state(state))

    def _report(self, endpoint: EndpointName, device: DeviceState) -> list[DeviceChanged]:
        if self._reported.get(endpoint, device) is device:
            return []
        self._reported[endpoint] = device
        return [DeviceChanged(endpoint, device)]

    async def _subscribe(self, endpoints: Sequence[EndpointName]) -> None:
        sources = [f"deviceState:{TECH}/{endpoint}" for endpoint in endpoints]
        for start in range(0, len(sources), SOURCES_AT_ONCE):
            await self._rest.applications.subscribe(
                self._app, sources[start : start + SOURCES_AT_ONCE]
            )

    async def _look(self) -> dict[EndpointName, DeviceState]:
        return {
            EndpointName(endpoint["resource"]): BY_ENDPOINT_STATE.get(
                endpoint.get("state", "unknown"), DeviceState.UNKNOWN
            )
            for endpoint in await self._rest.endpoints.listByTech(TECH)
        }
