"""A key crossing an answer, a hang-up, the end of a wait: in every order that the delays allow.

Orders to the node take 2 ms, a move of the store 1 ms each way.
"""

import asyncio

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EndpointName
from edge.domain.settings.options import DestinationKind, Option, OptionAction
from edge.ports.phone_system import EndReason
from edge.ports.prompts import Prompt
from tests.fakes.keypad import MUSIC, key, posted, press, route, rows, waiting
from tests.fakes.office import open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, BETA, BOB

LEAVING = [
    key(OptionAction.HANGUP),
    key(OptionAction.WEBHOOK, prompt_media_id="sent"),
    route(DestinationKind.QUEUE, BETA),
    route(DestinationKind.USER, BOB),
]


def named(row: Option) -> str:
    return f"{row.action}-{row.dest_kind}" if row.dest_kind else str(row.action)


@pytest.mark.parametrize("row", LEAVING, ids=named)
@pytest.mark.parametrize("half_ms", range(-12, 16))
async def test_key_and_answer_have_one_winner(row: Option, half_ms: int) -> None:
    house = rows(row, beta={"members": ()})
    async with open_office(ANN, house=house, wrap_up_seconds=0) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        assert leg is not None
        loop = asyncio.get_running_loop()
        at = loop.time() + 1.0
        loop.call_at(at, office.board.answered, leg)
        loop.call_at(at + half_ms / 2000, press, office, caller, "1")
        await asyncio.sleep(1.1)
        first = min(
            (e for e in office.memory.entries.values() if e.leg == caller.leg.id),
            key=lambda entry: entry.joined_at_ms,
        )
        if first.disposition is None:
            assert caller.hears == "talk with 201", "the answer was first"
            assert not posted(office)
        else:
            assert first.agent is None
            assert caller.hears != "talk with 201"
            await wait_until(lambda: office.phone(ANN).leg is None, "told, and over", 6)
            assert office.agent(ANN).occupancy is Occupancy.IDLE
            assert office.agent(ANN).misses == 0
        assert "silence" not in caller.heard
        assert office.phone(ANN).rung == 1


@pytest.mark.parametrize("row", LEAVING, ids=named)
async def test_an_agent_who_answers_a_moment_after_the_key_is_told(row: Option) -> None:
    async with open_office(ANN, house=rows(row, beta={"members": ()})) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        assert leg is not None
        press(office, caller, "1")
        await asyncio.sleep(0.0025)
        office.board.answered(leg)
        await wait_until(lambda: office.phone(ANN).leg is None, "told, and over", 6)
        assert office.heard_by(ANN) == ["silence", f"en/{Prompt.CALL_TAKEN}", "nothing"]


@pytest.mark.parametrize("row", LEAVING, ids=named)
@pytest.mark.parametrize("half_ms", range(-12, 6))
async def test_key_and_a_fault_of_the_node_leave_no_place_without_a_conductor(
    row: Option, half_ms: int
) -> None:
    """The move is under way when its task is ended: what it came to is found a second later."""
    async with open_office(house=rows(row, beta={"members": ()})) as office:
        caller, phone = await waiting(office), office.edge.phone
        phone.fail_once("dial", is_done=False, after_seconds=0.05)
        await office.log_in(ANN)
        await wait_until(lambda: phone.given_up_at is not None, "dialled")
        assert phone.given_up_at is not None
        loop = asyncio.get_running_loop()
        loop.call_at(phone.given_up_at + half_ms / 2000, press, office, caller, "1")
        await asyncio.sleep(15)
        living = {e.id for e in office.memory.entries.values() if e.stage is not Stage.ENDED}
        assert living <= office.edge.floor.conductors.keys()
        assert "silence" not in caller.heard
        if caller.is_on_the_line:
            assert living or caller.hears == "talk with 202"
        else:
            assert row.action is not OptionAction.ROUTE


@pytest.mark.parametrize("row", [*LEAVING, key(OptionAction.DEFLECT)], ids=named)
@pytest.mark.parametrize("half_ms", range(-6, 14))
async def test_key_and_hang_up_leave_nobody_behind(row: Option, half_ms: int) -> None:
    async with open_office(house=rows(row)) as office:
        caller, behind = await waiting(office), await waiting(office)
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, press, office, caller, "1")
        loop.call_later(0.01 + half_ms / 2000, caller.hang_up)
        await asyncio.sleep(0.1)
        entries = [e for e in office.memory.entries.values() if e.leg == caller.leg.id]
        assert all(entry.stage is Stage.ENDED for entry in entries)
        assert [entry.leg for entry in office.memory.line(ALPHA)] == [behind.leg.id]
        assert not office.memory.line(BETA)
        assert office.phone(BOB).leg is None
        assert behind.hears == MUSIC


@pytest.mark.parametrize("half_ms", range(20))
async def test_who_takes_the_call_over_as_it_is_ended_by_key_is_not_left_in_music(
    half_ms: int,
) -> None:
    async with open_office(house=rows(key(OptionAction.HANGUP))) as office:
        caller = await waiting(office)
        loop, to = asyncio.get_running_loop(), EndpointName("309")

        def transfer() -> None:
            if caller.is_on_the_line:
                office.board.transfer(caller.leg.id, to)

        loop.call_later(0.01, press, office, caller, "1")
        loop.call_later(0.01 + half_ms / 2000, transfer)
        await asyncio.sleep(3)
        assert not office.board.legs


@pytest.mark.parametrize("half_ms", range(-8, 12))
async def test_the_key_comes_as_the_longest_wait_ends(half_ms: int) -> None:
    """Either the caller is told that the wait is over, or is led on; never both."""
    house = rows(route(DestinationKind.USER, BOB), timeout_seconds=5)
    async with open_office(house=house) as office:
        caller = office.call()
        entry = await caller.joins()
        ends_in = (entry.waits_until_ms - office.clock.now_ms()) / 1000
        loop = asyncio.get_running_loop()
        loop.call_later(ends_in + half_ms / 2000, press, office, caller, "1")
        await asyncio.sleep(10)
        if caller.entry.disposition is Disposition.ROUTED:
            assert caller.hears == "talk with 202"
            assert "played" not in caller.leg.variables
        else:
            assert caller.entry.disposition is Disposition.TIMED_OUT
            assert caller.leg.variables["played"] == f"en/{Prompt.WAIT_IS_OVER}"
            assert office.phone(BOB).rung == 0


@pytest.mark.parametrize("half_ms", range(-8, 12))
async def test_the_caller_hangs_up_as_the_user_answers(half_ms: int) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        leg = office.phone(BOB).leg
        assert leg is not None
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, office.board.answered, leg)
        loop.call_later(0.01 + half_ms / 2000, caller.hang_up)
        await asyncio.sleep(0.1)
        assert office.phone(BOB).leg is None, "nobody is left alone"
        assert caller.entry.disposition is Disposition.ROUTED


@pytest.mark.parametrize("half_ms", range(16))
async def test_the_user_hangs_up_right_after_answering(half_ms: int) -> None:
    """Before they were connected the caller is back at the old place, afterwards the call is
    over."""
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        leg = office.phone(BOB).leg
        assert leg is not None
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, office.board.answered, leg)
        loop.call_later(0.01 + half_ms / 2000, office.board.end, leg, EndReason.NORMAL)
        await asyncio.sleep(3)
        if caller.is_on_the_line:
            assert caller.hears == MUSIC
            assert [entry.leg for entry in office.memory.line(ALPHA)] == [caller.leg.id]
        else:
            assert half_ms >= 4, "they were connected 2 ms after the answer"
        assert "silence" not in caller.heard


@pytest.mark.parametrize("half_ms", range(-4, 12))
async def test_two_leaving_keys_at_once_lead_to_one_place(half_ms: int) -> None:
    house = rows(route(DestinationKind.QUEUE, BETA), key(OptionAction.HANGUP, "2"))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, press, office, caller, "1")
        loop.call_later(0.01 + half_ms / 2000, press, office, caller, "2")
        await asyncio.sleep(1)
        if caller.is_on_the_line:
            assert [entry.leg for entry in office.memory.line(BETA)] == [caller.leg.id]
        else:
            assert half_ms <= 0, "the first one was the way to Beta, where 2 is nothing"
            assert not office.memory.line(BETA)
        assert not office.memory.line(ALPHA)
