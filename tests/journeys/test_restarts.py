"""An edge dies in every phase, by kill -9, and another takes over: nobody is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Stage
from edge.domain.events import EventName
from edge.ports.phone_system import EndReason
from tests.fakes.office import NUMBER, Caller, Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, BOB

MUSIC = "music default"


async def kill_and_start_again(office: Office) -> None:
    """The edge dies; another is started at once and has taken all over when this returns."""
    dead = office.edge
    await dead.kill()
    office.start_edge()
    await office.ready()
    await wait_until(
        lambda: all(e.owner == office.edge.run for e in living(office)), "taken over", 10
    )


def living(office: Office) -> list[Entry]:
    return [e for e in office.memory.entries.values() if e.stage is not Stage.ENDED]


async def test_waiting_callers_keep_order_and_music() -> None:
    async with open_office() as office:
        callers = [office.call() for _ in range(3)]
        for caller in callers:
            await caller.joins()
        line = [entry.id for entry in office.memory.line(ALPHA)]
        await kill_and_start_again(office)
        await asyncio.sleep(1)
        assert [entry.id for entry in office.memory.line(ALPHA)] == line
        assert all(caller.heard == [MUSIC] for caller in callers), "no gap in the music"
        await office.log_in(ANN)
        for caller in callers:
            await caller.talks_with(ANN, within_seconds=20)
            caller.hang_up()


async def test_a_ringing_phone_rings_on_and_can_be_answered() -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        await kill_and_start_again(office)
        assert office.phone(ANN).leg == leg is not None, "rings on"
        await asyncio.sleep(1)
        office.board.answered(leg)
        await caller.talks_with(ANN)
        assert caller.heard[0] == MUSIC
        assert office.phone(ANN).rung == 1


async def test_a_phone_answered_while_no_edge_lived_is_connected() -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        assert leg is not None
        await office.edge.kill()
        office.board.answered(leg)
        await asyncio.sleep(1)
        office.start_edge()
        await caller.talks_with(ANN, within_seconds=15)
        assert office.agent(ANN).occupancy is Occupancy.TALKING


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_a_conversation_goes_on_and_can_be_ended(who: str) -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await asyncio.sleep(1)
        await kill_and_start_again(office)
        await asyncio.sleep(5)
        assert caller.heard == [MUSIC, "talk with 201"], "they talk on"
        if who == "caller":
            caller.hang_up()
        else:
            office.hang_up_agent(ANN)
        await wait_until(lambda: not office.board.legs, "both are gone")
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        assert caller.entry.disposition is Disposition.ANSWERED


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_a_party_who_hung_up_while_no_edge_lived_leaves_nobody_alone(who: str) -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await asyncio.sleep(1)
        await office.edge.kill()
        if who == "caller":
            caller.hang_up()
        else:
            office.hang_up_agent(ANN)
        office.start_edge()
        await wait_until(lambda: not office.board.legs, "the other is not left alone", 15)
        await wait_until(lambda: caller.entry.stage is Stage.ENDED, "ended")
        assert caller.entry.disposition is Disposition.ANSWERED


async def test_wrap_up_ends_though_its_edge_is_gone() -> None:
    async with open_office(ANN, wrap_up_seconds=10) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await asyncio.sleep(1)
        caller.hang_up()
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        await kill_and_start_again(office)
        following = office.call()
        await following.talks_with(ANN, within_seconds=20)


async def test_a_caller_who_hung_up_while_no_edge_lived_is_abandoned() -> None:
    async with open_office() as office:
        caller, other = office.call(), office.call()
        await caller.joins()
        await other.joins()
        await office.edge.kill()
        caller.hang_up()
        office.start_edge()
        await office.ready()
        await wait_until(lambda: caller.entry.stage is Stage.ENDED, "ended", 15)
        assert caller.entry.disposition is Disposition.ABANDONED
        assert other.heard == [MUSIC]


async def test_callers_who_came_while_no_edge_lived_keep_their_order() -> None:
    async with open_office() as office:
        waiting = office.call()
        await waiting.joins()
        await office.edge.kill()
        late: list[Caller] = []
        for _ in range(5):
            late.append(office.call())
            await asyncio.sleep(0.13)
        await asyncio.sleep(4)
        assert all(caller.hears == "music of the dialplan" for caller in late)
        office.start_edge()
        await office.log_in(ANN)
        for caller in (waiting, *late):
            await caller.talks_with(ANN, within_seconds=25)
            caller.hang_up()


async def test_another_living_edge_takes_over_within_the_lease() -> None:
    async with open_office() as office:
        first = office.edge
        caller = office.call()
        await caller.joins()
        office.start_edge()
        await office.ready()
        await first.kill()
        await wait_until(lambda: caller.entry.owner == office.edge.run, "taken over", 5)
        assert caller.heard == [MUSIC]
        await office.log_in(ANN)
        await caller.talks_with(ANN)
        taken = [e for e in office.events() if e is EventName.ENTRY_TAKEN_OVER]
        assert len(taken) == 1


async def test_an_edge_serves_the_caller_of_another_with_a_shared_agent() -> None:
    async with open_office() as office:
        caller = office.call()
        await caller.joins()
        office.start_edge()
        await office.ready()
        assert caller.entry.owner == office.edges[0].run
        await office.log_in(ANN)
        await caller.talks_with(ANN)
        assert caller.entry.owner == office.edges[0].run, "the other edge only claimed"


@pytest.mark.parametrize("ms", range(0, 60, 2))
async def test_killed_at_any_moment_of_arrival_and_offer(ms: int) -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).after_seconds = 6.0
        caller = office.call()
        await asyncio.sleep(ms / 1000)
        await kill_and_start_again(office)
        await caller.talks_with(ANN, within_seconds=40)
        entries = list(office.memory.entries.values())
        assert len([e for e in entries if e.stage is not Stage.ENDED]) == 1
        assert [e.leg for e in entries] == [caller.leg.id] * len(entries)


@pytest.mark.parametrize("ms", range(0, 30, 1))
async def test_killed_at_any_moment_of_answer_and_connect(ms: int) -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        assert leg is not None
        asyncio.get_running_loop().call_later(0.005, office.board.answered, leg)
        await asyncio.sleep(ms / 1000)
        await kill_and_start_again(office)
        await caller.talks_with(ANN, within_seconds=30)
        assert office.phone(ANN).rung == 1


@pytest.mark.parametrize("ms", range(0, 30, 1))
async def test_killed_at_any_moment_of_hanging_up(ms: int) -> None:
    async with open_office(ANN, wrap_up_seconds=2) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await asyncio.sleep(1)
        asyncio.get_running_loop().call_later(0.005, caller.hang_up)
        await asyncio.sleep(ms / 1000)
        await office.edge.kill()
        office.start_edge()
        await office.ready()
        await wait_until(lambda: caller.entry.stage is Stage.ENDED, "ended", 20)
        assert caller.entry.disposition is Disposition.ANSWERED
        await wait_until(lambda: office.phone(ANN).leg is None, "nobody is left alone")


Meanwhile = Callable[[Office, Caller], Awaitable[None]]


async def _caller_hangs_up(office: Office, caller: Caller) -> None:
    caller.hang_up()


async def _agent_answers(office: Office, caller: Caller) -> None:
    leg = office.phone(ANN).leg
    assert leg is not None
    office.board.answered(leg)


async def _agent_refuses(office: Office, caller: Caller) -> None:
    leg = office.phone(ANN).leg
    assert leg is not None
    office.board.end(leg, EndReason.REFUSED)


@pytest.mark.parametrize("meanwhile", [_caller_hangs_up, _agent_answers, _agent_refuses])
async def test_what_happens_while_the_events_are_cut_off_is_made_up_for(
    meanwhile: Meanwhile,
) -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        office.edge.phone.cut()
        await meanwhile(office, caller)
        await asyncio.sleep(0.5)
        office.edge.phone.mend()
        if meanwhile is _caller_hangs_up:
            await wait_until(lambda: office.phone(ANN).leg is None, "the ringing stops")
            await wait_until(lambda: caller.entry.stage is Stage.ENDED, "ended")
        elif meanwhile is _agent_answers:
            await caller.talks_with(ANN)
        else:
            assert caller.hears == MUSIC
            await office.log_in(BOB)
            await caller.talks_with(BOB)


async def test_an_orderly_stop_leaves_the_calls_to_the_next_edge() -> None:
    async with open_office(ANN) as office:
        talking = office.call()
        await talking.talks_with(ANN)
        waiting = office.call()
        await waiting.joins()
        await office.edge.stop()
        office.start_edge()
        await office.ready()
        await wait_until(
            lambda: all(e.owner == office.edge.run for e in living(office)), "taken over", 10
        )
        assert talking.hears == "talk with 201"
        assert waiting.heard == [MUSIC]
        assert waiting.leg.arrival is not None
        assert waiting.leg.arrival.dialled == NUMBER
