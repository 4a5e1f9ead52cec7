"""The one place where Asterisk's truth about legs and ours are brought together again."""

import asyncio
from collections.abc import Callable
from typing import assert_never

import structlog

from edge.domain.agent import Device
from edge.domain.ids import EndpointName
from edge.journey.floor import Floor
from edge.ports.phone_system import (
    Arrival,
    DeviceChanged,
    DeviceState,
    NodeBack,
    NodeFault,
    NodeLost,
    PhoneSystem,
)

log = structlog.get_logger()

RECONCILE_AGAIN_SECONDS = 1.0
"""A node that is slow may leave a question unanswered while its connection stands."""

Arrived = Callable[[PhoneSystem, Arrival], None]
Upkeep = NodeLost | NodeBack | DeviceChanged


class NodeFollower:
    """Reads what one node tells. Calls are received at once, whatever else waits for the store.

    `is_reconciled` is set while the node is connected and was compared with what we know.
    """

    def __init__(
        self, floor: Floor, phone: PhoneSystem, arrived: Arrived, is_reconciled: asyncio.Event
    ) -> None:
        self._floor = floor
        self._phone = phone
        self._arrived = arrived
        self._is_reconciled = is_reconciled
        self._upkeep: asyncio.Queue[Upkeep] = asyncio.Queue()
        self._is_lost = False
        """The newest word about the connection, which may still wait for its turn."""

    async def run(self) -> None:
        """Raises ConnectionError when another program took our application's name."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_up(), name=f"keep up with {self._phone.node}")
            async for event in self._phone.events():
                if isinstance(event, Arrival):
                    self._arrived(self._phone, event)
                    continue
                if not isinstance(event, DeviceChanged):
                    self._is_lost = isinstance(event, NodeLost)
                self._upkeep.put_nowait(event)
            raise ConnectionError(f"node {self._phone.node}: our application's name was taken")

    async def _keep_up(self) -> None:
        while True:
            match await self._upkeep.get():
                case DeviceChanged(endpoint, device):
                    await device_changed(self._floor, endpoint, device)
                case NodeLost():
                    self._is_reconciled.clear()
                    log.warning("node_lost", node=self._phone.node)
                case NodeBack():
                    await self._reconcile()
                case _ as never:
                    assert_never(never)

    async def _reconcile(self) -> None:
        """Until it is done, or the connection is lost again: the next NodeBack tries anew."""
        while not self._is_lost:
            try:
                await reconcile(self._floor, self._phone)
            except NodeFault as fault:
                log.warning("reconcile_broken_off", node=self._phone.node, reason=str(fault))
                await self._floor.clock.sleep(RECONCILE_AGAIN_SECONDS)
            else:
                self._is_reconciled.set()
                return


async def reconcile(floor: Floor, phone: PhoneSystem) -> None:
    """After the connection to a node stood (again): every leg we follow is compared with it.

    Legs that ended meanwhile end here, answers that were missed are made up for, and the phones
    of the agents are as the node says.
    """
    followed = [(leg, leg.id) for leg in floor.legs.values() if leg.phone is phone and leg.exists]
    survey = await phone.survey()
    for leg, asked_as in followed:
        leg.compare_with(survey, asked_as)
    for endpoint, state in (await phone.watch(floor.directory.phones)).items():
        await device_changed(floor, endpoint, state)
    log.info("node_reconciled", node=phone.node, legs=len(followed))


async def device_changed(floor: Floor, endpoint: EndpointName, state: DeviceState) -> None:
    """An agent's phone registered or went away: the agent is reachable, or not rung."""
    owner = floor.directory.user_of(endpoint)
    if owner is None:
        return
    account, user = owner
    _, moved = await floor.store.change_device(account, user, Device(state))
    floor.follow_up(account, moved)
