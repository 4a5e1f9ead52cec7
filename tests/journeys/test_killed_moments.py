"""An edge is killed in each state that a call can be in between the offer and the conversation, and
in what is said to those who get none: nobody is lost, left alone, or in silence."""

import asyncio

import pytest

from edge.domain.agent import Device, Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.ports.phone_system import EndReason
from edge.ports.prompts import Prompt
from tests.fakes.office import Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, BOB, phone_of

MUSIC = "music default"
PICK, LOGIN = "*47", "*45"
SPOKEN = {
    "agent_announcement": ("hello",),
    "member_delay_seconds": 1,
    "caller_announcement": ("bye",),
}


async def start_another(office: Office) -> None:
    await office.edge.kill()
    office.start_edge()


async def answered(office: Office) -> None:
    await wait_until(lambda: bool(office.phone(ANN).legs), "dialled")
    await wait_until(lambda: office.leg_of(ANN).hears != "nothing", "the agent has answered")


@pytest.mark.parametrize("tenths", range(0, 46, 2))
async def test_killed_in_what_is_said_before_the_bridge_it_connects_them(tenths: int) -> None:
    async with open_office(ANN, **SPOKEN) as office:
        caller = office.call()
        await answered(office)
        await asyncio.sleep(tenths / 10 + 0.001)
        await start_another(office)
        await caller.talks_with(ANN, within_seconds=15)
        assert "silence" not in caller.heard
        assert office.phone(ANN).rung == 1
        await wait_until(lambda: caller.entry.stage is Stage.TALKING, "connected")


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_who_hangs_up_in_the_announcement_while_no_edge_lives(who: str) -> None:
    async with open_office(ANN, **SPOKEN) as office:
        caller = office.call()
        await answered(office)
        await asyncio.sleep(0.5)
        await office.edge.kill()
        if who == "caller":
            caller.hang_up()
        else:
            office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
            office.hang_up_agent(ANN)
        await asyncio.sleep(1)
        office.start_edge()
        if who == "caller":
            await wait_until(lambda: office.phone(ANN).leg is None, "not left alone", 15)
            assert caller.entry.disposition is Disposition.ANSWERED
        else:
            await wait_until(lambda: caller.entry.stage is not Stage.CONNECTING, "waits", 15)
            assert caller.hears == MUSIC
            await office.log_in(BOB)
            await caller.talks_with(BOB, within_seconds=40)


@pytest.mark.parametrize("ms", range(-4, 12))
async def test_killed_as_the_key_is_pressed(ms: int) -> None:
    """Pressed while no edge hears it, the key is asked for again."""
    async with open_office(ANN, agent_confirm=True, confirm_seconds=20) as office:
        caller = office.call()
        await answered(office)
        await asyncio.sleep(0.5)
        asyncio.get_running_loop().call_later(0.005, office.press, ANN, "1")
        await asyncio.sleep(0.005 + ms / 1000)
        await start_another(office)
        await asyncio.sleep(8)
        office.press(ANN, "1")
        await caller.talks_with(ANN)
        assert "silence" not in caller.heard


async def test_killed_in_the_farewell_of_a_wait_that_is_over() -> None:
    async with open_office(timeout_seconds=5) as office:
        caller = office.call()
        said = f"en/{Prompt.WAIT_IS_OVER}"
        await caller.hears_soon(said, 8)
        await start_another(office)
        await wait_until(lambda: not caller.is_on_the_line, "told, and over", 15)
        assert caller.leg.variables["played"].split() == [said] * 2
        assert caller.entry.disposition is Disposition.TIMED_OUT
        assert "silence" not in caller.heard


@pytest.mark.parametrize("half_ms", range(16))
async def test_killed_as_one_has_accepted_and_the_others_are_being_cancelled(half_ms: int) -> None:
    async with open_office(ANN, BOB, strategy="ringall", ring_seconds=60) as office:
        for user in (ANN, BOB):
            office.phone(user).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: all(office.phone(one).rung for one in (ANN, BOB)), "both ring")
        await office.answered_by(ANN)
        await asyncio.sleep(half_ms / 2000)
        await start_another(office)
        await caller.talks_with(ANN, within_seconds=10)
        await wait_until(lambda: office.phone(BOB).leg is None, "quiet", 10)
        assert office.phone(BOB).missed == [EndReason.ANSWERED_ELSEWHERE]
        assert office.agent(BOB).misses == 0


@pytest.mark.parametrize("half_ms", range(44))
async def test_killed_as_a_caller_is_picked(half_ms: int) -> None:
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(0.1)
        office.call(PICK, phone_of(ANN), number="")
        await asyncio.sleep(half_ms / 2000)
        await start_another(office)
        await caller.talks_with(ANN, within_seconds=15)
        assert "silence" not in caller.heard


@pytest.mark.parametrize("half_ms", range(44))
async def test_who_picks_and_hangs_up_keeps_the_caller_from_nobody(half_ms: int) -> None:
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(0.1)
        pick = office.call(PICK, phone_of(ANN), number="")
        await asyncio.sleep(half_ms / 2000)
        has_talked = caller.hears.startswith("talk")
        pick.hang_up()
        await asyncio.sleep(0.1)
        if has_talked or not caller.is_on_the_line:
            return
        assert caller.hears == MUSIC
        assert caller.entry.stage is Stage.WAITING
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        await office.log_in(BOB)
        await caller.talks_with(BOB)


@pytest.mark.parametrize("does_hang_up", [False, True])
@pytest.mark.parametrize("after_ms", [250, 310, 900, 1_500])
async def test_killed_while_the_store_has_not_decided(after_ms: int, does_hang_up: bool) -> None:
    """The caller stands in music without a place, which the store gives when the edge is dead."""
    async with open_office() as office:
        office.edge.slow.one_way_seconds = 2.0
        caller = office.call()
        await asyncio.sleep(after_ms / 1000)
        await office.edge.kill()
        if does_hang_up:
            caller.hang_up()
        office.start_edge()
        if does_hang_up:
            await asyncio.sleep(15)
            assert not [e for e in office.memory.entries.values() if e.stage is not Stage.ENDED]
            return
        await office.log_in(ANN)
        await caller.talks_with(ANN, within_seconds=20)
        assert "silence" not in caller.heard


async def test_killed_in_music_before_the_store_was_asked() -> None:
    async with open_office() as office:
        office.edge.slow.loses_what_is_sent = True
        caller = office.call()
        await caller.hears_soon(MUSIC)
        await start_another(office)
        await office.log_in(ANN)
        await caller.talks_with(ANN, within_seconds=20)
        assert "silence" not in caller.heard


async def test_the_store_is_away_for_minutes_and_the_caller_joins_then() -> None:
    async with open_office() as office:
        office.edge.slow.one_way_seconds = 90
        caller, gone = office.call(), office.call(number="12025550112")
        await asyncio.sleep(1)
        assert caller.hears == MUSIC
        gone.hang_up()
        office.edge.slow.one_way_seconds = 0.001
        await asyncio.sleep(200)
        assert caller.hears == MUSIC
        assert caller.entry.stage is Stage.WAITING
        assert gone.entry.disposition is Disposition.ABANDONED
        await office.log_in(ANN)
        await caller.talks_with(ANN)


@pytest.mark.parametrize("ms", range(0, 30, 2))
async def test_killed_in_a_star_code_whose_caller_hangs_up_the_phone_is_rung(ms: int) -> None:
    async with open_office(ANN) as office:
        star = office.call("*46", phone_of(ANN))
        await asyncio.sleep(ms / 1000)
        await office.edge.kill()
        star.hang_up()
        await asyncio.sleep(1)
        office.start_edge()
        await office.ready()
        await office.log_in(ANN)
        caller = office.call()
        await caller.talks_with(ANN)
        assert office.agent(ANN).device is Device.REACHABLE


@pytest.mark.parametrize("tenths", range(0, 40, 2))
async def test_a_wait_that_ends_while_its_caller_is_taken_over_is_told(tenths: int) -> None:
    """Between the takeover and its conductor lies a look at the agents who ring."""
    waits = {"timeout_seconds": 12, "timeout_lets_ring": False}
    async with open_office(ANN, ring_seconds=60, **waits) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(4 + tenths / 10)
        await office.edge.kill()
        office.start_edge()
        office.edge.slow.one_way_seconds = 0.5
        await wait_until(lambda: not caller.is_on_the_line, "told", 30)
        assert caller.entry.disposition is Disposition.TIMED_OUT
        assert office.phone(ANN).leg is None
        office.edge.slow.one_way_seconds = 0.001
        await asyncio.sleep(1)  # what is on its way arrives


@pytest.mark.parametrize("half_ms", range(40))
async def test_the_edge_that_picked_another_edges_caller_is_killed(half_ms: int) -> None:
    """The agent's own call stands in the dead edge's application, the caller in a living one's."""
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        caller = office.call()
        await caller.joins()
        picking = office.start_edge()
        await office.ready()
        office.board.apps[office.edges[0].run] = office.board.apps.pop(office.edges[0].run)
        pick = office.call(PICK, phone_of(ANN), number="")
        await asyncio.sleep(half_ms / 2000)
        await picking.kill()
        await caller.talks_with(ANN, within_seconds=15)
        await asyncio.sleep(10)
        assert caller.hears == f"talk with {phone_of(ANN)}"
        assert pick.is_on_the_line


@pytest.mark.parametrize("half_ms", range(8, 40))
async def test_the_edge_that_picked_is_killed_after_the_one_that_had_the_caller(
    half_ms: int,
) -> None:
    """The agent's own call is found in a dead edge's application before anybody has its caller."""
    async with open_office(ANN) as office:
        await office.dial_star(ANN, "*46")
        caller = office.call()
        await caller.joins()
        owner, picking = office.edge, office.start_edge()
        await office.ready()
        await owner.kill()
        pick = office.call(PICK, phone_of(ANN), number="")
        await asyncio.sleep(half_ms / 2000)
        await picking.kill()
        office.start_edge()
        await caller.talks_with(ANN, within_seconds=15)
        await asyncio.sleep(10)
        assert caller.hears == f"talk with {phone_of(ANN)}"
        assert pick.is_on_the_line
