"""A call that its agent has left by a transfer goes on between the others, until one of them goes.

Its entry is answered and over; the bridge is all that is left of it, and nobody stays alone there.
"""

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack

import structlog

from edge.domain.ids import BridgeId, LegId, is_dialled_by_us
from edge.journey.floor import Floor
from edge.journey.leg import Leg, attending, first_of
from edge.ports.phone_system import PhoneSystem

log = structlog.get_logger()

HANGS_UP_WITHIN_SECONDS = 1.0
"""A phone that was told that its transfer is done hangs up by itself, within milliseconds."""


def goes_on(inside: Collection[LegId]) -> bool:
    """Whether these, in the bridge of a call that is over, still talk with each other.

    The agent has gone: an agent's own leg would be one that we dialled.
    """
    return len(inside) > 1 and not any(is_dialled_by_us(leg) for leg in inside)


async def see_off(floor: Floor, phone: PhoneSystem, leg_id: LegId) -> None:
    """Wait until the phone that transferred the call has hung up; one that does not is helped."""
    async with attending(phone, leg_id, floor.legs, exists=True) as leg:
        try:
            async with asyncio.timeout(HANGS_UP_WITHIN_SECONDS):
                await leg.ended()
        except TimeoutError:
            await phone.hang_up(leg_id)


async def stay(phone: PhoneSystem, bridge: BridgeId, *legs: Leg) -> None:
    """Until one of them leaves; then nobody else stays.

    Nothing fences these legs any more, so Asterisk is asked whose they are: an edge that took
    them over has moved them, which looks like leaving.
    """
    await first_of(*(leg.ended() for leg in legs))
    survey = await phone.survey()
    ours = survey.waiting_in_app.get(phone.app, frozenset())
    inside = survey.bridges.get(bridge, frozenset())
    for leg in inside | {leg.id for leg in legs}:
        if leg in ours:
            await phone.hang_up(leg)
    if inside <= ours:
        await phone.remove_bridge(bridge)
        log.info("transferred_call_over", bridge=bridge)


async def stay_on(
    floor: Floor, phone: PhoneSystem, bridge: BridgeId, inside: Collection[LegId]
) -> None:
    """The same for a call whose edge has died: take its legs over, and stay."""
    async with AsyncExitStack() as attention:
        legs = []
        for leg_id in sorted(inside):
            leg = await attention.enter_async_context(
                attending(phone, leg_id, floor.legs, exists=True)
            )
            leg.conversation = bridge
            legs.append(leg)
        for leg in legs:
            await phone.adopt(leg.id)
        asked_as = [leg.id for leg in legs]
        survey = await floor.surveys[phone.node].take()
        for leg, leg_id in zip(legs, asked_as, strict=True):
            leg.compare_with(survey, leg_id)
        await stay(phone, bridge, *legs)
