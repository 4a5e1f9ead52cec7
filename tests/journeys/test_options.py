"""A waiting caller presses a key: each action, as it is heard and as it is counted."""

import asyncio

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.settings.options import DestinationKind, Option, OptionAction
from edge.domain.settings.waiting import UnknownKey
from edge.ports.phone_system import EndReason
from edge.ports.prompts import Prompt
from tests.fakes.keypad import (
    AT_ONCE,
    MUSIC,
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
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, BETA, BOB

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
        office.edge.phone.words_last_seconds = 30
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


@pytest.mark.parametrize(
    ("row", "digit", "said"),
    [
        (key(OptionAction.CALLBACK), "1", Prompt.CALLBACK_NOT_YET),
        (key(OptionAction.DEFLECT, prompt_media_id="sent"), "1", "sent"),
        (key(OptionAction.CALLBACK), "7", Prompt.KEY_NOT_KNOWN),
    ],
)
async def test_a_key_is_answered_in_the_language_of_the_queue(
    row: Option, digit: str, said: str
) -> None:
    async with open_office(house=rows(row, language="es", unknown_key="hint")) as office:
        caller = await waiting(office)
        press(office, caller, digit)
        await caller.hears_soon(over_music(said, "es"), AT_ONCE)


async def test_the_last_word_is_in_the_language_of_the_queue() -> None:
    house = rows(key(OptionAction.HANGUP, prompt_media_id="goodbye"), language="es")
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon("es/goodbye", AT_ONCE)


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


# --- while an agent's phone rings

LEAVING = [
    key(OptionAction.HANGUP),
    key(OptionAction.WEBHOOK),
    route(DestinationKind.QUEUE, BETA),
    route(DestinationKind.USER, BOB),
    route(DestinationKind.DIALPLAN, "after-hours,s,1"),
]


@pytest.mark.parametrize("row", LEAVING, ids=lambda row: f"{row.action}-{row.dest_kind}")
async def test_a_leaving_key_ends_the_ringing_at_once_and_nobody_missed_a_call(row: Option) -> None:
    async with open_office(ANN, house=rows(row, beta={"members": ()})) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        office.board.dialplan.add(("after-hours", "s", 1))
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
