"""The one place where Asterisk's truth about legs and ours are brought together again."""

import structlog

from edge.domain.agent import Device
from edge.domain.ids import EndpointName
from edge.journey.floor import Floor
from edge.ports.phone_system import DeviceState, PhoneSystem

log = structlog.get_logger()


async def reconcile(floor: Floor, phone: PhoneSystem) -> None:
    """After the connection to a node stood (again): every leg we follow is compared with it.

    Legs that ended meanwhile end here, answers that were missed are made up for, and the phones
    of the agents are as the node says.
    """
    followed = [leg for leg in floor.legs.values() if leg.phone is phone and leg.exists]
    survey = await phone.survey()
    for leg in followed:
        leg.compare_with(survey)
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
