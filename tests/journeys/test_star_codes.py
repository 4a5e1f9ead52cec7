"""Agents at their phones: *45 and *46 change the state, a word is spoken, the call ends."""

import asyncio

import pytest

from edge.domain.agent import Device, PresenceChange, Status
from edge.domain.events import EventName
from tests.fakes.edge import CARRIER
from tests.fakes.office import open_office
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ANN, phone_of

LOGIN, PAUSE = "*45", "*46"


async def test_45_logs_in_and_out() -> None:
    async with open_office() as office:
        assert await office.dial_star(ANN, LOGIN) == "en/logged-in"
        assert office.agent(ANN).status is Status.AVAILABLE
        assert await office.dial_star(ANN, LOGIN) == "en/logged-out"
        assert office.agent(ANN).status is Status.LOGGED_OUT


async def test_46_pauses_and_goes_on() -> None:
    async with open_office() as office:
        await office.dial_star(ANN, LOGIN)
        logged_in_at_ms = office.agent(ANN).logged_in_at_ms
        assert await office.dial_star(ANN, PAUSE) == "en/paused"
        assert office.agent(ANN).status is Status.PAUSED
        assert await office.dial_star(ANN, PAUSE) == "en/unpaused"
        assert office.agent(ANN).status is Status.AVAILABLE
        assert office.agent(ANN).logged_in_at_ms == logged_in_at_ms


async def test_46_while_logged_out_is_refused_aloud() -> None:
    async with open_office() as office:
        assert await office.dial_star(ANN, PAUSE) == "en/log-in-first"
        assert office.agent(ANN).status is Status.LOGGED_OUT


async def test_45_while_paused_logs_out_and_clears_the_pause() -> None:
    async with open_office(ANN) as office:
        await office.desk.change_presence(ACCOUNT_ID, ANN, PresenceChange.PAUSED, "lunch")
        assert await office.dial_star(ANN, LOGIN) == "en/logged-out"
        assert (office.agent(ANN).paused_at_ms, office.agent(ANN).pause_reason) == (0, "")


async def test_the_confirmation_is_heard_and_nothing_else() -> None:
    async with open_office() as office:
        caller = office.call(LOGIN, phone_of(ANN))
        await wait_until(lambda: not caller.is_on_the_line, "the call ends", 10)
        assert caller.heard == ["silence", "en/logged-in", "nothing"]
        spoken_at, picked_up_at = caller.leg.heard[1][0], caller.leg.heard[0][0]
        assert 0.1 <= spoken_at - picked_up_at <= 0.2, "a slow phone misses no word"


async def test_logging_in_by_star_code_rings_for_the_one_who_waits() -> None:
    async with open_office() as office:
        caller = office.call()
        await caller.joins()
        await office.dial_star(ANN, LOGIN)
        await caller.talks_with(ANN)


@pytest.mark.parametrize("late_ms", [0, 5, 400])
async def test_a_caller_rings_when_the_call_of_45_is_over_and_not_before(late_ms: int) -> None:
    """However late the node tells that the phone is in a call; it would answer busy."""
    async with open_office() as office:
        office.board.devices_told_after_seconds = late_ms / 1000
        caller = office.call()
        await caller.joins()
        star = office.call(LOGIN, phone_of(ANN))
        await wait_until(lambda: office.agent(ANN).status is Status.AVAILABLE, "logged in")
        assert office.agent(ANN).device is Device.IN_USE
        await wait_until(lambda: not star.is_on_the_line, "the word is spoken", 10)
        await caller.talks_with(ANN, within_seconds=1 + 5)
        assert EventName.LEG_ENDED not in office.events()
        assert office.phone(ANN).rung == 1


async def test_star_codes_from_outside_are_not_obeyed() -> None:
    async with open_office() as office:
        before = len(office.events())
        caller = office.call(LOGIN, CARRIER)
        await wait_until(lambda: not caller.is_on_the_line, "refused")
        assert EventName.AGENT_CHANGED not in office.events()[before:]


async def test_hanging_up_before_the_word_is_spoken_changes_the_state_all_the_same() -> None:
    async with open_office() as office:
        caller = office.call(LOGIN, phone_of(ANN))
        await wait_until(lambda: caller.hears == "en/logged-in", "spoken")
        caller.hang_up()
        await asyncio.sleep(1)
        assert office.agent(ANN).status is Status.AVAILABLE


@pytest.mark.parametrize("ms", range(0, 20, 1))
async def test_a_star_code_whose_edge_is_killed_is_one_toggle(ms: int) -> None:
    async with open_office() as office:
        caller = office.call(LOGIN, phone_of(ANN))
        await asyncio.sleep(ms / 1000)
        await office.edge.kill()
        office.start_edge()
        await wait_until(lambda: not caller.is_on_the_line, "the call ends", 20)
        assert office.agent(ANN).status is Status.AVAILABLE
        assert caller.leg.variables["played"].split()[-1] == "en/logged-in"
