"""*45 toggles login, *46 toggles pause: the state changes, a word is spoken, the call ends."""

import asyncio

import structlog

from edge.domain.agent import Agent, PresenceChange, Status
from edge.domain.routing import StarCode, ToStarCode
from edge.journey.floor import Floor
from edge.journey.leg import Leg, attending, while_present
from edge.journey.reconcile import device_changed
from edge.journey.speech import LISTENING_SECONDS, say
from edge.ports.phone_system import Arrival, DeviceState, Done, NodeFault, PhoneSystem
from edge.ports.prompts import Prompt
from edge.ports.queue_store import PresenceWord

log = structlog.get_logger()

SPOKEN_WITHIN_SECONDS = 15.0

CHANGES = {
    StarCode.TOGGLE_LOGIN: PresenceChange.TOGGLE_LOGIN,
    StarCode.TOGGLE_PAUSE: PresenceChange.TOGGLE_PAUSE,
}


def confirmation(code: StarCode, word: PresenceWord, agent: Agent) -> Prompt:
    """What is spoken after the change; during a call of a queue it may be pending."""
    if word is PresenceWord.REFUSED:
        return Prompt.LOG_IN_FIRST
    if agent.pending is not None:
        is_pause = agent.pending.status is Status.PAUSED
        return Prompt.PAUSED_AFTER_CALL if is_pause else Prompt.LOGGED_OUT_AFTER_CALL
    status = agent.status
    if code is StarCode.TOGGLE_LOGIN:
        return Prompt.LOGGED_OUT if status is Status.LOGGED_OUT else Prompt.LOGGED_IN
    return Prompt.PAUSED if status is Status.PAUSED else Prompt.UNPAUSED


async def dial_star_code(
    floor: Floor, phone: PhoneSystem, arrival: Arrival, route: ToStarCode
) -> None:
    """One call of a star code. The change is made once, even if the call is taken over.

    First of all the phone counts as in use: whoever logs in is not rung during this very call.
    The node says so too, but perhaps later than the change; at the end its word holds.
    """
    async with attending(phone, arrival.leg, floor.legs, exists=True) as leg:
        await device_changed(floor, arrival.endpoint, DeviceState.IN_USE)
        try:
            async with asyncio.timeout(SPOKEN_WITHIN_SECONDS):
                await while_present(leg, _change_and_confirm(floor, leg, route))
        except (TimeoutError, NodeFault) as fault:
            # Hung up all the same: a call that stayed would keep its agent from being rung.
            log.warning(
                "confirmation_not_spoken", user=route.user, code=route.code, reason=repr(fault)
            )
        await phone.hang_up(leg.id)
        await device_changed(floor, arrival.endpoint, phone.device(arrival.endpoint))


async def _change_and_confirm(floor: Floor, leg: Leg, route: ToStarCode) -> None:
    word, moved = await floor.store.change_presence(
        route.account, route.user, CHANGES[route.code], command=leg.id
    )
    floor.follow_up(route.account, moved)
    log.info("presence_changed", user=route.user, status=moved.agent.status, word=word)
    if await leg.phone.answer(leg.id) is Done.GONE:
        return
    await floor.clock.sleep(LISTENING_SECONDS)
    prompt = confirmation(route.code, word, moved.agent)
    await say(leg, floor.prompts.sounds(prompt, route.language), SPOKEN_WITHIN_SECONDS)
