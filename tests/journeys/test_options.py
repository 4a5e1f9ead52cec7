"""A waiting caller presses a key: each action, as it is heard and as it is counted."""

import asyncio
from typing import Any

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EndpointName
from edge.domain.settings.options import DestinationKind, Option, OptionAction
from edge.domain.settings.waiting import UnknownKey
from edge.ports.phone_system import EndReason
from edge.ports.prompts import Prompt
from tests.fakes.edge import CARRIER
from tests.fakes.keypad import (
    AT_ONCE,
    MUSIC,
    ended,
    key,
    over_music,
    place,
    posted,
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

# --- hang up, webhook, deflect, callback


async def test_hangup_ends_the_call() -> None:
    async with open_office(house=rows(key(OptionAction.HANGUP))) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: not caller.is_on_the_line, "hung up", AT_ONCE)
        assert caller.entry.disposition is Disposition.OPTION_HANGUP
        assert caller.heard == [MUSIC, "nothing"]
        assert pressed(office) == ["1"]


async def test_hangup_with_a_confirmation_says_it_first() -> None:
    house = rows(key(OptionAction.HANGUP, prompt_media_id="goodbye"))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon("en/goodbye", AT_ONCE)
        assert caller.entry.disposition is Disposition.OPTION_HANGUP, "decided at the key"
        await wait_until(lambda: not caller.is_on_the_line, "hung up")


@pytest.mark.parametrize("action", [OptionAction.HANGUP, OptionAction.DEFLECT])
async def test_a_confirmation_of_half_a_minute_is_heard_out(action: OptionAction) -> None:
    async with open_office(house=rows(key(action, prompt_media_id="media_terms"))) as office:
        office.edge.phone.prompt_lasts_seconds = 30
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: "media:" in caller.hears, "the confirmation", AT_ONCE)
        await asyncio.sleep(29.5)
        assert "media:" in caller.hears


async def test_a_confirmation_whose_end_is_lost_keeps_nobody_for_long() -> None:
    house = rows(key(OptionAction.HANGUP, prompt_media_id="goodbye"))
    async with open_office(house=house) as office:
        office.edge.phone.loses_the_end_of_words = True
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: not caller.is_on_the_line, "hung up", 61)


async def test_webhook_that_leaves_is_written_confirmed_and_ends_the_call() -> None:
    house = rows(key(OptionAction.WEBHOOK, "*", prompt_media_id="text-follows"))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "*")
        await caller.hears_soon("en/text-follows", AT_ONCE)
        (body,) = posted(office)
        assert body == {
            "event": "in_queue_option",
            "call_id": caller.entry.id,
            "account_id": "acct_test",
            "queue_id": "qu_alpha",
            "digit": "*",
            "caller": "12025550111",
            "ts": body["ts"],
        }
        await wait_until(lambda: not caller.is_on_the_line, "the call ends")
        assert caller.entry.disposition is Disposition.WEBHOOK_EXIT


@pytest.mark.parametrize(
    "row",
    [
        key(OptionAction.DEFLECT, prompt_media_id="sent"),
        key(OptionAction.WEBHOOK, stay_in_queue=True, prompt_media_id="sent"),
    ],
)
async def test_a_webhook_that_stays_is_confirmed_over_the_music_and_keeps_the_place(
    row: Option,
) -> None:
    async with open_office(house=rows(row)) as office:
        caller, behind = await waiting(office), await waiting(office)
        line = [entry.id for entry in office.memory.line(ALPHA)]
        press(office, caller, "1")
        await caller.hears_soon(over_music("sent"), AT_ONCE)
        await caller.hears_soon(MUSIC)
        assert [entry.id for entry in office.memory.line(ALPHA)] == line
        assert len(posted(office)) == 1
        await office.log_in(ANN)
        await caller.talks_with(ANN)
        assert behind.hears == MUSIC
        assert "silence" not in caller.heard


async def test_in_interrupt_mode_the_confirmation_takes_the_place_of_the_music() -> None:
    house = rows(key(OptionAction.DEFLECT, prompt_media_id="sent"), announce_mode="interrupt")
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon("en/sent", AT_ONCE)
        await caller.hears_soon(MUSIC)


async def test_callback_is_refused_in_words_and_the_place_kept() -> None:
    async with open_office(house=rows(key(OptionAction.CALLBACK))) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music(Prompt.CALLBACK_NOT_YET), AT_ONCE)
        await caller.hears_soon(MUSIC)
        assert place(office, caller).stage is Stage.WAITING
        assert pressed(office) == ["1"], "that it was wanted is a fact"
        await office.log_in(ANN)
        await caller.talks_with(ANN)


# --- which keys count, and how often


async def test_the_same_key_twice_is_one_press_and_later_another() -> None:
    async with open_office(house=rows(key(OptionAction.DEFLECT))) as office:
        caller = await waiting(office)
        press(office, caller, "11")
        await asyncio.sleep(1)
        press(office, caller, "1")
        await asyncio.sleep(0.5)
        assert len(posted(office)) == 1, "a nervous finger"
        await asyncio.sleep(2)
        press(office, caller, "1")
        await asyncio.sleep(0.5)
        assert len(posted(office)) == 2, "asked for once more"


async def test_the_same_key_in_its_confirmation_neither_posts_nor_begins_it_anew() -> None:
    house = rows(key(OptionAction.DEFLECT, prompt_media_id="sent"))
    async with open_office(house=house) as office:
        office.edge.phone.loses_the_end_of_words = True
        caller = await waiting(office)
        press(office, caller, "1")
        await asyncio.sleep(10)
        press(office, caller, "1")
        await asyncio.sleep(1)
        assert len(posted(office)) == 1
        assert caller.leg.variables["played"] == "en/sent"


async def test_another_key_cuts_the_confirmation_and_acts_at_once() -> None:
    house = rows(key(OptionAction.DEFLECT, prompt_media_id="sent"), key(OptionAction.CALLBACK, "2"))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music("sent"), AT_ONCE)
        await asyncio.sleep(0.3)
        press(office, caller, "2")
        await caller.hears_soon(over_music(Prompt.CALLBACK_NOT_YET), AT_ONCE)
        assert pressed(office) == ["1", "2"]


async def test_an_unknown_key_is_ignored_and_what_is_said_goes_on() -> None:
    house = rows(key(OptionAction.DEFLECT, prompt_media_id="sent"))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music("sent"), AT_ONCE)
        press(office, caller, "7")
        await asyncio.sleep(0.5)
        assert caller.hears == over_music("sent")
        await caller.hears_soon(MUSIC)
        press(office, caller, "8")
        await asyncio.sleep(0.5)
        assert caller.hears == MUSIC
        assert pressed(office) == ["1"]


async def test_an_unknown_key_brings_a_hint_where_that_is_wanted() -> None:
    house = rows(key(OptionAction.CALLBACK), unknown_key=UnknownKey.HINT)
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "7")
        await caller.hears_soon(over_music(Prompt.KEY_NOT_KNOWN), AT_ONCE)
        press(office, caller, "8")
        await caller.hears_soon(MUSIC)
        assert caller.leg.variables["played"].count(Prompt.KEY_NOT_KNOWN) == 1, "once is enough"
        assert pressed(office) == []


async def test_a_key_pressed_before_the_place_is_there_acts_then() -> None:
    async with open_office(house=rows(key(OptionAction.HANGUP))) as office:
        office.edge.slow.one_way_seconds = 1.0
        caller = office.call()
        await caller.hears_soon(MUSIC)
        press(office, caller, "1")
        await wait_until(lambda: not caller.is_on_the_line, "hung up", 10)
        assert caller.entry.disposition is Disposition.OPTION_HANGUP
        office.edge.slow.one_way_seconds = 0.001
        await asyncio.sleep(3)


async def test_keys_in_a_conversation_do_nothing_here() -> None:
    house = rows(key(OptionAction.HANGUP), key(OptionAction.DEFLECT, "2"))
    async with open_office(ANN, house=house) as office:
        caller = await waiting(office)
        await caller.talks_with(ANN)
        press(office, caller, "12")
        await asyncio.sleep(5)
        assert caller.hears == "talk with 201"
        assert (pressed(office), posted(office)) == ([], [])


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


@pytest.mark.parametrize("beta", [{"join_when_empty": False}, {"max_queue_length": 1}])
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


# --- while an agent's phone rings

LEAVING = [
    key(OptionAction.HANGUP),
    key(OptionAction.WEBHOOK),
    route(DestinationKind.QUEUE, BETA),
    route(DestinationKind.USER, BOB),
]


@pytest.mark.parametrize("row", LEAVING, ids=lambda row: f"{row.action}-{row.dest_kind}")
async def test_a_leaving_key_ends_the_ringing_at_once_and_nobody_missed_a_call(row: Option) -> None:
    async with open_office(ANN, house=rows(row, beta={"members": ()})) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        await asyncio.sleep(1)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(ANN).leg is None, "CANCEL", 0.02)
        assert office.phone(ANN).missed == [EndReason.ANSWERED_ELSEWHERE]
        assert office.agent(ANN).misses == 0
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        assert office.reasons() == ["cancelled"]


async def test_a_staying_key_leaves_the_ringing_alone() -> None:
    async with open_office(ANN, house=rows(key(OptionAction.DEFLECT))) as office:
        caller = await waiting(office)
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        press(office, caller, "1")
        await caller.talks_with(ANN)
        assert len(posted(office)) == 1
        assert office.phone(ANN).rung == 1
