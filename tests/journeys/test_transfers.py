"""Somebody in a conversation transfers it: the agent is free, the others talk on, nobody alone."""

import asyncio

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.events import EventName
from edge.domain.ids import EndpointName, LegId, UserId
from edge.ports.phone_system import EndReason
from tests.fakes.office import Caller, Office, audible, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, BOB, phone_of

THIRD = EndpointName("309")
MUSIC = "music default"


async def talking(office: Office, user: UserId = ANN) -> Caller:
    caller = office.call()
    await caller.talks_with(user)
    await asyncio.sleep(1)
    return caller


def agents_leg(office: Office, user: UserId = ANN) -> LegId:
    leg = office.phone(user).leg
    assert leg is not None
    return leg


async def start_again(office: Office) -> None:
    await office.edge.kill()
    office.start_edge()
    await office.ready()


async def taken_over(office: Office) -> None:
    """Every leg stands in the youngest edge's application."""
    run = office.edge.run
    await wait_until(lambda: all(leg.app == run for leg in office.board.legs.values()), "taken", 15)


async def test_the_agent_is_free_and_the_caller_talks_on_with_the_third_party() -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        caller = await talking(office)
        office.board.transfer(agents_leg(office), THIRD)
        await office.is_occupied(ANN, Occupancy.IDLE, within_seconds=0.5)
        assert caller.entry.stage is Stage.ENDED
        assert caller.entry.disposition is Disposition.ANSWERED
        talk_ms = caller.entry.ended_at_ms - caller.entry.connected_at_ms
        assert 900 <= talk_ms <= 1_200, "the talk time is that of the agent"
        following = office.call()
        await following.talks_with(ANN)
        await asyncio.sleep(30)
        assert caller.heard == [MUSIC, "talk with 201", "talk with 309"]
        assert office.events().count(EventName.CALL_COMPLETED) == 1


@pytest.mark.parametrize("who", ["caller", "third"])
async def test_when_one_of_those_who_talk_on_hangs_up_nobody_stays_alone(who: str) -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        third = office.board.transfer(agents_leg(office), THIRD)
        await asyncio.sleep(5)
        office.board.end(caller.leg.id if who == "caller" else third, EndReason.NORMAL)
        await wait_until(lambda: not office.board.legs, "both are gone", 2)
        await wait_until(lambda: f"talk_{caller.entry.id[4:]}" not in office.board.bridges, "gone")
        assert office.events().count(EventName.CALL_COMPLETED) == 1


async def test_a_transfer_to_a_phone_that_is_busy_ends_the_call_properly() -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        caller = await talking(office)
        third = office.board.transfer(agents_leg(office), THIRD)
        office.board.end(third, EndReason.BUSY)
        await wait_until(lambda: not caller.is_on_the_line, "hung up", 2)
        await office.is_occupied(ANN, Occupancy.IDLE)
        assert caller.entry.disposition is Disposition.ANSWERED


async def test_a_phone_that_does_not_hang_up_after_its_transfer_is_helped() -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        caller = await talking(office)
        leg = agents_leg(office)
        office.board.transfer(leg, THIRD, hangs_up=False)
        await office.is_occupied(ANN, Occupancy.IDLE, within_seconds=2)
        assert leg in office.board.ended
        assert caller.hears == "talk with 309"


async def test_the_caller_transfers_and_the_agent_talks_on() -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        third = office.board.transfer(caller.leg.id, THIRD)
        await asyncio.sleep(30)
        assert office.agent(ANN).occupancy is Occupancy.TALKING
        agent = office.board.legs[agents_leg(office)]
        assert agent.hears == "talk with 309"
        (entry,) = office.memory.entries.values()
        assert (entry.stage, entry.leg) == (Stage.TALKING, third)
        office.board.end(third, EndReason.NORMAL)
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        assert office.events().count(EventName.CALLER_TRANSFERRED) == 1


async def test_first_the_caller_and_then_the_agent_transfers() -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        third = office.board.transfer(caller.leg.id, THIRD)
        await asyncio.sleep(1)
        fourth = office.board.transfer(agents_leg(office), EndpointName("308"))
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        await asyncio.sleep(5)
        assert office.board.legs[third].hears == "talk with 308"
        office.board.end(fourth, EndReason.NORMAL)
        await wait_until(lambda: not office.board.legs, "nobody alone")


async def test_who_talks_on_may_transfer_as_well() -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        third = office.board.transfer(agents_leg(office), THIRD)
        await asyncio.sleep(1)
        fourth = office.board.transfer(caller.leg.id, EndpointName("308"))
        await asyncio.sleep(5)
        assert office.board.legs[third].hears == "talk with 308"
        office.board.end(third, EndReason.NORMAL)
        await wait_until(lambda: fourth in office.board.ended, "nobody alone")


@pytest.mark.parametrize("ms", range(0, 30, 2))
@pytest.mark.parametrize("who", ["agent", "caller"])
async def test_killed_at_any_moment_of_a_transfer(who: str, ms: int) -> None:
    async with open_office(ANN, wrap_up_seconds=2) as office:
        caller = await talking(office)
        leg = agents_leg(office) if who == "agent" else caller.leg.id
        asyncio.get_running_loop().call_later(0.005, office.board.transfer, leg, THIRD)
        await asyncio.sleep(ms / 1000)
        await start_again(office)
        await taken_over(office)
        if who == "agent":
            await office.is_occupied(ANN, Occupancy.IDLE, within_seconds=10)
            assert caller.entry.disposition is Disposition.ANSWERED
            await asyncio.sleep(10)
            assert caller.hears == "talk with 309"
            caller.hang_up()
        else:
            await asyncio.sleep(10)
            assert office.board.legs[agents_leg(office)].hears == "talk with 309"
            assert office.agent(ANN).occupancy is Occupancy.TALKING
            office.hang_up_agent(ANN)
        await wait_until(lambda: not office.board.legs, "nobody stays alone")


@pytest.mark.parametrize("times", [1, 2])
async def test_those_who_talk_on_do_so_through_the_end_of_their_edge(times: int) -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        third = office.board.transfer(agents_leg(office), THIRD)
        await asyncio.sleep(3)
        for _ in range(times):
            await start_again(office)
            await taken_over(office)
            await asyncio.sleep(3)
        assert caller.heard == [MUSIC, "talk with 201", "talk with 309"]
        assert len(office.memory.entries) == 1, "who talks on is no new caller"
        office.board.end(third, EndReason.NORMAL)
        await wait_until(lambda: not office.board.legs, "nobody stays alone")


async def test_they_talk_on_though_nobody_remembers_their_call() -> None:
    """An entry that is over is forgotten after an hour."""
    async with open_office(ANN) as office:
        caller = await talking(office)
        office.board.transfer(agents_leg(office), THIRD)
        await asyncio.sleep(3)
        await office.edge.kill()
        office.memory.entries.clear()
        office.start_edge()
        await office.ready()
        await taken_over(office)
        await asyncio.sleep(3)
        assert caller.heard == [MUSIC, "talk with 201", "talk with 309"]
        caller.hang_up()
        await wait_until(lambda: not office.board.legs, "nobody stays alone")


async def test_another_edge_that_dies_takes_nobody_down_who_talks_on() -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        office.board.transfer(agents_leg(office), THIRD)
        other = office.start_edge()
        await office.ready()
        await other.kill()
        await asyncio.sleep(10)
        assert caller.hears == "talk with 309"
        caller.hang_up()
        await wait_until(lambda: not office.board.legs, "nobody stays alone")


@pytest.mark.parametrize("who", ["agent", "caller"])
async def test_one_of_those_who_talk_on_hung_up_while_no_edge_lived(who: str) -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        third = office.board.transfer(agents_leg(office), THIRD)
        await asyncio.sleep(1)
        await office.edge.kill()
        office.board.end(third if who == "agent" else caller.leg.id, EndReason.NORMAL)
        office.start_edge()
        await wait_until(lambda: not office.board.legs, "nobody stays alone", 15)


@pytest.mark.parametrize("who", ["agent", "caller"])
async def test_a_transfer_while_the_events_are_cut_off_is_made_up_for(who: str) -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        office.edge.phone.cut()
        leg = agents_leg(office) if who == "agent" else caller.leg.id
        third = office.board.transfer(leg, THIRD)
        await asyncio.sleep(0.5)
        office.edge.phone.mend()
        if who == "agent":
            await office.is_occupied(ANN, Occupancy.WRAP_UP)
        await asyncio.sleep(5)
        expected = Occupancy.IDLE if who == "agent" else Occupancy.TALKING
        await office.is_occupied(ANN, expected)
        assert third in office.board.legs
        assert office.board.legs[third].hears.startswith("talk with")
        office.board.end(third, EndReason.NORMAL)
        await wait_until(lambda: not office.board.legs, "nobody stays alone")


@pytest.mark.parametrize("order", ["survey", "hang_up", "remove_bridge"])
async def test_a_node_that_does_not_answer_at_the_end_leaves_nobody_alone(order: str) -> None:
    async with open_office(ANN) as office:
        caller = await talking(office)
        third = office.board.transfer(agents_leg(office), THIRD)
        await asyncio.sleep(3)
        office.edge.phone.fail_once(order, is_done=False)
        office.board.end(third, EndReason.NORMAL)
        await wait_until(lambda: not office.board.legs, "nobody stays alone")
        assert not caller.is_on_the_line


async def test_a_colleague_who_is_called_in_consultation_and_takes_over_is_no_queue_call() -> None:
    """The third party is an agent too: in a call of its own, and not rung before it is over."""
    async with open_office(ANN, wrap_up_seconds=0) as office:
        caller = await talking(office)
        await office.log_in(BOB)
        office.board.transfer(agents_leg(office), phone_of(BOB))
        office.board.tell_device(phone_of(BOB))
        await office.is_occupied(ANN, Occupancy.IDLE)
        following = office.call()
        await following.talks_with(ANN)
        last = office.call()
        await last.joins()
        await asyncio.sleep(3)
        assert last.hears == MUSIC
        assert office.phone(BOB).rung == 0
        caller.hang_up()
        await last.talks_with(BOB)


async def test_a_place_in_line_that_is_handed_over_is_kept() -> None:
    """Somebody calls for another, hears the music, and transfers: the other is served there."""
    async with open_office() as office:
        first, caller = office.call(), office.call()
        await first.joins()
        await caller.joins()
        other = office.board.transfer(caller.leg.id, THIRD)
        await wait_until(lambda: other in {e.leg for e in office.memory.entries.values()}, "known")
        await asyncio.sleep(2)
        assert office.board.legs[other].hears == MUSIC
        await start_again(office)
        await office.log_in(ANN)
        await first.talks_with(ANN)
        first.hang_up()
        agent = phone_of(ANN)
        await wait_until(
            lambda: office.board.legs[other].hears == f"talk with {agent}", "served", 20
        )
        assert len(office.memory.entries) == 2
        office.board.end(other, EndReason.NORMAL)


@pytest.mark.parametrize("tenths", range(0, 14, 2))
async def test_who_takes_the_call_over_after_a_fault_of_the_node_has_the_place(
    tenths: int,
) -> None:
    """A new conductor goes on a second later; until then nobody follows the call."""
    async with open_office() as office:
        caller = office.call()
        await caller.hears_soon(MUSIC)
        office.edge.phone.fail_once("dial", is_done=False)
        await office.log_in(ANN)
        await wait_until(lambda: caller.entry.stage is Stage.OFFERED, "offered")
        await asyncio.sleep(tenths / 10 + 0.01)
        other = office.board.legs[office.board.transfer(caller.leg.id, THIRD)]
        await wait_until(lambda: other.hears == f"talk with {phone_of(ANN)}", "served", 15)
        assert "silence" not in audible(other)
        assert len(office.memory.entries) == 1
        office.board.end(other.id, EndReason.NORMAL)


SPOKEN = {
    "agent_announcement": ("hello",),
    "member_delay_seconds": 1,
    "caller_announcement": ("bye",),
}


@pytest.mark.parametrize("tenths", range(0, 24, 4))
async def test_who_takes_the_call_over_while_the_agent_is_told_of_it_hears_music(
    tenths: int,
) -> None:
    async with open_office(ANN, **SPOKEN) as office:
        caller = office.call()
        await wait_until(lambda: office.agent(ANN).occupancy is Occupancy.TALKING, "answered", 10)
        await asyncio.sleep(tenths / 10)
        other = office.board.legs[office.board.transfer(caller.leg.id, THIRD)]
        await wait_until(lambda: other.hears == f"talk with {phone_of(ANN)}", "they talk", 10)
        assert audible(other) == [MUSIC, "en/bye", other.hears]
        office.board.end(other.id, EndReason.NORMAL)


@pytest.mark.parametrize("half_ms", range(-14, 14))
async def test_who_takes_the_call_over_as_the_agent_answers_is_not_taken_out_of_the_talk(
    half_ms: int,
) -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        loop = asyncio.get_running_loop()
        leg, to = agents_leg(office), []
        loop.call_later(0.02, office.board.answered, leg)
        loop.call_later(
            0.02 + half_ms / 2000, lambda: to.append(office.board.transfer(caller.leg.id, THIRD))
        )
        await asyncio.sleep(3)
        if leg not in office.board.legs:
            return  # it was over in the moment of the transfer
        assert office.board.legs[leg].hears == "talk with 309"
        assert office.board.legs[to[0]].hears == f"talk with {phone_of(ANN)}"
        office.board.end(to[0], EndReason.NORMAL)
