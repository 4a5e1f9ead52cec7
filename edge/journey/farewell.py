"""A caller who is turned away, or has waited in vain, is told why, and the call ends."""

from edge.domain.disposition import Disposition
from edge.domain.entry import Entry
from edge.domain.ids import AccountId
from edge.journey.floor import Floor
from edge.journey.leg import Leg
from edge.journey.speech import say, sounds_of
from edge.ports.phone_system import Done, EndReason
from edge.ports.prompts import Prompt

SPOKEN_WITHIN_SECONDS = 15.0

FAREWELLS: dict[Disposition, Prompt] = {
    Disposition.CLOSED: Prompt.QUEUE_CLOSED,
    Disposition.JOIN_EMPTY: Prompt.NOBODY_AVAILABLE,
    Disposition.QUEUE_FULL: Prompt.QUEUE_FULL,
    Disposition.DIVERTED: Prompt.LINES_BUSY,
    Disposition.LEAVE_EMPTY: Prompt.NOBODY_AVAILABLE,
    Disposition.TIMED_OUT: Prompt.WAIT_IS_OVER,
}
"""What is spoken for each end that the caller did not choose."""


async def turn_away(floor: Floor, account: AccountId, entry: Entry, leg: Leg) -> None:
    """The call is not let in and was not answered: to a caller from inside the queue is busy, so
    that the phone's own plan goes on; one from outside hears why."""
    if entry.inside:
        await leg.phone.hang_up(leg.id, EndReason.BUSY)
    elif await leg.phone.answer(leg.id) is Done.DONE:
        await say_farewell(floor, account, entry, leg)


async def say_farewell(floor: Floor, account: AccountId, entry: Entry, leg: Leg) -> None:
    """Speak the farewell of an entry that has ended, then hang up. Begun anew after a takeover."""
    prompt = FAREWELLS.get(entry.disposition) if entry.disposition is not None else None
    if prompt is not None:
        language = floor.directory.language(account, entry.queue)
        words = sounds_of(floor, account, [prompt], language)
        await say(leg, words, SPOKEN_WITHIN_SECONDS, language)
    await leg.hang_up()
