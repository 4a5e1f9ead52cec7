"""Who may not join hears why, or is busy; who waits in vain hears it and is let go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edge.domain.admission import Factor, Preset
from edge.domain.agent import Occupancy, PresenceChange
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.events import EventName
from edge.domain.settings import Hours
from edge.ports.phone_system import EndReason
from edge.ports.prompts import Prompt
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.phone_system import PROMPT_LASTS_SECONDS
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ALPHA, ANN, BOB, CAT, phone_of

MUSIC = "music default"
OVER = f"en/{Prompt.WAIT_IS_OVER}"
CLOSED_FOR_EVER = Hours(time_zone="UTC")
REFUSALS = [
    pytest.param({"max_queue_length": 1}, Disposition.QUEUE_FULL, Prompt.QUEUE_FULL, id="full"),
    pytest.param(
        {"join_when_empty": False}, Disposition.JOIN_EMPTY, Prompt.NOBODY_AVAILABLE, id="empty"
    ),
    pytest.param({"hours": CLOSED_FOR_EVER}, Disposition.CLOSED, Prompt.QUEUE_CLOSED, id="closed"),
    pytest.param({"divert_ratio": 1}, Disposition.DIVERTED, Prompt.LINES_BUSY, id="diverted"),
]


async def call_ends(caller: Caller, within_seconds: float = 5.0) -> None:
    await wait_until(lambda: not caller.is_on_the_line, "the call ends", within_seconds)


def spoken(caller: Caller) -> list[str]:
    return caller.leg.variables.get("played", "").split()


@asynccontextmanager
async def store_is_away(office: Office) -> AsyncIterator[None]:
    """Every move takes two seconds."""
    office.edge.slow.one_way_seconds = 1.0
    yield
    office.edge.slow.one_way_seconds = 0.001
    await asyncio.sleep(3)


def inside_call(office: Office) -> Caller:
    return office.call("500", phone_of(BOB), number="202")


@pytest.mark.parametrize(("settings", "disposition", "prompt"), REFUSALS)
async def test_a_caller_from_outside_who_may_not_join_hears_why_and_the_call_ends(
    settings: dict[str, Any], disposition: Disposition, prompt: Prompt
) -> None:
    async with open_office(**settings) as office:
        if disposition is Disposition.QUEUE_FULL:
            await office.call().joins()
        caller = office.call()
        await call_ends(caller)
        assert caller.heard == [f"en/{prompt}", "nothing"], "never music, never silence"
        assert spoken(caller) == [f"en/{prompt}"]
        assert (caller.entry.stage, caller.entry.disposition) == (Stage.ENDED, disposition)
        assert office.events()[-1] is EventName.ENTRY_REJECTED


@pytest.mark.parametrize(("settings", "disposition", "prompt"), REFUSALS)
async def test_a_caller_from_inside_who_may_not_join_gets_busy_and_was_never_answered(
    settings: dict[str, Any], disposition: Disposition, prompt: Prompt
) -> None:
    async with open_office(**settings) as office:
        if disposition is Disposition.QUEUE_FULL:
            await office.call().joins()
        caller = inside_call(office)
        await call_ends(caller)
        assert caller.leg.ended is EndReason.BUSY
        assert caller.heard == [], "not answered"
        assert spoken(caller) == []
        assert caller.entry.disposition is disposition


async def test_a_caller_is_told_in_the_language_of_the_queue() -> None:
    async with open_office(join_when_empty=False, language="es-MX") as office:
        caller = office.call()
        await call_ends(caller)
        assert spoken(caller) == [f"es-MX/{Prompt.NOBODY_AVAILABLE}"]


async def test_two_at_the_last_place_and_one_gets_it() -> None:
    async with open_office(max_queue_length=1) as office:
        callers = [office.call() for _ in range(2)]
        await asyncio.sleep(1)
        assert [caller.hears for caller in callers] == [MUSIC, f"en/{Prompt.QUEUE_FULL}"]


async def test_a_store_that_is_away_leaves_nobody_in_silence() -> None:
    async with open_office(max_queue_length=1) as office:
        await office.call().joins()
        async with store_is_away(office):
            caller = inside_call(office)
            await caller.hears_soon(MUSIC, 0.5)
            await call_ends(caller)
        assert spoken(caller) == [f"en/{Prompt.QUEUE_FULL}"], "too late for a busy tone"


async def test_who_hangs_up_before_the_store_has_decided_has_left() -> None:
    async with open_office() as office:
        async with store_is_away(office):
            caller = office.call()
            await caller.hears_soon(MUSIC, 0.5)
            caller.hang_up()
            await caller.joins()
            await wait_until(lambda: caller.entry.stage is Stage.ENDED, "left")
        assert caller.entry.disposition is Disposition.ABANDONED


# --- the longest wait


async def test_the_longest_wait_is_over_and_the_caller_is_told_so() -> None:
    async with open_office(timeout_seconds=30) as office:
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(29.8)
        assert caller.hears == MUSIC
        await caller.hears_soon(OVER, 0.3)
        await call_ends(caller, PROMPT_LASTS_SECONDS + 0.1)
        assert caller.heard == [MUSIC, OVER, "nothing"]
        assert spoken(caller) == [f"en/{Prompt.WAIT_IS_OVER}"]
        assert caller.entry.disposition is Disposition.TIMED_OUT


async def test_a_phone_that_rings_when_the_wait_is_over_may_still_be_answered() -> None:
    async with open_office(ANN, timeout_seconds=5) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        await asyncio.sleep(10)
        assert caller.heard == [MUSIC]
        await office.answered_by(ANN)
        await caller.talks_with(ANN)


async def test_when_that_phone_is_not_answered_nobody_else_is_rung() -> None:
    async with open_office(ANN, BOB, timeout_seconds=5, ring_seconds=10) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await call_ends(caller, 15)
        assert caller.entry.disposition is Disposition.TIMED_OUT
        assert spoken(caller) == [f"en/{Prompt.WAIT_IS_OVER}"]
        assert office.phone(BOB).rung == 0


async def test_the_end_of_the_wait_stops_the_ringing_where_the_queue_says_so() -> None:
    async with open_office(ANN, timeout_seconds=5, timeout_lets_ring=False) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(5.1)
        assert office.phone(ANN).leg is None, "quiet"
        assert office.phone(ANN).missed == [EndReason.ANSWERED_ELSEWHERE]
        await office.is_occupied(ANN, Occupancy.IDLE)
        assert caller.hears == OVER
        await call_ends(caller)
        assert office.agent(ANN).misses == 0


async def test_a_caller_who_hangs_up_in_the_farewell_has_timed_out() -> None:
    async with open_office(timeout_seconds=5) as office:
        caller = office.call()
        await caller.hears_soon(OVER, 6)
        caller.hang_up()
        await asyncio.sleep(1)
        assert caller.entry.disposition is Disposition.TIMED_OUT
        assert office.events().count(EventName.ENTRY_LEFT) == 1


@pytest.mark.parametrize("ms", range(-10, 12))
async def test_a_hang_up_and_the_end_of_the_wait_cross(ms: int) -> None:
    async with open_office(ANN, timeout_seconds=5, timeout_lets_ring=False) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        until = (await caller.joins()).waits_until_ms
        await asyncio.sleep((until - office.clock.now_ms() + ms) / 1000)
        caller.hang_up()
        await asyncio.sleep(1)
        assert caller.entry.disposition in (Disposition.ABANDONED, Disposition.TIMED_OUT)
        assert office.phone(ANN).leg is None
        assert office.board.bridges.keys() <= {"hold_default"}


@pytest.mark.parametrize("ms", range(-10, 12))
async def test_an_answer_and_the_end_of_the_wait_cross(ms: int) -> None:
    async with open_office(ANN, timeout_seconds=5, timeout_lets_ring=False) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        until = (await caller.joins()).waits_until_ms
        await asyncio.sleep((until - office.clock.now_ms() + ms) / 1000)
        rung = office.phone(ANN).leg
        if rung is not None:
            office.board.answered(rung)
        await asyncio.sleep(0.5)
        if caller.entry.stage is Stage.TALKING:
            assert caller.hears == f"talk with {phone_of(ANN)}"
        else:
            assert caller.entry.disposition is Disposition.TIMED_OUT
            assert caller.hears == OVER
            assert office.phone(ANN).leg is None, "nobody alone on the line"


# --- nobody left to serve


async def test_all_leave_when_the_last_agent_logs_out() -> None:
    async with open_office(ANN, leave_when_empty=True) as office:
        office.board.register(phone_of(ANN), is_registered=False)
        callers = [office.call() for _ in range(3)]
        for caller in callers:
            await caller.joins()
        await asyncio.sleep(5)
        assert [caller.hears for caller in callers] == [MUSIC] * 3
        await office.desk.change_presence(ACCOUNT_ID, ANN, PresenceChange.LOGGED_OUT)
        for caller in callers:
            await call_ends(caller)
            assert caller.entry.disposition is Disposition.LEAVE_EMPTY
            assert spoken(caller) == [f"en/{Prompt.NOBODY_AVAILABLE}"]


async def test_all_leave_at_once_when_the_last_agents_star_code_says_so() -> None:
    async with open_office(ANN, leave_when_empty=(Factor.PAUSED, Factor.UNAVAILABLE)) as office:
        await office.log_in(BOB)
        office.board.register(phone_of(BOB), is_registered=False)
        office.phone(ANN).when_rung = WhenRung.REFUSES
        caller = office.call()
        await wait_until(lambda: bool(office.phone(ANN).missed), "refused")
        await office.dial_star(ANN, "*46")
        assert spoken(caller) == [f"en/{Prompt.NOBODY_AVAILABLE}"]
        await call_ends(caller)


async def test_all_leave_when_the_last_phone_is_gone() -> None:
    async with open_office(ANN, leave_when_empty=Preset.STRICT) as office:
        office.phone(ANN).when_rung = WhenRung.REFUSES
        caller = office.call()
        await wait_until(lambda: bool(office.phone(ANN).missed), "refused")
        office.board.register(phone_of(ANN), is_registered=False)
        await wait_until(lambda: caller.hears == f"en/{Prompt.NOBODY_AVAILABLE}", "told", 0.1)
        await call_ends(caller)


async def test_a_caller_hears_of_the_end_though_the_word_of_it_was_lost() -> None:
    async with open_office(CAT, leave_when_empty=True) as office:
        office.board.register(phone_of(CAT), is_registered=False)
        await asyncio.sleep(0.1)
        caller = office.call()
        await caller.joins()
        with pytest.MonkeyPatch.context() as lost:
            lost.setattr(office.site, "summon", lambda *_: None)
            _, moved = await office.desk.change_presence(ACCOUNT_ID, CAT, PresenceChange.LOGGED_OUT)
            await office.desk.fire(moved.dues[0], frozenset())
        await asyncio.sleep(1)
        assert caller.hears == MUSIC
        office.site.box_of(office.edge.run).put_nowait(None)
        await caller.hears_soon(f"en/{Prompt.NOBODY_AVAILABLE}")
        await call_ends(caller)


# --- edges that die


async def start_another(office: Office) -> None:
    await office.edge.kill()
    office.start_edge()
    await office.ready()


async def test_a_wait_that_is_over_while_no_edge_lives_ends_with_the_farewell() -> None:
    async with open_office(timeout_seconds=4) as office:
        caller = office.call()
        await caller.joins()
        await office.edge.kill()
        await asyncio.sleep(5)
        assert caller.hears == MUSIC
        office.start_edge()
        await call_ends(caller, 20)
        assert caller.entry.disposition is Disposition.TIMED_OUT
        assert spoken(caller) == [f"en/{Prompt.WAIT_IS_OVER}"]


async def test_a_caller_who_left_while_the_own_edge_was_dead_hears_it_from_the_next() -> None:
    async with open_office(CAT, leave_when_empty=True) as office:
        office.board.register(phone_of(CAT), is_registered=False)
        await asyncio.sleep(0.1)
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(0.1)
        dead = office.edge
        office.start_edge()
        await office.ready()
        await dead.kill()
        await office.desk.change_presence(ACCOUNT_ID, CAT, PresenceChange.LOGGED_OUT)
        await wait_until(lambda: caller.entry.stage is Stage.ENDED, "left by the other edge")
        assert caller.hears == MUSIC
        await call_ends(caller, 10)
        assert spoken(caller) == [f"en/{Prompt.NOBODY_AVAILABLE}"]


async def test_an_edge_that_dies_in_the_farewell_is_followed_by_one_that_says_it_again() -> None:
    async with open_office(max_queue_length=1) as office:
        await office.call().joins()
        caller = office.call()
        await caller.hears_soon(f"en/{Prompt.QUEUE_FULL}")
        await start_another(office)
        await call_ends(caller, 10)
        assert spoken(caller) == [f"en/{Prompt.QUEUE_FULL}"] * 2
        assert len(office.memory.line(ALPHA)) == 1


@pytest.mark.parametrize("ms", range(16))
async def test_an_edge_that_dies_while_a_caller_arrives_leaves_nobody_behind(ms: int) -> None:
    async with open_office() as office:
        caller = office.call()
        await asyncio.sleep(ms / 1000)
        await start_another(office)
        await caller.hears_soon(MUSIC, 10)
        assert len(office.memory.line(ALPHA)) == 1
        await office.log_in(ANN)
        await caller.talks_with(ANN)


@pytest.mark.parametrize("ms", range(12))
async def test_an_edge_that_dies_while_it_turns_a_caller_away_leaves_nobody_behind(
    ms: int,
) -> None:
    async with open_office(join_when_empty=False) as office:
        outside, inside = office.call(), inside_call(office)
        await asyncio.sleep(ms / 1000)
        await start_another(office)
        await call_ends(outside, 12)
        await call_ends(inside, 12)
        assert inside.leg.ended is EndReason.BUSY
        assert set(spoken(outside)) == {f"en/{Prompt.NOBODY_AVAILABLE}"}


async def test_who_hangs_up_at_once_is_a_short_abandon() -> None:
    async with open_office(short_abandon_seconds=5) as office:
        first, second = office.call(), office.call()
        await asyncio.sleep(3)
        first.hang_up()
        await asyncio.sleep(3)
        second.hang_up()
        await asyncio.sleep(0.1)
        assert first.entry.disposition is Disposition.SHORT_ABANDON
        assert second.entry.disposition is Disposition.ABANDONED
