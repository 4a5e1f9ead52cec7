"""A dead edge's callers become ours and go on where they were, with no gap in what they hear."""

from collections.abc import Callable

import structlog

from edge.domain.disposition import BY_KEY, WITH_A_CALLER
from edge.domain.entry import Entry, Stage
from edge.domain.ids import (
    AccountId,
    BridgeId,
    EntryId,
    LegId,
    RunId,
    UserId,
    entry_of_conversation,
    leads_onward,
)
from edge.journey.floor import Floor
from edge.journey.leg import AGENT_VARIABLE, ENTRY_VARIABLE, clear_away
from edge.journey.onward import goes_on
from edge.ports.phone_system import Arrival, Done, EndReason, PhoneSystem, Survey

log = structlog.get_logger()

ADOPTED_WITHIN_SECONDS = 30

Parted = tuple[AccountId, Entry, set[LegId]]
"""An entry that has ended and whose caller is on the line, with the legs that were found of it."""
Resume = Callable[[PhoneSystem, AccountId, Entry, frozenset[LegId]], None]
Arrived = Callable[[PhoneSystem, Arrival], None]
StayOn = Callable[[PhoneSystem, BridgeId, frozenset[LegId]], None]


async def take_over(
    floor: Floor, dead: RunId, resume: Resume, arrived: Arrived, stay_on: StayOn
) -> None:
    """Take what the dead edge owned in every account, and its calls that stood nowhere.

    One move an account; if this edge dies in between, what it took is its own and is taken from
    it in turn, and the rest is given to the next.
    """
    taken: set[LegId] = set()
    for account in floor.directory.accounts:
        _, moved = await floor.store.take_over(account, dead)
        for entry in moved.entries:
            taken.add(entry.leg)
            of_agents = [agent for agent in moved.agents if agent.leg_entry == entry.id]
            rung = frozenset(agent.leg for agent in of_agents if agent.leg is not None)
            resume(floor.phones[entry.node], account, entry, rung)
        taken |= {agent.leg for agent in moved.agents if agent.leg is not None}
        floor.follow_up(account, moved)
    strays = 0
    for phone in floor.phones.values():
        survey = await phone.survey()
        unowned = survey.waiting_in_app.get(dead, frozenset()) - taken
        parted: dict[EntryId, Parted] = {}
        for leg in unowned - await _transferred(floor, phone, survey, unowned, stay_on):
            strays += 1
            await _take_in(floor, phone, leg, parted, arrived)
        for account, entry, legs in parted.values():
            resume(phone, account, entry, frozenset(filter(leads_onward, legs)))
        await _clear_bridges(floor, phone, survey)
    await floor.store.bury(dead)
    log.warning("edge_taken_over", dead=dead, legs=len(taken), strays=strays)
    for phone in floor.phones.values():
        await _forget(floor, phone, dead)


async def _transferred(
    floor: Floor, phone: PhoneSystem, survey: Survey, legs: frozenset[LegId], stay_on: StayOn
) -> frozenset[LegId]:
    """Those of the legs that came into a conversation by a transfer.

    While its entry lives they are found by its conductor; afterwards the bridge is all there is.
    """
    found: frozenset[LegId] = frozenset()
    for bridge, inside in survey.bridges.items():
        named = entry_of_conversation(bridge)
        if named is None or not inside & legs:
            continue
        known = await _entry(floor, named)
        if known is not None and known[1].stage is not Stage.ENDED:
            found |= inside
        elif goes_on(inside):
            found |= inside
            stay_on(phone, bridge, inside)
    return found


async def _take_in(
    floor: Floor,
    phone: PhoneSystem,
    leg: LegId,
    parted: dict[EntryId, Parted],
    arrived: Arrived,
) -> None:
    """A leg in the dead edge's application that it did not own, by what is written on it.

    A caller not yet in line arrives anew. One whose entry lives, and the leg of an agent who is
    on it, are somebody's: of an edge that took them and died, say. One who waited in vain, or was
    turned away, is told so; one whom a key led away is led on, with the leg to where it leads
    (`parted`). The rest is ended.
    """
    # Asked of an agent's own call too: by that call a caller of another edge may be picked.
    if await _is_on(floor, await phone.variable(leg, AGENT_VARIABLE), leg):
        return
    named = await phone.variable(leg, ENTRY_VARIABLE)
    found = await _entry(floor, EntryId(named)) if named else None
    if leads_onward(leg):
        await _keep_or_end(phone, leg, found, parted)
        return
    if found is None:
        arrival = await phone.recall_arrival(leg)
        if arrival is None:
            # A phone that rings on after its offer was over: the agent has missed no call.
            await phone.hang_up(leg, EndReason.ANSWERED_ELSEWHERE)
        elif await phone.adopt(leg) is Done.DONE:
            arrived(phone, arrival)
        return
    account, entry = await _newest(floor, *found)
    if entry.stage is Stage.ENDED and entry.disposition in WITH_A_CALLER:
        parted.setdefault(entry.id, (account, entry, set()))[2].add(leg)
    elif entry.stage is Stage.ENDED:
        await phone.hang_up(leg)


async def _keep_or_end(
    phone: PhoneSystem,
    leg: LegId,
    found: tuple[AccountId, Entry] | None,
    parted: dict[EntryId, Parted],
) -> None:
    """A leg to where a key leads: its caller's, unless the caller has gone on elsewhere."""
    if found is not None and found[1].disposition in BY_KEY and found[1].onward is None:
        account, entry = found
        parted.setdefault(entry.id, (account, entry, set()))[2].add(leg)
    else:
        await phone.hang_up(leg)


async def _newest(floor: Floor, account: AccountId, entry: Entry) -> tuple[AccountId, Entry]:
    """The last place that the caller's keys have led to."""
    while entry.onward is not None:
        onward = await floor.store.entry(account, entry.onward)
        if onward is None:
            break
        entry = onward
    return account, entry


async def _is_on(floor: Floor, named: str | None, leg: LegId) -> bool:
    """Whether the agent named on this leg is rung or talks on it."""
    account, _, user = (named or "").partition(" ")
    if not user:
        return False
    return (await floor.store.agent(AccountId(account), UserId(user))).leg == leg


async def _clear_bridges(floor: Floor, phone: PhoneSystem, survey: Survey) -> None:
    """Remove the bridges of conversations that are over; their legs were strays or are ending."""
    for bridge, inside in survey.bridges.items():
        named = entry_of_conversation(bridge)
        # An entry that no account knows is another site's on the same node.
        found = await _entry(floor, named) if named else None
        if found is not None and found[1].stage is Stage.ENDED and not goes_on(inside):
            await clear_away(phone, found[1].id)


async def _entry(floor: Floor, entry: EntryId) -> tuple[AccountId, Entry] | None:
    for account in floor.directory.accounts:
        found = await floor.store.entry(account, entry)
        if found is not None:
            return account, found
    return None


async def _forget(floor: Floor, phone: PhoneSystem, dead: RunId) -> None:
    """When all legs have moved to us, nothing of the dead edge is left on the node."""
    for _ in range(ADOPTED_WITHIN_SECONDS):
        if not (await phone.survey()).waiting_in_app.get(dead):
            await phone.forget_application(dead)
            return
        await floor.clock.sleep(1)
    log.error("legs_not_adopted", dead=dead, node=phone.node)
