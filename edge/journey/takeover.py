"""A dead edge's callers become ours and go on where they were, with no gap in what they hear."""

from collections.abc import Callable

import structlog

from edge.domain.entry import Entry
from edge.domain.ids import AccountId, LegId, RunId
from edge.journey.floor import Floor
from edge.ports.phone_system import Arrival, Done, PhoneSystem

log = structlog.get_logger()


Resume = Callable[[PhoneSystem, AccountId, Entry], None]
Arrived = Callable[[PhoneSystem, Arrival], None]


async def take_over(floor: Floor, dead: RunId, resume: Resume, arrived: Arrived) -> None:
    """Take what the dead edge owned in every account, and its calls that stood nowhere.

    One move an account: two edges that try at once share nothing, and if this edge dies in
    between, what it took is its own and is taken from it in turn.
    """
    taken: set[LegId] = set()
    for account in floor.directory.accounts:
        _, moved = await floor.store.take_over(account, dead)
        for entry in moved.entries:
            taken.add(entry.leg)
            resume(floor.phones[entry.node], account, entry)
        taken |= {agent.leg for agent in moved.agents if agent.leg is not None}
        floor.follow_up(account, moved)
    strays = 0
    for phone in floor.phones.values():
        for leg in (await phone.survey()).waiting_in_app.get(dead, frozenset()) - taken:
            strays += 1
            await _take_in(phone, leg, arrived)
    await floor.store.bury(dead)
    log.warning("edge_taken_over", dead=dead, legs=len(taken), strays=strays)


async def _take_in(phone: PhoneSystem, leg: LegId, arrived: Arrived) -> None:
    """A leg that the dead edge wrote down nowhere: a caller arrives anew, the rest is ended."""
    arrival = await phone.recall_arrival(leg)
    if arrival is None:
        await phone.hang_up(leg)
    elif await phone.adopt(leg) is Done.DONE:
        arrived(phone, arrival)
