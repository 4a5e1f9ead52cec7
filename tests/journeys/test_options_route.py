"""A key leads a waiting caller on: to another line, a phone, a number or the dialplan; and back."""

import asyncio
from typing import Any

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EndpointName
from edge.domain.settings import Hours
from edge.domain.settings.options import DestinationKind, OptionAction
from edge.ports.phone_system import Wishes
from edge.ports.prompts import Prompt
from tests.fakes.edge import CARRIER
from tests.fakes.keypad import (
    AT_ONCE,
    MUSIC,
    ended,
    key,
    over_music,
    place,
    press,
    pressed,
    route,
    rows,
    waiting,
)
from tests.fakes.office import open_office
from tests.fakes.switchboard import Phone, WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, BETA, BOB, DAN, phone_of

INSIDE = EndpointName("301")
# --- route to another queue


async def test_route_to_a_queue_is_a_new_place_there_with_music() -> None:
    house = rows(route(DestinationKind.QUEUE, BETA), beta={"music_class": "jazz"})
    async with open_office(house=house) as office:
        caller = await waiting(office)
        await asyncio.sleep(5)
        press(office, caller, "1")
        await caller.hears_soon("music jazz", AT_ONCE)
        there = place(office, caller)
        (here,) = ended(office, caller, Disposition.ROUTED)
        assert (there.queue, here.queue, here.onward) == (BETA, ALPHA, there.id)
        assert there.joined_at_ms > here.joined_at_ms, "the wait there begins anew"
        assert caller.leg.variables["QE_ENTRY"] == there.id
        assert "silence" not in caller.heard
        await office.log_in(DAN)
        await caller.talks_with(DAN)
        assert pressed(office) == ["1"]


async def test_the_way_of_an_extension_to_a_queue() -> None:
    async with open_office(house=rows(route(DestinationKind.EXTENSION, "501"))) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: bool(office.memory.line(BETA)), "there", AT_ONCE)


async def test_the_confirmation_is_said_in_the_other_line_and_an_agent_does_not_wait_for_it() -> (
    None
):
    row = route(DestinationKind.QUEUE, BETA, prompt_media_id="to-sales")
    async with open_office(DAN, house=rows(row)) as office:
        office.phone(DAN).after_seconds = 0.5
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music("to-sales"), AT_ONCE)
        await caller.talks_with(DAN, within_seconds=1.0)


@pytest.mark.parametrize(
    "beta",
    [{"join_when_empty": False}, {"max_queue_length": 1}, {"hours": Hours(time_zone="UTC")}],
)
async def test_a_queue_that_lets_nobody_in_costs_no_place(beta: dict[str, Any]) -> None:
    house = rows(route(DestinationKind.QUEUE, BETA), beta=beta)
    async with open_office(house=house) as office:
        if "max_queue_length" in beta:
            await office.call("501", EndpointName("301"), number="301").joins()
        caller, behind = await waiting(office), await waiting(office)
        line = [entry.id for entry in office.memory.line(ALPHA)]
        press(office, caller, "1")
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW), AT_ONCE)
        await caller.hears_soon(MUSIC)
        assert [entry.id for entry in office.memory.line(ALPHA)] == line
        await office.log_in(BOB)
        await caller.talks_with(BOB, 15)
        assert behind.is_on_the_line


async def test_priority_and_the_wish_for_music_go_with_the_caller() -> None:
    house = rows(route(DestinationKind.QUEUE, BETA), beta={"music_class": "jazz"})
    async with open_office(house=house) as office:
        before = office.call("501", INSIDE, number="301")
        caller = office.call(wishes=Wishes(priority=7, music="opera"))
        await before.hears_soon("music jazz")
        await caller.hears_soon("music opera")
        press(office, caller, "1")
        await wait_until(lambda: place(office, caller).queue == BETA, "led there", AT_ONCE)
        await asyncio.sleep(1)
        assert caller.hears == "music opera"
        assert [e.leg for e in office.memory.line(BETA)] == [caller.leg.id, before.leg.id]


async def test_to_and_fro_between_two_queues_a_thousand_times() -> None:
    """Only the caller's own keys make the loop, and it does not grow."""
    back = {"options": (route(DestinationKind.QUEUE, ALPHA, "2"),)}
    async with open_office(house=rows(route(DestinationKind.QUEUE, BETA), beta=back)) as office:
        caller = await waiting(office)
        for _ in range(500):
            for digit, line in (("1", BETA), ("2", ALPHA)):
                press(office, caller, digit)
                await asyncio.sleep(0.03)
                assert office.memory.line(line)
        await office.log_in(ANN)
        await caller.talks_with(ANN)
        assert len(ended(office, caller, Disposition.ROUTED)) == 1_000


async def test_who_waits_there_is_offered_to_agents_who_are_ready_at_once() -> None:
    async with open_office(DAN, house=rows(route(DestinationKind.QUEUE, BETA))) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(DAN).rung == 1, "rings at once", 0.1)
        await caller.talks_with(DAN)


# --- route to a phone


async def test_route_to_a_user_rings_with_music_and_becomes_a_conversation() -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings", AT_ONCE)
        (dial,) = office.phone(BOB).dials
        assert (dial.caller_number, dial.ring_seconds) == ("12025550111", 20)
        assert caller.hears == MUSIC
        await caller.talks_with(BOB)
        assert caller.entry.disposition is Disposition.ROUTED
        assert "silence" not in caller.heard
        caller.hang_up()
        await wait_until(lambda: office.phone(BOB).leg is None, "over")
        assert office.agent(BOB).occupancy is Occupancy.IDLE, "no call of a queue"


async def test_a_user_who_is_rung_so_is_offered_no_call_of_a_queue() -> None:
    async with open_office(ANN, house=rows(route(DestinationKind.EXTENSION, "201"))) as office:
        await office.dial_star(ANN, "*46")
        caller = await waiting(office)
        await office.dial_star(ANN, "*46")
        press(office, caller, "1")
        await caller.talks_with(ANN)
        following = office.call()
        await following.joins()
        await asyncio.sleep(5)
        assert following.hears == MUSIC
        office.hang_up_agent(ANN)
        await following.talks_with(ANN, 20)


@pytest.mark.parametrize("how", [WhenRung.IS_BUSY, WhenRung.REFUSES, WhenRung.NEVER_ANSWERS, None])
async def test_a_user_not_to_be_had_brings_the_caller_back_to_the_old_place(
    how: WhenRung | None,
) -> None:
    row = route(DestinationKind.USER, BOB, prompt_media_id="to-bob")
    async with open_office(house=rows(row)) as office:
        if how is None:
            office.board.register(phone_of(BOB), is_registered=False)
        else:
            office.phone(BOB).when_rung = how
        ahead = await waiting(office)
        caller, behind = await waiting(office), await waiting(office)
        joined_at_ms = place(office, caller).joined_at_ms
        press(office, caller, "1")
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW), 25)
        await caller.hears_soon(MUSIC)
        assert caller.is_on_the_line
        assert place(office, caller).joined_at_ms == joined_at_ms
        line = [entry.leg for entry in office.memory.line(ALPHA)]
        assert line == [one.leg.id for one in (ahead, caller, behind)]
        assert office.phone(BOB).leg is None
        assert "silence" not in caller.heard
        await office.log_in(ANN)
        for one in (ahead, caller):
            await one.talks_with(ANN, 20)
            one.hang_up()


async def test_the_same_key_rings_once_more_after_the_way_back() -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.IS_BUSY
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW))
        office.phone(BOB).when_rung = WhenRung.ANSWERS
        press(office, caller, "1")
        await caller.talks_with(BOB)


async def test_what_is_pressed_while_the_user_rings_is_not_kept_for_the_way_back() -> None:
    house = rows(route(DestinationKind.USER, BOB), key(OptionAction.HANGUP, "9"))
    async with open_office(house=house) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        press(office, caller, "119")
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW), 25)
        await asyncio.sleep(5)
        assert caller.hears == MUSIC
        assert (office.phone(BOB).rung, pressed(office)) == (1, ["1"])


async def test_who_hangs_up_while_the_user_rings_stops_the_ringing() -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        caller.hang_up()
        await wait_until(lambda: office.phone(BOB).leg is None, "quiet", AT_ONCE)
        assert caller.entry.disposition is Disposition.ROUTED, "no abandon: the key was served"


async def test_the_confirmation_is_cut_by_the_answer_of_the_user() -> None:
    row = route(DestinationKind.USER, BOB, prompt_media_id="to-bob")
    async with open_office(house=rows(row)) as office:
        office.phone(BOB).after_seconds = 0.5
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music("to-bob"), AT_ONCE)
        await caller.talks_with(BOB, within_seconds=0.6)


async def test_route_to_a_number_outside_goes_over_the_trunk() -> None:
    row = route(DestinationKind.EXTERNAL, "+12025550177")
    async with open_office(house=rows(row)) as office:
        trunk = office.board.phones[CARRIER] = Phone(CARRIER, is_trunk=True)
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(f"talk with {CARRIER}")
        (dial,) = trunk.dials
        assert (dial.endpoint, dial.to_user) == (CARRIER, "12025550177")
        assert dial.caller_number == "12025550111"
        assert dial.asserted is not None
        assert dial.asserted.number == "12025550100", "our own number"


async def test_a_call_from_inside_goes_outside_as_the_accounts_first_number() -> None:
    row = route(DestinationKind.EXTERNAL, "12025550177")
    async with open_office(house=rows(row)) as office:
        trunk = office.board.phones[CARRIER] = Phone(CARRIER, is_trunk=True)
        caller = office.call("500", INSIDE, number="301")
        await caller.hears_soon(MUSIC)
        press(office, caller, "1")
        await caller.hears_soon(f"talk with {CARRIER}")
        (dial,) = trunk.dials
        assert dial.asserted is not None
        assert dial.asserted.number == "12025550100"


async def test_a_number_that_is_refused_brings_the_caller_back() -> None:
    row = route(DestinationKind.EXTERNAL, "12025550177")
    async with open_office(house=rows(row)) as office:
        trunk = Phone(CARRIER, when_rung=WhenRung.REFUSES, is_trunk=True)
        office.board.phones[CARRIER] = trunk
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW))
        assert place(office, caller).stage is Stage.WAITING


# --- route into the dialplan


async def test_route_into_the_dialplan_lets_the_call_go() -> None:
    row = route(DestinationKind.DIALPLAN, "after-hours,s,1")
    async with open_office(house=rows(row)) as office:
        office.board.dialplan.add(("after-hours", "s", 1))
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon("dialplan after-hours,s,1", AT_ONCE)
        await asyncio.sleep(5)
        assert caller.is_on_the_line
        assert caller.entry.disposition is Disposition.ROUTED


async def test_the_confirmation_is_heard_out_before_the_call_goes_into_the_dialplan() -> None:
    row = route(DestinationKind.DIALPLAN, "after-hours,s,1", prompt_media_id="on-the-way")
    async with open_office(house=rows(row)) as office:
        office.board.dialplan.add(("after-hours", "s", 1))
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon("en/on-the-way", AT_ONCE)
        assert caller.entry.disposition is Disposition.ROUTED, "decided at the key"
        await caller.hears_soon("dialplan after-hours,s,1")


async def test_a_place_that_the_dialplan_does_not_have_costs_no_place() -> None:
    row = route(DestinationKind.DIALPLAN, "after-hours,s,1")
    async with open_office(house=rows(row)) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW), AT_ONCE)
        await caller.hears_soon(MUSIC)
        assert place(office, caller).stage is Stage.WAITING
