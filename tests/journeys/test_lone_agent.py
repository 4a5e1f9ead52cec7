"""One agent, many callers, and a phone that takes none of them: it is not rung without end."""

import asyncio

import pytest

from edge.domain.events import EventName
from edge.ports.phone_system import EndReason
from tests.fakes.clock import LoopClock
from tests.fakes.office import Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.world import ANN

CALLERS = 30
MINUTE = 60


async def offers_in_a_minute(office: Office) -> int:
    for _ in range(CALLERS):
        office.call()
    await LoopClock().sleep(MINUTE)
    return office.events().count(EventName.ENTRY_OFFERED)


@pytest.mark.parametrize("when_rung", [WhenRung.REFUSES, WhenRung.IS_BUSY])
async def test_who_refuses_is_offered_one_caller_in_ten_seconds(when_rung: WhenRung) -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = when_rung
        office.phone(ANN).after_seconds = 0.0
        assert await offers_in_a_minute(office) <= 7


async def test_who_misses_is_offered_one_caller_in_a_ring_time() -> None:
    async with open_office(ANN, ring_seconds=2) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        assert 25 <= await offers_in_a_minute(office) <= 31


async def test_who_can_not_be_reached_is_offered_nobody_until_the_phone_is_back() -> None:
    async with open_office(ANN) as office:
        # Nobody was told: the registration ran out in this moment.
        office.phone(ANN).is_registered = False
        assert await offers_in_a_minute(office) == 1
        office.phone(ANN).is_registered = True


async def test_a_phone_that_gives_up_at_once_is_not_rung_for_everybody_in_turn() -> None:
    """It says 408 as soon as it rings: no answer, but not after the ring time."""
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        giving_up = asyncio.create_task(gives_up_at_once(office))
        assert await offers_in_a_minute(office) <= 7
        assert office.agent(ANN).misses == 0, "nobody let it ring"
        giving_up.cancel()
        await asyncio.gather(giving_up, return_exceptions=True)


async def gives_up_at_once(office: Office) -> None:
    while True:
        await LoopClock().sleep(0.05)
        leg = office.phone(ANN).leg
        if leg is not None:
            office.board.end(leg, EndReason.NO_ANSWER)
