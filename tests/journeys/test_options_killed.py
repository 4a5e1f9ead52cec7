"""The edge is killed while a key is carried out: whoever takes over goes on, nobody is lost."""

import asyncio

import pytest

from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.ids import EndpointName
from edge.domain.settings.options import DestinationKind, OptionAction
from edge.ports.phone_system import EndReason, LegState
from edge.ports.prompts import Prompt
from tests.fakes.edge import CARRIER
from tests.fakes.keypad import MUSIC, key, over_music, posted, press, route, rows, waiting
from tests.fakes.office import Caller, Office, audible, open_office
from tests.fakes.switchboard import Phone, WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, BETA, BOB, DAN, phone_of

HALF_MS = range(24)
THIRD, FOURTH = EndpointName("309"), EndpointName("308")


async def start_another(office: Office) -> None:
    await office.edge.kill()
    office.start_edge()
    await office.ready()


async def press_and_kill(office: Office, caller: Caller, half_ms: int) -> None:
    press(office, caller, "1")
    await asyncio.sleep(half_ms / 2000)
    await start_another(office)
    await asyncio.sleep(2)


def was_pressed(office: Office, caller: Caller) -> bool:
    entries = [e for e in office.memory.entries.values() if e.leg == caller.leg.id]
    return any(entry.pressed for entry in entries)


def lines(office: Office) -> list[str]:
    return [e.leg for queue in (ALPHA, BETA) for e in office.memory.line(queue)]


@pytest.mark.parametrize("half_ms", HALF_MS)
async def test_killed_as_the_caller_is_hung_up_by_key(half_ms: int) -> None:
    house = rows(key(OptionAction.HANGUP, prompt_media_id="goodbye"))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        await press_and_kill(office, caller, half_ms)
        if was_pressed(office, caller):
            await wait_until(lambda: not caller.is_on_the_line, "hung up", 10)
            assert caller.leg.variables["played"].split()[-1] == "en/goodbye"
        else:
            assert lines(office) == [caller.leg.id], "nobody heard the key: waits on"
            assert caller.hears == MUSIC
        assert "silence" not in caller.heard


@pytest.mark.parametrize("half_ms", HALF_MS)
async def test_killed_as_a_webhook_is_written_it_is_posted_all_the_same(half_ms: int) -> None:
    house = rows(key(OptionAction.WEBHOOK, prompt_media_id="sent"))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        await press_and_kill(office, caller, half_ms)
        if was_pressed(office, caller):
            await wait_until(lambda: not caller.is_on_the_line, "the call ends", 10)
            await wait_until(lambda: bool(posted(office)), "posted", 60)
            assert caller.entry.disposition is Disposition.WEBHOOK_EXIT
        else:
            assert lines(office) == [caller.leg.id]
            assert not posted(office)


@pytest.mark.parametrize("half_ms", HALF_MS)
async def test_killed_on_the_way_to_another_queue_the_caller_has_one_place(half_ms: int) -> None:
    house = rows(route(DestinationKind.QUEUE, BETA), beta={"music_class": "jazz"})
    async with open_office(house=house) as office:
        caller = await waiting(office)
        await press_and_kill(office, caller, half_ms)
        assert lines(office) == [caller.leg.id]
        there = bool(office.memory.line(BETA))
        assert there == was_pressed(office, caller)
        assert caller.hears == ("music jazz" if there else MUSIC)
        assert "silence" not in caller.heard
        await office.log_in(ANN)
        await caller.talks_with(ANN, 20)


@pytest.mark.parametrize("half_ms", range(0, 60, 2))
async def test_killed_as_the_user_begins_to_ring(half_ms: int) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).after_seconds = 8
        caller = await waiting(office)
        await press_and_kill(office, caller, half_ms)
        assert "silence" not in caller.heard
        if was_pressed(office, caller):
            assert caller.hears == MUSIC
            await caller.talks_with(BOB, 30)
            assert office.phone(BOB).rung == 1, "one phone call, not two"
        else:
            assert lines(office) == [caller.leg.id]


async def test_a_user_who_answers_while_no_edge_lives_talks_with_the_caller() -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        await office.edge.kill()
        leg = office.phone(BOB).leg
        assert leg is not None
        office.board.answered(leg)
        await asyncio.sleep(1)
        office.start_edge()
        await caller.talks_with(BOB, 15)
        assert office.phone(BOB).rung == 1
        assert "silence" not in caller.heard


async def test_a_user_who_refuses_while_no_edge_lives_is_rung_once_more_and_the_caller_served() -> (
    None
):
    """What became of the phone nobody heard: the key is carried out anew."""
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        await office.edge.kill()
        leg = office.phone(BOB).leg
        assert leg is not None
        office.board.end(leg, EndReason.REFUSED)
        office.phone(BOB).when_rung = WhenRung.REFUSES
        office.start_edge()
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW), 20)
        await caller.hears_soon(MUSIC)
        assert lines(office) == [caller.leg.id]
        assert office.phone(BOB).rung == 2


async def test_a_caller_who_hangs_up_while_no_edge_lives_leaves_no_phone_ringing() -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        await office.edge.kill()
        caller.hang_up()
        office.start_edge()
        await wait_until(lambda: office.phone(BOB).leg is None, "quiet", 15)
        assert caller.entry.disposition is Disposition.ROUTED


@pytest.mark.parametrize("half_ms", range(30))
async def test_killed_as_the_user_answers_they_talk_all_the_same(half_ms: int) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        leg = office.phone(BOB).leg
        assert leg is not None
        asyncio.get_running_loop().call_later(0.005, office.board.answered, leg)
        await asyncio.sleep(half_ms / 2000)
        await start_another(office)
        await caller.talks_with(BOB, 15)
        assert "silence" not in caller.heard
        assert office.phone(BOB).rung == 1


@pytest.mark.parametrize("who", ["caller", "user"])
async def test_a_conversation_that_a_key_led_to_goes_on_and_can_be_ended(who: str) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.talks_with(BOB)
        await asyncio.sleep(1)
        await start_another(office)
        await asyncio.sleep(5)
        assert caller.heard == [MUSIC, "talk with 202"], "they talk on"
        if who == "caller":
            caller.hang_up()
        else:
            office.hang_up_agent(BOB)
        await wait_until(lambda: not office.board.legs, "nobody is left alone", 10)


async def test_a_call_to_the_outside_goes_on_as_well() -> None:
    row = route(DestinationKind.EXTERNAL, "12025550177")
    async with open_office(house=rows(row)) as office:
        trunk = office.board.phones[CARRIER] = Phone(CARRIER, is_trunk=True, after_seconds=6)
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: trunk.rung == 1, "rings")
        await start_another(office)
        assert caller.hears == MUSIC
        await caller.hears_soon(f"talk with {CARRIER}", 15)
        assert trunk.rung == 1


@pytest.mark.parametrize("half_ms", range(30))
async def test_killed_on_the_way_back_the_caller_stands_at_the_old_place(half_ms: int) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).when_rung = WhenRung.NEVER_ANSWERS
        ahead = await waiting(office)
        caller, behind = await waiting(office), await waiting(office)
        joined_at_ms = caller.entry.joined_at_ms
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        leg = office.phone(BOB).leg
        assert leg is not None
        office.phone(BOB).when_rung = WhenRung.IS_BUSY
        asyncio.get_running_loop().call_later(0.002, office.board.end, leg, EndReason.REFUSED)
        await asyncio.sleep(half_ms / 2000)
        await start_another(office)
        await asyncio.sleep(4)
        line = office.memory.line(ALPHA)
        assert [entry.leg for entry in line] == [one.leg.id for one in (ahead, caller, behind)]
        assert line[1].joined_at_ms == joined_at_ms
        assert caller.hears == MUSIC
        assert "silence" not in caller.heard


@pytest.mark.parametrize("half_ms", range(20))
async def test_killed_as_the_call_goes_into_the_dialplan(half_ms: int) -> None:
    row = route(DestinationKind.DIALPLAN, "after-hours,s,1")
    async with open_office(house=rows(row)) as office:
        office.board.dialplan.add(("after-hours", "s", 1))
        caller = await waiting(office)
        await press_and_kill(office, caller, half_ms)
        if was_pressed(office, caller):
            assert caller.hears == "dialplan after-hours,s,1"
        else:
            assert lines(office) == [caller.leg.id]
        assert caller.is_on_the_line


async def test_killed_in_the_word_before_the_dialplan_it_is_said_anew() -> None:
    row = route(DestinationKind.DIALPLAN, "after-hours,s,1", prompt_media_id="on-the-way")
    async with open_office(house=rows(row)) as office:
        office.board.dialplan.add(("after-hours", "s", 1))
        caller = await waiting(office)
        await press_and_kill(office, caller, 1000)
        await caller.hears_soon("dialplan after-hours,s,1")
        assert caller.leg.variables["played"].split() == ["en/on-the-way"] * 2
        assert "silence" not in caller.heard


@pytest.mark.parametrize("order", ["dial", "connect", "prepare_bridge", "hold", "survey", "stop"])
@pytest.mark.parametrize("is_done", [False, True])
async def test_a_node_that_leaves_an_order_unanswered_keeps_the_caller_in_music(
    order: str, is_done: bool
) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        caller = await waiting(office)
        office.edge.phone.fail_once(order, is_done=is_done)
        press(office, caller, "1")
        await caller.hears_soon("talk with 202", 30)
        await asyncio.sleep(1)
        assert "silence" not in caller.heard
        assert office.phone(BOB).leg is not None
        assert [leg.state for leg in office.board.legs.values()] == [LegState.UP] * 2
        office.edge.phone.fail_once("", is_done=False)


@pytest.mark.parametrize("is_done", [False, True])
async def test_a_node_that_does_not_say_whether_the_call_went_into_the_dialplan(
    is_done: bool,
) -> None:
    row = route(DestinationKind.DIALPLAN, "after-hours,s,1")
    async with open_office(house=rows(row)) as office:
        office.board.dialplan.add(("after-hours", "s", 1))
        caller = await waiting(office)
        office.edge.phone.fail_once("send_into_dialplan", is_done=is_done)
        press(office, caller, "1")
        await caller.hears_soon("dialplan after-hours,s,1")
        await asyncio.sleep(10)
        assert caller.is_on_the_line, "whoever is there now is not ours to hang up"


async def test_a_caller_led_to_another_queue_whose_edge_then_dies_twice() -> None:
    house = rows(route(DestinationKind.QUEUE, BETA))
    async with open_office(house=house) as office:
        caller = await waiting(office)
        press(office, caller, "1")
        await asyncio.sleep(1)
        for _ in range(2):
            await start_another(office)
            assert caller.heard == [MUSIC]
        assert [e.stage for e in office.memory.line(BETA)] == [Stage.WAITING]
        await office.log_in(ANN)
        await caller.talks_with(ANN, 20)


@pytest.mark.parametrize("half_ms", range(0, 40, 2))
async def test_another_living_edge_goes_on_with_the_key(half_ms: int) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).after_seconds = 9
        caller = await waiting(office)
        first = office.edge
        office.start_edge()
        await office.ready()
        press(office, caller, "1")
        await asyncio.sleep(half_ms / 2000)
        await first.kill()
        await asyncio.sleep(6)
        assert caller.hears == MUSIC
        if was_pressed(office, caller):
            await caller.talks_with(BOB, 20)
            assert office.phone(BOB).rung == 1
        else:
            assert lines(office) == [caller.leg.id]


@pytest.mark.parametrize("half_ms", range(16))
async def test_an_agent_of_the_other_queue_is_rung_by_whichever_edge_looks_first(
    half_ms: int,
) -> None:
    """The other edge may reserve the agent before anybody here conducts the new place."""
    async with open_office(house=rows(route(DestinationKind.QUEUE, BETA))) as office:
        caller = await waiting(office)
        office.start_edge()
        await office.ready()
        loop = asyncio.get_running_loop()
        loop.call_later(0.01, press, office, caller, "1")
        await asyncio.sleep(0.01 + half_ms / 2000)
        await office.log_in(DAN)
        await caller.talks_with(DAN, 6)
        assert office.phone(DAN).rung == 1
        assert "silence" not in caller.heard


@pytest.mark.parametrize("half_ms", [12, 20, 200, 4000])
async def test_killed_after_the_caller_has_transferred_the_call_the_destination_rings_on(
    half_ms: int,
) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).after_seconds = 12
        caller = await waiting(office)
        press(office, caller, "1")
        await wait_until(lambda: office.phone(BOB).rung == 1, "rings")
        other = office.board.legs[office.board.transfer(caller.leg.id, THIRD)]
        await asyncio.sleep(half_ms / 2000)
        for _ in range(2):
            await start_another(office)
            await asyncio.sleep(1)
            assert other.hears == MUSIC
        last = office.board.legs[office.board.transfer(other.id, FOURTH)]
        await asyncio.sleep(0.5)
        await start_another(office)
        await wait_until(lambda: last.hears == f"talk with {phone_of(BOB)}", "they talk", 20)
        assert audible(last) == [MUSIC, last.hears]
        assert office.phone(BOB).rung == 1
        office.board.end(last.id, EndReason.NORMAL)
        await wait_until(lambda: not office.board.legs, "nobody is left alone")


@pytest.mark.parametrize("order", ["connect", "prepare_bridge"])
async def test_a_fault_after_the_caller_has_transferred_the_call_loses_nobody(order: str) -> None:
    async with open_office(house=rows(route(DestinationKind.USER, BOB))) as office:
        office.phone(BOB).after_seconds = 3
        caller = await waiting(office)
        if order == "prepare_bridge":
            office.edge.phone.fail_once(order, is_done=False)
        press(office, caller, "1")
        await asyncio.sleep(1)
        other = office.board.legs[office.board.transfer(caller.leg.id, THIRD)]
        office.edge.phone.fail_once("connect", is_done=False)
        await wait_until(lambda: other.hears == f"talk with {phone_of(BOB)}", "they talk", 20)
        assert audible(other) == [MUSIC, other.hears]
        office.board.end(other.id, EndReason.NORMAL)
