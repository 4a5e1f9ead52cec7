"""An agent is to answer a caller by API: that agent's phone rings, out of order."""

import asyncio

from edge.domain.agent import Occupancy, PresenceChange
from edge.domain.entry import Stage
from edge.domain.ids import UserId, new_leg_id
from edge.ports.phone_system import EndReason
from edge.ports.queue_store import PickWord
from tests.fakes.edge import FakeEdge
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BOB


async def answer(office: Office, caller: Caller, user: UserId, edge: FakeEdge) -> PickWord:
    """As the API of this edge does it."""
    word, moved = await edge.store.pick(
        ACCOUNT_ID, caller.entry.id, user, new_leg_id(), is_called=False
    )
    edge.floor.moved_by_others(ACCOUNT_ID, moved)
    return word


async def paused(office: Office, user: UserId) -> None:
    await office.desk.change_presence(ACCOUNT_ID, user, PresenceChange.PAUSED)


async def two_waiting(office: Office) -> tuple[Caller, Caller]:
    first = office.call(number="12025550111")
    await first.joins()
    await asyncio.sleep(0.1)
    second = office.call(number="12025550112")
    await second.joins()
    return first, second


async def test_the_second_in_line_is_answered_and_the_first_keeps_the_place() -> None:
    async with open_office() as office:
        first, second = await two_waiting(office)
        await paused(office, ANN)
        place = first.entry.place
        assert await answer(office, second, ANN, office.edge) is PickWord.PICKED
        await second.talks_with(ANN)
        assert office.phone(ANN).rung == 1
        assert [entry.id for entry in office.memory.line(ALPHA)] == [first.entry.id]
        assert (first.entry.stage, first.entry.place) == (Stage.WAITING, place)
        assert first.heard == ["music default"]
        assert "silence" not in second.heard


async def test_whoever_rings_for_that_caller_stops_and_missed_nothing() -> None:
    async with open_office(BOB) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(BOB).rung == 1, "Bob is rung")
        await paused(office, ANN)
        assert await answer(office, caller, ANN, office.edge) is PickWord.PICKED
        await wait_until(lambda: office.phone(BOB).leg is None, "Bob's phone is quiet", 1)
        assert office.phone(BOB).missed == [EndReason.ANSWERED_ELSEWHERE]
        await caller.talks_with(ANN)
        assert office.agent(BOB).misses == 0
        assert office.agent(BOB).occupancy is Occupancy.IDLE


async def test_asked_twice_rings_once() -> None:
    async with open_office() as office:
        caller, _ = await two_waiting(office)
        await paused(office, ANN)
        words = [await answer(office, caller, ANN, office.edge) for _ in range(2)]
        assert words == [PickWord.PICKED, PickWord.NOT_IDLE]
        await caller.talks_with(ANN)
        assert office.phone(ANN).rung == 1


async def test_asked_at_another_edge_the_callers_own_rings_the_agent() -> None:
    async with open_office() as office:
        caller, _ = await two_waiting(office)
        await paused(office, ANN)
        other = office.start_edge()
        await office.ready()
        assert await answer(office, caller, ANN, other) is PickWord.PICKED
        await caller.talks_with(ANN)
        assert caller.entry.owner == office.edges[0].run


async def test_an_agent_who_does_not_answer_is_no_loss_for_the_caller() -> None:
    async with open_office(ring_seconds=10) as office:
        first, second = await two_waiting(office)
        await paused(office, ANN)
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        await answer(office, second, ANN, office.edge)
        await wait_until(lambda: second.entry.stage is Stage.WAITING, "waits again", 15)
        assert [entry.id for entry in office.memory.line(ALPHA)] == [
            first.entry.id,
            second.entry.id,
        ]
        await office.log_in(BOB)
        await first.talks_with(BOB)


async def test_the_caller_hangs_up_in_the_moment_of_the_pick_and_the_agent_is_free() -> None:
    async with open_office() as office:
        caller, _ = await two_waiting(office)
        await paused(office, ANN)
        caller.hang_up()
        await answer(office, caller, ANN, office.edge)
        await office.is_occupied(ANN, Occupancy.IDLE)
        assert office.agent(ANN).leg is None
