"""The node does not answer an order: the caller is not lost, a new conductor goes on."""

import asyncio
from dataclasses import replace

import pytest

from edge.domain.agent import Occupancy
from edge.domain.entry import Stage
from edge.domain.ids import EntryId, LegId
from edge.ports.phone_system import EndReason
from edge.ports.prompts import Prompt
from tests.fakes.office import open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ACCOUNT_ID, ANN, BOB, phone_of

MUSIC = "music default"


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("order", ["dial", "prepare_bridge", "connect", "hold", "set_variables"])
async def test_a_caller_in_line_is_served_though_an_order_fails(order: str, is_done: bool) -> None:
    async with open_office() as office:
        caller = office.call()
        await caller.joins()
        office.edge.phone.fail_once(order, is_done=is_done)
        await office.log_in(ANN)
        await caller.talks_with(ANN, within_seconds=60)
        await wait_until(lambda: caller.entry.stage is Stage.TALKING, "connected")
        assert MUSIC in caller.heard
        assert office.agent(ANN).occupancy is Occupancy.TALKING


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("order", ["answer", "hold"])
async def test_a_caller_who_cannot_be_held_is_not_left_in_silence(
    order: str, is_done: bool
) -> None:
    async with open_office(ANN) as office:
        office.edge.phone.fail_once(order, is_done=is_done)
        caller = office.call()
        await wait_until(
            lambda: not caller.is_on_the_line or caller.hears.startswith("talk"),
            "served, or sent away",
            within_seconds=30,
        )


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("order", ["hang_up", "remove_bridge"])
async def test_an_order_that_fails_at_the_end_leaves_nobody_alone(
    order: str, is_done: bool
) -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await wait_until(lambda: caller.entry.stage is Stage.TALKING, "connected")
        office.edge.phone.fail_once(order, is_done=is_done)
        caller.hang_up()
        await wait_until(lambda: office.phone(ANN).leg is None, "the agent is free", 30)
        await office.is_occupied(ANN, Occupancy.IDLE, within_seconds=30)


@pytest.mark.parametrize("is_done", [False, True])
async def test_ringing_stops_though_the_order_to_stop_it_fails(is_done: bool) -> None:
    async with open_office(ANN, ring_seconds=10) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        office.edge.phone.fail_once("hang_up", is_done=is_done)
        caller.hang_up()
        await wait_until(lambda: caller.entry.stage is Stage.ENDED, "ended", 30)
        await wait_until(lambda: office.phone(ANN).leg is None, "quiet", 30)
        office.phone(ANN).when_rung = WhenRung.ANSWERS
        await office.is_occupied(ANN, Occupancy.IDLE, within_seconds=30)
        following = office.call()
        await following.talks_with(ANN)


@pytest.mark.parametrize("order", ["answer", "play", "hang_up"])
async def test_a_star_code_that_fails_takes_nobody_down(order: str) -> None:
    async with open_office() as office:
        waiting = office.call()
        await waiting.joins()
        office.edge.phone.fail_once(order, is_done=True)
        caller = office.call("*45", phone_of(BOB))
        await waiting.talks_with(BOB, within_seconds=30)
        office.board.end(caller.leg.id, EndReason.NORMAL)


async def test_who_is_turned_away_hears_why_though_the_node_does_not_answer_at_first() -> None:
    async with open_office(join_when_empty=False) as office:
        office.edge.phone.fail_once("answer", is_done=False)
        caller = office.call()
        await wait_until(lambda: not caller.is_on_the_line, "told, and over", 20)
        assert caller.heard == [f"en/{Prompt.NOBODY_AVAILABLE}", "nothing"]


async def test_a_refused_call_from_inside_gets_busy_at_the_second_try() -> None:
    async with open_office(join_when_empty=False) as office:
        office.edge.phone.fail_once("hang_up", is_done=False)
        caller = office.call("500", phone_of(BOB), number="202")
        await wait_until(lambda: not caller.is_on_the_line, "refused", 20)
        assert caller.leg.ended is EndReason.BUSY
        assert caller.heard == [], "never answered"


async def test_a_number_that_nobody_has_takes_no_edge_down() -> None:
    async with open_office(ANN) as office:
        office.edge.phone.fail_once("hang_up", is_done=False)
        wrong = office.call("999", phone_of(BOB))
        await asyncio.sleep(1)
        caller = office.call()
        await caller.talks_with(ANN)
        wrong.hang_up()


async def test_a_picked_call_without_its_caller_takes_no_edge_down() -> None:
    async with open_office(ANN) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        floor, gone = office.edge.floor, EntryId("ent_that_left")
        agent = replace(office.agent(BOB), leg=LegId("chan_own"), leg_entry=gone, is_called=True)
        office.edge.phone.fail_once("hang_up", is_done=False)
        await floor.dispatch(ACCOUNT_ID, replace(caller.entry, id=gone), [agent])
        assert caller.hears.startswith("talk")


async def test_a_caller_who_transfers_in_line_takes_no_edge_down() -> None:
    async with open_office() as office:
        caller = office.call()
        await caller.joins()
        await caller.hears_soon(MUSIC)
        office.edge.phone.fail_once("hold", is_done=False)
        other = office.board.legs[office.board.transfer(caller.leg.id, phone_of(BOB))]
        await asyncio.sleep(3)
        assert other.hears == MUSIC
        assert len(office.edge.floor.conductors) == 1
        office.board.end(other.id, EndReason.NORMAL)


@pytest.mark.parametrize("code", ["*46", "*47"])
async def test_a_code_whose_end_is_not_answered_is_ended_all_the_same(code: str) -> None:
    async with open_office(ANN) as office:
        office.edge.phone.fail_once("hang_up", is_done=False)
        call = office.call(code, phone_of(ANN), number="")
        await wait_until(lambda: not call.is_on_the_line, "not left in silence", 10)


async def test_a_look_at_the_node_that_fails_is_taken_again_though_no_connection_broke() -> None:
    async with open_office() as office:
        office.edge.phone.cut()
        office.edge.phone.fail_once("survey", is_done=False)
        caller = office.call()
        office.edge.phone.mend()
        await caller.joins()
        office.start_edge()
        await office.ready()
        await office.edges[1].kill()
        await asyncio.sleep(6)
        assert not office.site.dead, "the first edge takes over"
