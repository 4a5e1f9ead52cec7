"""Several phones ring for one caller at once: the first answer wins, the others are told so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.events import EventName
from edge.domain.ids import UserId
from edge.domain.offer import LegFailure
from edge.domain.settings import Member
from edge.ports.phone_system import EndReason, LegState
from tests.fakes.clock import LoopClock
from tests.fakes.memory_dues import end_leg
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, CAT, phone_of

MUSIC = "music default"
TAKEN = "en/call-taken"
ASK = "en/press-to-accept"
THREE = (ANN, BOB, CAT)


@asynccontextmanager
async def ringing_all(*ready: UserId, **settings: Any) -> AsyncIterator[Office]:
    """An office where all phones ring, and none is answered but by the test."""
    members = tuple(Member(id=f"qum_{n}", user_id=user, position=n) for n, user in enumerate(THREE))
    wanted = {"strategy": "ringall", "members": members, "wrap_up_seconds": 0, **settings}
    async with open_office(*ready, **wanted) as office:
        for user in THREE:
            office.phone(user).when_rung = WhenRung.NEVER_ANSWERS
        yield office


async def ring(office: Office, *users: UserId, times: int = 1) -> None:
    await wait_until(
        lambda: all(office.phone(user).rung >= times for user in users), f"{users} ring"
    )


def answer(office: Office, user: UserId) -> None:
    leg = office.phone(user).leg
    assert leg is not None
    office.board.answered(leg)


def answer_if_it_rings(office: Office, user: UserId) -> None:
    if not is_quiet(office, user):
        answer(office, user)


def is_quiet(office: Office, user: UserId) -> bool:
    return office.phone(user).leg is None


def legs_that_ended(office: Office) -> int:
    return office.events().count(EventName.LEG_ENDED)


async def test_all_phones_ring_and_the_first_answer_has_the_call() -> None:
    async with ringing_all(*THREE) as office:
        caller = office.call()
        await ring(office, *THREE)
        assert caller.hears == MUSIC
        assert caller.entry.ringing == set(THREE)
        answer(office, BOB)
        await caller.talks_with(BOB, within_seconds=0.05)
        for user in (ANN, CAT):
            assert is_quiet(office, user)
            assert office.phone(user).missed == [EndReason.ANSWERED_ELSEWHERE]
            assert office.agent(user).occupancy is Occupancy.IDLE
            assert office.agent(user).misses == 0
        assert office.reasons() == ["cancelled", "cancelled"]
        assert caller.heard == [MUSIC, f"talk with {phone_of(BOB)}"]


async def test_the_caller_hangs_up_and_all_phones_are_quiet_at_once() -> None:
    async with ringing_all(*THREE) as office:
        caller = office.call()
        await ring(office, *THREE)
        caller.hang_up()
        await LoopClock().sleep(0.02)
        for user in THREE:
            assert is_quiet(office, user)
            assert office.phone(user).missed == [EndReason.NORMAL], "a call that was missed"
            assert office.agent(user).occupancy is Occupancy.IDLE
        assert caller.entry.disposition is Disposition.ABANDONED
        assert office.reasons() == ["cancelled"] * 3


async def test_who_refuses_ends_one_leg_and_the_others_ring_on() -> None:
    async with ringing_all(*THREE) as office:
        office.phone(ANN).when_rung = WhenRung.REFUSES
        caller = office.call()
        await ring(office, *THREE)
        await LoopClock().sleep(3)
        assert office.reasons() == ["refused"]
        assert caller.entry.ringing == {BOB, CAT}
        assert not is_quiet(office, BOB)
        assert not is_quiet(office, CAT)
        answer(office, CAT)
        await caller.talks_with(CAT)


async def test_an_agent_who_becomes_ready_is_rung_as_well() -> None:
    async with ringing_all(ANN) as office:
        caller = office.call()
        await ring(office, ANN)
        await LoopClock().sleep(5)
        await office.log_in(BOB)
        await ring(office, BOB)
        assert office.phone(ANN).rung == 1, "rings on"
        answer(office, BOB)
        await caller.talks_with(BOB, within_seconds=0.05)
        assert is_quiet(office, ANN)


async def test_phones_are_added_one_after_the_other() -> None:
    async with ringing_all(*THREE, strategy="ring-progressively", ring_step_seconds=4) as office:
        caller = office.call()
        await caller.joins()
        rung = []
        for _ in range(4):
            await LoopClock().sleep(3)
            rung.append(sum(office.phone(user).rung for user in THREE))
        assert rung == [1, 2, 3, 3]
        assert not any(is_quiet(office, user) for user in THREE)
        answer(office, BOB)
        await caller.talks_with(BOB)


async def test_the_ring_time_is_each_phones_own() -> None:
    async with ringing_all(ANN, ring_seconds=10) as office:
        caller = office.call()
        await ring(office, ANN)
        await LoopClock().sleep(6)
        await office.log_in(BOB)
        await ring(office, BOB)
        await LoopClock().sleep(5)
        assert is_quiet(office, ANN)
        assert not is_quiet(office, BOB)
        assert office.reasons() == ["no_answer"]
        answer(office, BOB)
        await caller.talks_with(BOB)


async def test_an_offer_taken_back_ends_its_own_leg_only() -> None:
    async with ringing_all(*THREE) as office:
        caller = office.call()
        await ring(office, *THREE)
        memory = office.memory
        end_leg(memory, memory.agent(BOB), LegFailure.CANCELLED, held_back=False)
        office.site.summon(office.edge.run, ACCOUNT_ID, caller.entry.id)
        await wait_until(lambda: office.phone(BOB).missed != [], "withdrawn")
        assert not is_quiet(office, ANN)
        assert not is_quiet(office, CAT)
        answer(office, ANN)
        await caller.talks_with(ANN)


async def test_an_older_record_withdraws_no_newer_offer() -> None:
    """Another edge's hint may be read before a claim of ours and told after it."""
    async with ringing_all(ANN) as office:
        caller = office.call()
        await ring(office, ANN)
        before = caller.entry
        await office.log_in(BOB)
        await ring(office, BOB)
        office.edge.floor.conductors[before.id].see(before)
        await LoopClock().sleep(1)
        assert not is_quiet(office, BOB)


async def test_the_next_caller_rings_at_phones_that_are_free_by_then() -> None:
    """Who lost the first caller is free for the second in the same move: a phone with one line
    would be busy if it were dialled before its first ringing has ended."""
    async with ringing_all(*THREE) as office:
        first = office.call()
        await ring(office, *THREE)
        second = office.call()
        await second.joins()
        answer(office, ANN)
        await ring(office, BOB, CAT, times=2)
        assert "busy" not in office.reasons()
        answer(office, CAT)
        await second.talks_with(CAT)
        await first.talks_with(ANN)


# --- two answers at once


def loser_of(office: Office, caller: Caller) -> tuple[UserId, UserId]:
    winner = caller.entry.agent
    assert winner in (ANN, BOB)
    return winner, BOB if winner == ANN else ANN


@pytest.mark.parametrize("tenths_of_ms", range(-20, 21))
async def test_two_answer_at_once_and_one_conversation_begins(tenths_of_ms: int) -> None:
    async with ringing_all(ANN, BOB) as office:
        caller = office.call()
        await ring(office, ANN, BOB)
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, answer, office, ANN)
        loop.call_later(0.01 + tenths_of_ms / 10_000, answer, office, BOB)
        await LoopClock().sleep(0.05)
        winner, loser = loser_of(office, caller)
        assert caller.hears == f"talk with {phone_of(winner)}"
        assert office.agent(loser).occupancy is Occupancy.IDLE, "free before the word is spoken"
        await LoopClock().sleep(3)
        assert is_quiet(office, loser)
        assert office.heard_by(loser) == ["silence", TAKEN, "nothing"]
        assert caller.heard == [MUSIC, f"talk with {phone_of(winner)}"]
        assert office.reasons() == ["cancelled"]
        assert office.agent(loser).calls == 0


async def test_a_new_offer_does_not_wait_for_the_word_to_the_late_agent() -> None:
    async with ringing_all(ANN, BOB) as office:
        caller = office.call()
        await ring(office, ANN, BOB)
        answer(office, ANN)
        answer(office, BOB)
        winner, loser = UserId(""), UserId("")
        await wait_until(lambda: caller.entry.agent is not None, "accepted")
        winner, loser = loser_of(office, caller)
        await wait_until(lambda: office.leg_of(loser).hears == TAKEN, "told")
        second = office.call()
        await ring(office, loser, times=2)
        assert "busy" not in office.reasons()
        assert office.leg_of(loser).hears == "nothing", "it rings"
        answer(office, loser)
        await second.talks_with(loser)
        await caller.talks_with(winner)


@pytest.mark.parametrize("tenths_of_ms", range(-20, 21, 2))
async def test_the_late_agent_is_rung_for_the_next_caller_and_never_busy(
    tenths_of_ms: int,
) -> None:
    """The leg that came too late counts as the phone's until it is gone, told or not."""
    async with ringing_all(ANN, BOB) as office:
        first = office.call()
        await ring(office, ANN, BOB)
        second = office.call()
        await second.joins()
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, answer_if_it_rings, office, ANN)
        loop.call_later(0.01 + tenths_of_ms / 10_000, answer_if_it_rings, office, BOB)
        await wait_until(lambda: first.entry.agent is not None, "accepted")
        winner, loser = loser_of(office, first)
        await ring(office, loser, times=2)
        assert office.reasons() == ["cancelled"]
        answer(office, loser)
        await second.talks_with(loser)
        await first.talks_with(winner)


@pytest.mark.parametrize("half_ms", range(-16, 24))
async def test_the_caller_hangs_up_while_two_answer(half_ms: int) -> None:
    async with ringing_all(*THREE) as office:
        caller = office.call()
        await ring(office, *THREE)
        loop = asyncio.get_running_loop()
        loop.call_later(0.02, answer_if_it_rings, office, ANN)
        loop.call_later(0.0205, answer_if_it_rings, office, BOB)
        loop.call_later(0.02 + half_ms / 2000, caller.hang_up)
        await LoopClock().sleep(0.1)
        assert caller.entry.stage is Stage.ENDED
        assert caller.entry.disposition in (Disposition.ABANDONED, Disposition.ANSWERED)
        for user in THREE:
            assert office.agent(user).occupancy is Occupancy.IDLE
        await LoopClock().sleep(3)
        for user in THREE:
            assert is_quiet(office, user), "nobody is left alone on the line"
        talked = caller.entry.disposition is Disposition.ANSWERED
        assert legs_that_ended(office) == (2 if talked else 3), "each leg ends once"
        following = office.call()
        await ring(office, *THREE, times=2)
        answer(office, CAT)
        await following.talks_with(CAT)


async def test_an_answer_whose_event_is_on_its_way_is_told_that_it_came_too_late() -> None:
    async with ringing_all(ANN, BOB) as office:
        caller = office.call()
        await ring(office, ANN, BOB)
        office.leg_of(BOB).state = LegState.UP
        answer(office, ANN)
        await caller.talks_with(ANN)
        await LoopClock().sleep(3)
        assert office.heard_by(BOB)[-2:] == [TAKEN, "nothing"]
        assert office.phone(BOB).missed == []


async def test_a_late_answer_to_a_caller_who_is_gone_is_not_told_of_another_agent() -> None:
    async with ringing_all(ANN, BOB) as office:
        caller = office.call()
        await ring(office, ANN, BOB)
        caller.hang_up()
        answer(office, ANN)
        await LoopClock().sleep(3)
        assert is_quiet(office, ANN)
        assert TAKEN not in office.heard_by(ANN)


# --- with the accept key


async def test_phones_ring_on_until_somebody_has_pressed_the_key() -> None:
    async with ringing_all(*THREE, agent_confirm=True) as office:
        caller = office.call()
        await ring(office, *THREE)
        answer(office, ANN)
        await LoopClock().sleep(1)
        answer(office, BOB)
        await LoopClock().sleep(1)
        assert caller.entry.ringing == set(THREE)
        assert not is_quiet(office, CAT)
        office.press(BOB, "1")
        await caller.talks_with(BOB, within_seconds=0.05)
        assert office.phone(CAT).missed == [EndReason.ANSWERED_ELSEWHERE]
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        await LoopClock().sleep(3)
        assert office.heard_by(ANN) == ["silence", ASK, "silence", TAKEN, "nothing"]
        assert is_quiet(office, ANN)
        assert office.agent(ANN).misses == 0


async def test_two_press_at_once_and_one_has_the_call() -> None:
    async with ringing_all(ANN, BOB, agent_confirm=True) as office:
        caller = office.call()
        await ring(office, ANN, BOB)
        answer(office, ANN)
        answer(office, BOB)
        await LoopClock().sleep(1)
        office.press(BOB, "1")
        office.press(ANN, "1")
        await LoopClock().sleep(0.05)
        winner, loser = loser_of(office, caller)
        assert caller.hears == f"talk with {phone_of(winner)}"
        await LoopClock().sleep(3)
        assert office.heard_by(loser)[-2:] == [TAKEN, "nothing"]


# --- the winner is lost, the edge is lost, the node stumbles


async def test_a_winner_lost_before_the_bridge_lets_the_others_be_rung_again() -> None:
    async with ringing_all(ANN, BOB, member_delay_seconds=2) as office:
        caller = office.call()
        place = (await caller.joins()).place
        await ring(office, ANN, BOB)
        answer(office, ANN)
        await LoopClock().sleep(1)
        office.hang_up_agent(ANN)
        await ring(office, BOB, times=2)
        assert caller.hears == MUSIC
        assert caller.entry.place == place
        answer(office, BOB)
        await caller.talks_with(BOB)


async def test_phones_ring_on_when_their_edge_dies_and_any_may_answer() -> None:
    async with ringing_all(*THREE) as office:
        caller = office.call()
        await ring(office, *THREE)
        legs = {user: office.phone(user).leg for user in THREE}
        await office.edge.kill()
        office.start_edge()
        await wait_until(lambda: caller.entry.owner == office.edge.run, "taken over")
        await LoopClock().sleep(1)
        assert {user: office.phone(user).leg for user in THREE} == legs
        answer(office, CAT)
        await caller.talks_with(CAT, within_seconds=0.05)
        assert office.phone(ANN).missed == [EndReason.ANSWERED_ELSEWHERE]
        assert office.phone(BOB).missed == [EndReason.ANSWERED_ELSEWHERE]
        assert [office.phone(user).rung for user in THREE] == [1, 1, 1]
        assert caller.heard == [MUSIC, f"talk with {phone_of(CAT)}"]


async def test_two_phones_answered_while_no_edge_lived_make_one_conversation() -> None:
    async with ringing_all(*THREE) as office:
        caller = office.call()
        await ring(office, *THREE)
        await office.edge.kill()
        answer(office, ANN)
        answer(office, BOB)
        await LoopClock().sleep(1)
        office.start_edge()
        await wait_until(lambda: caller.hears.startswith("talk"), "talks", 15)
        winner, loser = loser_of(office, caller)
        await LoopClock().sleep(5)
        assert is_quiet(office, loser)
        assert office.heard_by(loser)[-2:] == [TAKEN, "nothing"]
        assert office.phone(CAT).missed == [EndReason.ANSWERED_ELSEWHERE]
        assert caller.hears == f"talk with {phone_of(winner)}"


@pytest.mark.parametrize("half_ms", range(24))
async def test_the_edge_dies_as_somebody_answers(half_ms: int) -> None:
    async with ringing_all(*THREE) as office:
        caller = office.call()
        await ring(office, *THREE)
        answer(office, ANN)
        await asyncio.sleep(half_ms / 2000)
        await office.edge.kill()
        office.start_edge()
        await caller.talks_with(ANN, within_seconds=15)
        await wait_until(lambda: is_quiet(office, BOB) and is_quiet(office, CAT), "quiet", 15)
        assert office.agent(BOB).occupancy is Occupancy.IDLE
        assert caller.heard == [MUSIC, f"talk with {phone_of(ANN)}"]


@pytest.mark.parametrize("order", ["dial", "prepare_bridge", "hang_up", "connect"])
@pytest.mark.parametrize("is_done", [True, False])
async def test_an_order_that_the_node_does_not_answer_loses_nobody(
    order: str, is_done: bool
) -> None:
    async with ringing_all(*THREE) as office:
        office.edge.phone.fail_once(order, is_done=is_done)
        caller = office.call()
        await wait_until(lambda: any(office.phone(user).rung for user in THREE), "rings", 20)
        await LoopClock().sleep(5)
        user = next(user for user in THREE if not is_quiet(office, user))
        answer(office, user)
        await caller.talks_with(user, within_seconds=5)
        await wait_until(
            lambda: all(is_quiet(office, one) for one in THREE if one != user), "quiet", 20
        )
        assert MUSIC in caller.heard
        assert not [leg for leg in office.board.legs.values() if leg.state is LegState.RINGING]


async def test_phones_rung_by_the_matches_of_two_edges_are_one_callers() -> None:
    """Whichever edge makes the match, the caller's own edge rings, and one answer ends all."""
    async with ringing_all(ANN) as office:
        office.start_edge()
        await office.ready()
        caller = office.call()
        await ring(office, ANN)
        for user in (BOB, CAT):
            await office.dial_star(user, "*45")
            await ring(office, user)
        assert caller.entry.ringing == set(THREE)
        answer(office, CAT)
        await caller.talks_with(CAT, within_seconds=0.05)
        assert is_quiet(office, ANN)
        assert is_quiet(office, BOB)
        assert office.reasons() == ["cancelled", "cancelled"]


@pytest.mark.parametrize("owner", [0, 1])
async def test_the_other_edge_makes_the_match(owner: int) -> None:
    async with ringing_all() as office:
        office.start_edge()
        await office.ready()
        apps = dict(office.board.apps)
        # The call is taken by this edge and the agent logs in at the other.
        taker = office.edges[owner].run
        office.board.apps = {taker: apps[taker]}
        caller = office.call()
        await caller.joins()
        assert caller.entry.owner == taker
        other = office.edges[1 - owner].run
        office.board.apps = {other: apps[other], taker: apps[taker]}
        for user in (ANN, BOB):
            await office.dial_star(user, "*45")
        await ring(office, ANN, BOB)
        answer(office, BOB)
        await caller.talks_with(BOB, within_seconds=0.05)
        assert office.phone(ANN).missed == [EndReason.ANSWERED_ELSEWHERE]
