"""*47 answers the first who waits in the agent's queues, *472 the second, and so on: the agent's
own call is put through to the caller."""

from typing import assert_never

import structlog

from edge.domain.agent import Status
from edge.domain.entry import Entry
from edge.domain.routing import ToPick
from edge.journey.floor import Floor
from edge.journey.leg import AGENT_VARIABLE, Leg, attending, while_present
from edge.journey.speech import LISTENING_SECONDS, say
from edge.ports.phone_system import Arrival, Done, PhoneSystem
from edge.ports.prompts import Prompt
from edge.ports.queue_store import Moved, PickWord

log = structlog.get_logger()

TRIES = 3
"""Another agent may be quicker: then the next who stands at that position is picked."""
RECOVERING_SECONDS = 1.0
PUT_THROUGH_WITHIN_SECONDS = 3.0
SPOKEN_WITHIN_SECONDS = 15.0


async def dial_pick(floor: Floor, phone: PhoneSystem, arrival: Arrival, route: ToPick) -> None:
    """One call of the pick code. Once it has picked, the leg is the offer's, like one that was rung
    and answered; it ends here only where nobody took it on."""
    async with attending(phone, arrival.leg, floor.legs, exists=True) as leg:
        picked = await _pick(floor, leg, route)
        if picked is None:
            await phone.hang_up(leg.id)
            return
    await floor.dispatch(route.account, picked.entry, picked.agents)
    await floor.clock.sleep(PUT_THROUGH_WITHIN_SECONDS)
    if (await floor.store.agent(route.account, route.user)).leg != arrival.leg:
        await phone.hang_up(arrival.leg)


async def _pick(floor: Floor, leg: Leg, route: ToPick) -> Moved | None:
    """Reserve the caller for this leg; None where nobody was to be had, and the agent was told.

    A hang-up does not cut the reserving short: a caller may be reserved all the same, and would
    wait for a phone that is gone. The offer finds that out and lets go.
    """
    if await leg.phone.answer(leg.id) is Done.GONE:
        return None
    named = {AGENT_VARIABLE: f"{route.account} {route.user}"}
    await leg.phone.set_variables(leg.id, named)
    picked = await _reserve(floor, leg, route)
    if isinstance(picked, Prompt):
        await while_present(leg, _tell(floor, leg, route, picked))
        return None
    return picked


async def _tell(floor: Floor, leg: Leg, route: ToPick, prompt: Prompt) -> None:
    await floor.clock.sleep(LISTENING_SECONDS)
    await say(leg, floor.prompts.sounds(prompt, route.language), SPOKEN_WITHIN_SECONDS)


async def _reserve(floor: Floor, leg: Leg, route: ToPick) -> Moved | Prompt:
    """Take the caller, or what the agent is to hear instead."""
    for _ in range(TRIES):
        entry = await _at_position(floor, route)
        if entry is None or leg.has_ended:
            break
        word, moved = await floor.store.pick(
            route.account, entry.id, route.user, leg.id, is_called=True
        )
        floor.follow_up(route.account, moved)
        match word:
            case PickWord.PICKED:
                log.info("caller_picked", entry=entry.id, user=route.user)
                return moved
            case PickWord.NOT_IDLE:
                is_out = moved.agent.status is Status.LOGGED_OUT
                return Prompt.LOG_IN_FIRST if is_out else Prompt.NOT_ALLOWED
            case PickWord.STALE:
                continue
            case PickWord.RECOVERING:
                await floor.clock.sleep(RECOVERING_SECONDS)
            case _ as never:
                assert_never(never)
    return Prompt.NOBODY_WAITING


async def _at_position(floor: Floor, route: ToPick) -> Entry | None:
    """Who stands there among all who wait in the agent's queues, as if these were one line."""
    waiting: list[Entry] = []
    for queue in floor.directory.queues_of(route.account, route.user):
        waiting += await floor.store.line(route.account, queue, route.position)
    waiting.sort(key=lambda entry: (-entry.priority, entry.place, entry.id))
    return waiting[route.position - 1] if len(waiting) >= route.position else None
