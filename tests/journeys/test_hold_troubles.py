"""What a waiting caller hears when something crosses the words: an edge that dies, a node or a
store that does not answer, a transfer, a key in the same moment."""

import asyncio

import pytest

from edge.domain.settings.options import DestinationKind, OptionAction
from edge.domain.settings.waiting import (
    AnnounceMode,
    AnswerOn,
    HoldMessages,
    UnknownKey,
)
from edge.ports.phone_system import EndReason
from tests.fakes.keypad import MUSIC, key, over_music, place, posted, press, route, rows, waiting
from tests.fakes.office import Office, open_office
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, BETA, BOB, phone_of

TALK = f"talk with {phone_of(ANN)}"
NEWS, WEATHER = over_music("news"), over_music("weather")
MESSAGES = HoldMessages(sounds=(("news",), ("weather",)), first_after_seconds=5, every_seconds=20)


async def start_another(office: Office) -> None:
    await office.edge.kill()
    office.start_edge()
    await office.ready()


@pytest.mark.parametrize("half_ms", range(16))
async def test_killed_as_the_agent_answers_the_call_is_answered_all_the_same(half_ms: int) -> None:
    """Of a queue that lets the caller's call ring until then."""
    async with open_office(ANN, answer_on=AnswerOn.AGENT) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        assert leg is not None
        asyncio.get_running_loop().call_later(0.002, office.board.answered, leg)
        await asyncio.sleep(half_ms / 2000)
        await start_another(office)
        await caller.talks_with(ANN, within_seconds=15)


@pytest.mark.parametrize("is_done", [False, True])
async def test_an_answer_that_the_node_does_not_confirm_is_given_again(is_done: bool) -> None:
    async with open_office(ANN, answer_on=AnswerOn.AGENT) as office:
        caller = office.call()
        await caller.hears_soon("ringback")
        office.edge.phone.fail_once("answer", is_done=is_done)
        await caller.talks_with(ANN, within_seconds=15)


@pytest.mark.parametrize("half_ms", range(-8, 12))
async def test_words_begun_as_a_key_is_pressed_are_not_heard_in_the_next_line(half_ms: int) -> None:
    house = rows(route(DestinationKind.QUEUE, BETA, announcement=()), hold_messages=MESSAGES)
    async with open_office(house=house) as office:
        caller = office.call()
        entry = await caller.joins()
        begins_in = 5 - (office.clock.now_ms() - entry.joined_at_ms) / 1000
        loop = asyncio.get_running_loop()
        loop.call_later(begins_in + half_ms / 2000, press, office, caller, "1")
        await asyncio.sleep(begins_in + 0.1)
        assert place(office, caller).queue == BETA
        assert caller.hears == MUSIC


@pytest.mark.parametrize("half_ms", range(-8, 12))
async def test_an_agent_lost_as_words_fall_due_leaves_the_caller_with_words(half_ms: int) -> None:
    async with open_office(ANN, hold_messages=MESSAGES, member_delay_seconds=30) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        entry = await caller.joins()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        leg = office.phone(ANN).leg
        assert leg is not None
        due_in = 5 - (office.clock.now_ms() - entry.joined_at_ms) / 1000
        asyncio.get_running_loop().call_later(due_in + half_ms / 2000, office.board.answered, leg)
        await asyncio.sleep(due_in + 1)
        office.hang_up_agent(ANN)
        await caller.hears_soon(MUSIC)
        await wait_until(lambda: "over it" in caller.hears, "words again", 40)


async def test_a_store_that_is_away_for_minutes_does_not_bring_two_messages_at_once() -> None:
    async with open_office(hold_messages=MESSAGES) as office:
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(3)
        office.edge.slow.one_way_seconds = 90
        await asyncio.sleep(3)
        office.edge.slow.one_way_seconds = 0.001
        await caller.hears_soon(NEWS, 300)
        await caller.hears_soon(MUSIC)
        await asyncio.sleep(15)
        assert caller.heard[-2:] == [NEWS, MUSIC], "the next one in its time"


async def test_who_takes_the_call_over_hears_words_in_their_rhythm() -> None:
    """The words were said to the phone that has transferred the call."""
    async with open_office(hold_messages=MESSAGES) as office:
        caller = office.call()
        await caller.hears_soon(NEWS, 10)
        other = office.board.legs[office.board.transfer(caller.leg.id, phone_of(BOB))]
        await asyncio.sleep(10)
        assert other.hears == MUSIC
        await wait_until(lambda: other.hears == WEATHER, "the next message", 15)
        office.board.end(other.id, EndReason.NORMAL)


async def test_a_nervous_finger_presses_nothing_in_the_line_that_it_led_to() -> None:
    """Nor does one who presses again after a while press in vain."""
    goodbye = key(OptionAction.HANGUP)
    house = rows(route(DestinationKind.QUEUE, BETA), beta={"options": (goodbye,)})
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await asyncio.sleep(0.3)
        press(office, caller, "1")
        await asyncio.sleep(1)
        assert place(office, caller).queue == BETA
        await asyncio.sleep(2)
        press(office, caller, "1")
        await wait_until(lambda: not caller.is_on_the_line, "hung up", 3)


async def test_a_key_pressed_again_acts_while_a_hint_is_spoken() -> None:
    house = rows(key(OptionAction.DEFLECT), unknown_key=UnknownKey.HINT)
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await asyncio.sleep(5)
        press(office, caller, "9")
        await asyncio.sleep(0.5)
        assert "over it" in caller.hears
        press(office, caller, "1")
        await asyncio.sleep(0.1)
        assert caller.hears == MUSIC, "the hint is cut"
        await wait_until(lambda: len(posted(office)) == 2, "posted both times")


@pytest.mark.parametrize("tenths", range(1, 20))
async def test_killed_while_a_destination_rings_its_confirmation_is_not_said_again(
    tenths: int,
) -> None:
    house = rows(route(DestinationKind.USER, BOB, prompt_media_id="connecting"))
    async with open_office(house=house) as office:
        office.phone(BOB).after_seconds = 12
        caller = await waiting(office)
        press(office, caller, "1")
        await asyncio.sleep(tenths / 10)
        await start_another(office)
        await caller.talks_with(BOB, 30)
        assert caller.leg.variables["played"].split().count("en/connecting") == 1


@pytest.mark.parametrize("half_ms", range(24))
async def test_a_caller_who_transfers_as_a_key_leads_on_is_known_in_the_next_line(
    half_ms: int,
) -> None:
    async with open_office(house=rows(route(DestinationKind.QUEUE, BETA))) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await asyncio.sleep(half_ms / 2000)
        other = office.board.legs[office.board.transfer(caller.leg.id, phone_of(BOB))]
        await asyncio.sleep(1)
        assert [entry.leg for entry in office.memory.line(BETA)] == [other.id]
        await start_another(office)
        await asyncio.sleep(2)
        assert other.hears == MUSIC
        office.board.end(other.id, EndReason.NORMAL)


@pytest.mark.parametrize("order", ["hang_up", "remove_bridge"])
async def test_a_fault_on_the_way_to_the_next_line_leaves_no_bridge_behind(order: str) -> None:
    house = rows(route(DestinationKind.QUEUE, BETA), beta={"members": ()})
    async with open_office(ANN, house=house) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings")
        office.edge.phone.fail_once(order, is_done=False)
        press(office, caller, "1")
        await asyncio.sleep(3)
        assert place(office, caller).queue == BETA
        assert office.phone(ANN).leg is None
        assert not [one for one in office.board.bridges if not one.startswith("hold_")]


@pytest.mark.parametrize("half_ms", range(10))
async def test_a_transfer_while_the_node_is_looked_at_loses_no_place(half_ms: int) -> None:
    async with open_office() as office:
        caller = await waiting(office)
        office.edge.phone.cut()
        await asyncio.sleep(1)
        office.edge.phone.mend()
        await asyncio.sleep(half_ms / 2000)
        other = office.board.legs[office.board.transfer(caller.leg.id, phone_of(BOB))]
        await asyncio.sleep(1)
        assert other.hears == MUSIC
        await office.log_in(ANN)
        await wait_until(lambda: other.hears == TALK, "served")
        office.board.end(other.id, EndReason.NORMAL)


async def test_who_takes_the_call_over_while_a_destination_rings_hears_music() -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        other = office.board.legs[office.board.transfer(caller.leg.id, phone_of(ANN))]
        await asyncio.sleep(1)
        assert other.hears == MUSIC
        leg = office.phone(BOB).leg
        assert leg is not None
        office.board.answered(leg)
        await wait_until(lambda: other.hears == f"talk with {phone_of(BOB)}", "connected")
        await asyncio.sleep(5)
        assert other.hears == f"talk with {phone_of(BOB)}"
        office.board.end(other.id, EndReason.NORMAL)


async def test_words_in_place_of_the_music_by_an_edge_that_died_keep_no_agent_away() -> None:
    """A leg that words are played to is taken over only when they are over."""
    interrupt = {"hold_messages": MESSAGES, "announce_mode": AnnounceMode.INTERRUPT}
    async with open_office(**interrupt) as office:
        office.edge.phone.words_last_seconds = 60
        caller = office.call()
        await caller.hears_soon("en/news", 10)
        await start_another(office)
        await caller.hears_soon(MUSIC, 5)
        await office.log_in(ANN)
        await caller.talks_with(ANN, 5)
        assert caller.heard == [MUSIC, "en/news", MUSIC, TALK]


async def test_words_to_an_agent_by_an_edge_that_died_do_not_delay_the_talk() -> None:
    async with open_office(ANN, agent_announcement=("hello",)) as office:
        office.edge.phone.words_last_seconds = 60
        caller = office.call()
        await wait_until(lambda: bool(office.phone(ANN).legs), "dialled")
        await wait_until(lambda: office.leg_of(ANN).hears == "en/hello", "the agent is told")
        await start_another(office)
        await caller.talks_with(ANN, 5)
        assert caller.heard == [MUSIC, TALK]
