"""The main job: a caller waits with music, an agent's phone rings, they talk."""

import asyncio

import pytest

from edge.domain.agent import Device, Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.events import EventName
from edge.ports.phone_system import EndReason
from tests.fakes.clock import LoopClock
from tests.fakes.office import open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BOB, CAT, phone_of

MUSIC = "music default"


async def test_caller_hears_music_is_answered_and_talks() -> None:
    async with open_office(ANN) as office:
        called_at = asyncio.get_running_loop().time()
        caller = office.call()
        await caller.talks_with(ANN)
        assert caller.heard[0] == MUSIC, "music from the first second"
        assert caller.leg.heard[0][0] - called_at < 0.3
        await wait_until(lambda: caller.entry.stage is Stage.TALKING, "connected")
        assert office.agent(ANN).occupancy is Occupancy.TALKING
        await LoopClock().sleep(60)
        caller.hang_up()
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        assert caller.entry.disposition is Disposition.ANSWERED
        assert caller.heard == [MUSIC, f"talk with {phone_of(ANN)}", "nothing"]


async def test_caller_waits_on_while_nobody_is_available() -> None:
    async with open_office() as office:
        caller = office.call()
        await LoopClock().sleep(600)
        assert caller.hears == MUSIC
        assert caller.entry.stage is Stage.WAITING
        await office.log_in(ANN)
        await caller.talks_with(ANN)


async def test_callers_are_served_in_the_order_they_came() -> None:
    async with open_office() as office:
        callers = []
        for _ in range(3):
            callers.append(office.call())
            await LoopClock().sleep(0.1)
        await office.log_in(ANN)
        for caller in callers:
            await caller.talks_with(ANN, within_seconds=20)
            caller.hang_up()


async def test_two_callers_are_served_by_two_agents_at_once() -> None:
    async with open_office(ANN, BOB) as office:
        first, second = office.call(), office.call()
        await first.talks_with(ANN)
        await second.talks_with(BOB)


async def test_the_agent_hangs_up_and_the_caller_is_not_left_alone() -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await wait_until(lambda: caller.entry.stage is Stage.TALKING, "connected")
        office.hang_up_agent(ANN)
        await wait_until(lambda: not caller.is_on_the_line, "the caller's call ends", 0.1)
        assert caller.entry.disposition is Disposition.ANSWERED


async def test_wrap_up_passes_and_the_next_caller_is_served() -> None:
    async with open_office(ANN, wrap_up_seconds=30) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        following = office.call()
        caller.hang_up()
        await office.is_occupied(ANN, Occupancy.WRAP_UP)
        ended = office.clock.now_ms()
        await office.is_occupied(ANN, Occupancy.RESERVED, within_seconds=31)
        assert 30_000 <= office.clock.now_ms() - ended < 30_100
        await following.talks_with(ANN)


async def test_an_agent_who_becomes_free_is_ringing_within_milliseconds() -> None:
    async with open_office(ANN, wrap_up_seconds=0) as office:
        first, second = office.call(), office.call()
        await first.talks_with(ANN)
        first.hang_up()
        freed = office.clock.now_ms()
        await wait_until(lambda: office.phone(ANN).rung == 2, "rings again")
        assert office.clock.now_ms() - freed < 100
        await second.talks_with(ANN)


@pytest.mark.parametrize(
    ("when_rung", "reason"),
    [
        (WhenRung.NEVER_ANSWERS, EndReason.NO_ANSWER),
        (WhenRung.REFUSES, EndReason.REFUSED),
        (WhenRung.IS_BUSY, EndReason.BUSY),
    ],
)
async def test_an_offer_that_fails_keeps_place_and_music_and_the_next_agent_rings(
    when_rung: WhenRung, reason: EndReason
) -> None:
    async with open_office(ANN, BOB) as office:
        office.phone(ANN).when_rung = when_rung
        caller = office.call()
        place = (await caller.joins()).place
        await caller.talks_with(BOB, within_seconds=30)
        assert caller.heard == [MUSIC, f"talk with {phone_of(BOB)}"], "music all the while"
        assert caller.entry.place == place
        misses = office.agent(ANN).misses
        assert misses == (1 if reason is EndReason.NO_ANSWER else 0)


async def test_a_phone_that_is_not_registered_is_passed_over_until_it_is_back() -> None:
    async with open_office(ANN, BOB) as office:
        office.board.register(phone_of(ANN), is_registered=False)
        await wait_until(lambda: office.agent(ANN).device is Device.UNREACHABLE, "known")
        caller = office.call()
        await caller.talks_with(BOB)
        assert office.phone(ANN).rung == 0
        following = office.call()
        office.board.register(phone_of(ANN), is_registered=True)
        await following.talks_with(ANN)


async def test_a_phone_found_gone_at_the_dial_lets_the_next_ring() -> None:
    async with open_office(ANN, BOB) as office:
        # Nobody was told: the registration ran out in this moment.
        office.phone(ANN).is_registered = False
        caller = office.call()
        await caller.talks_with(BOB)
        assert office.agent(ANN).device is Device.UNREACHABLE
        office.phone(ANN).is_registered = True


async def test_a_lone_agent_who_does_not_answer_is_rung_again_after_a_pause() -> None:
    async with open_office(ANN, ring_seconds=5) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 3, "rung three times", 30)
        assert caller.hears == MUSIC
        assert office.agent(ANN).misses == 2
        await office.answered_by(ANN)
        await caller.talks_with(ANN)
        assert office.agent(ANN).misses == 0, "an answer forgives"


async def test_who_was_not_answered_is_still_ahead_of_those_behind() -> None:
    async with open_office(ANN, ring_seconds=5) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        first, second = office.call(), office.call()
        await wait_until(lambda: office.agent(ANN).misses == 2, "both were offered", 30)
        assert [entry.id for entry in office.memory.line(ALPHA)] == [
            first.entry.id,
            second.entry.id,
        ]
        office.phone(ANN).when_rung = WhenRung.ANSWERS
        await first.talks_with(ANN)


async def test_a_refusal_is_not_a_hot_loop() -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.REFUSES
        office.phone(ANN).after_seconds = 0.5
        caller = office.call()
        await LoopClock().sleep(60)
        assert 5 <= office.phone(ANN).rung <= 7, "once in ten seconds"
        assert caller.hears == MUSIC


async def test_a_caller_who_hangs_up_stops_the_ringing_at_once() -> None:
    async with open_office(ANN) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        caller.hang_up()
        hung_up = office.clock.now_ms()
        await wait_until(lambda: office.phone(ANN).leg is None, "the phone is quiet")
        assert office.clock.now_ms() - hung_up < 20
        await office.is_occupied(ANN, Occupancy.IDLE)
        assert caller.entry.disposition is Disposition.ABANDONED
        assert office.agent(ANN).misses == 0


async def test_a_caller_who_hangs_up_while_waiting_is_gone_from_the_line() -> None:
    async with open_office() as office:
        first, second = office.call(), office.call()
        await second.hears_soon(MUSIC)
        await first.joins()
        first.hang_up()
        await wait_until(lambda: first.entry.stage is Stage.ENDED, "left")
        await office.log_in(ANN)
        await second.talks_with(ANN)


async def test_a_pause_while_ringing_lets_that_call_go_on() -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        await office.desk.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED)
        await caller.talks_with(ANN)
        following = office.call()
        caller.hang_up()
        await LoopClock().sleep(60)
        assert following.hears == MUSIC


async def test_a_caller_from_inside_dials_the_extension() -> None:
    async with open_office(CAT) as office:
        caller = office.call("501", phone_of(BOB), number="202")
        await caller.talks_with(CAT)
        assert caller.entry.inside


async def test_a_number_that_nobody_has_is_refused() -> None:
    async with open_office(ANN) as office:
        caller = office.call("12029999999")
        await wait_until(lambda: not caller.is_on_the_line, "refused")
        assert caller.leg.ended is EndReason.UNASSIGNED
        assert office.memory.entries == {}


async def test_the_facts_of_a_call_are_published_once_and_in_order() -> None:
    async with open_office(ANN) as office:
        before = len(office.memory.events)
        caller = office.call()
        await caller.talks_with(ANN)
        await wait_until(lambda: caller.entry.stage is Stage.TALKING, "connected")
        caller.hang_up()
        await office.is_occupied(ANN, Occupancy.IDLE, within_seconds=10)
        assert office.events()[before:] == [
            EventName.ENTRY_JOINED,
            EventName.ENTRY_OFFERED,
            EventName.LEG_RINGING,
            EventName.CALL_ANSWERED,
            EventName.CALL_CONNECTED,
            EventName.CALL_COMPLETED,
            EventName.ENTRY_LEFT,
            EventName.WRAP_UP_STARTED,
            EventName.WRAP_UP_ENDED,
        ]
