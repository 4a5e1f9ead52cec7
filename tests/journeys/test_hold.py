"""What a caller is told while waiting: in order, over the music, and cut when an agent answers."""

import asyncio

import pytest

from edge.domain.events import EventName
from edge.domain.settings.options import OptionAction
from edge.domain.settings.waiting import (
    AnnounceMode,
    AnswerOn,
    HoldMessages,
    HoldSound,
    Introduction,
    IntroductionMode,
    OptionsAnnouncement,
    PositionAnnouncement,
    PositionMode,
    WaitingTimeAnnouncement,
    WaitingTimeMode,
)
from edge.journey.speech import LISTENING_SECONDS
from tests.fakes.keypad import AT_ONCE, key, press, rows
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.phone_system import PROMPT_LASTS_SECONDS
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ALPHA, ANN, BOB, phone_of

MUSIC = "music default"
TALK = f"talk with {phone_of(ANN)}"
MESSAGES = HoldMessages(sounds=(("news",), ("weather",)), first_after_seconds=5, every_seconds=20)
FULL = Introduction(IntroductionMode.FULL, ("welcome",))
NORMAL = Introduction(IntroductionMode.NORMAL, ("welcome",))
WELCOME = f"{MUSIC}, over it en/welcome"
NEWS = f"{MUSIC}, over it en/news"


def seconds_of(caller: Caller, what: str) -> list[float]:
    """When it began, from the first that the caller heard on."""
    first = caller.leg.heard[0][0]
    return [round(at - first, 1) for at, heard in caller.leg.heard if heard == what]


def lasted(caller: Caller) -> float:
    """How long the first words were heard."""
    begun = next(at for at, heard in caller.leg.heard if heard == WELCOME)
    return next(at for at, heard in caller.leg.heard if at > begun) - begun


async def test_messages_are_heard_over_the_music_in_their_rhythm() -> None:
    async with open_office(hold_messages=MESSAGES) as office:
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(50)
        weather = f"{MUSIC}, over it en/weather"
        assert caller.heard == [MUSIC, NEWS, MUSIC, weather, MUSIC, NEWS, MUSIC]
        assert [round(at) for at in seconds_of(caller, NEWS)] == [5, 45]


async def test_words_in_place_of_the_music_where_the_queue_wants_it() -> None:
    async with open_office(hold_messages=MESSAGES, announce_mode=AnnounceMode.INTERRUPT) as office:
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(10)
        assert caller.heard == [MUSIC, "en/news", MUSIC]


async def test_an_answer_cuts_what_is_being_said() -> None:
    async with open_office(ANN, hold_messages=MESSAGES) as office:
        office.phone(ANN).when_rung = WhenRung.NEVER_ANSWERS
        caller = office.call()
        await caller.hears_soon(NEWS, 10)
        await asyncio.sleep(0.5)
        assert office.phone(ANN).rung == 1
        await office.answered_by(ANN)
        answered_at = asyncio.get_running_loop().time()
        await caller.talks_with(ANN)
        assert caller.heard == [MUSIC, NEWS, TALK]
        assert caller.leg.heard[-1][0] - answered_at < 0.05


async def test_words_do_not_delay_an_offer() -> None:
    welcome = Introduction(IntroductionMode.NORMAL, ("welcome",))
    async with open_office(ANN, introduction=welcome) as office:
        caller = office.call()
        await wait_until(lambda: office.phone(ANN).rung == 1, "rings", 0.1)
        await caller.hears_soon(WELCOME, LISTENING_SECONDS + 0.05)


async def test_nothing_is_said_in_a_conversation() -> None:
    async with open_office(ANN, hold_messages=MESSAGES) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        await asyncio.sleep(60)
        assert caller.heard == [MUSIC, TALK]


async def test_who_is_back_in_line_hears_messages_again() -> None:
    async with open_office(ANN, hold_messages=MESSAGES, member_delay_seconds=30) as office:
        caller = office.call()
        await wait_until(lambda: bool(office.phone(ANN).legs), "rings")
        await wait_until(lambda: office.leg_of(ANN).hears == "silence", "answered")
        await asyncio.sleep(1)
        assert caller.hears == MUSIC
        office.hang_up_agent(ANN)
        await caller.hears_soon(NEWS, 15)


async def test_a_full_introduction_is_heard_out_before_anybody_is_rung() -> None:
    async with open_office(ANN, introduction=FULL) as office:
        caller = office.call()
        await caller.hears_soon(WELCOME)
        assert office.phone(ANN).rung == 0
        await caller.talks_with(ANN)
        assert caller.heard == [MUSIC, WELCOME, MUSIC, TALK]
        assert lasted(caller) >= PROMPT_LASTS_SECONDS


async def test_the_first_words_wait_until_a_phone_just_answered_listens() -> None:
    async with open_office(introduction=NORMAL) as office:
        caller = office.call()
        await caller.hears_soon(WELCOME)
        (music_at, _), (words_at, _) = (
            one for one in caller.leg.heard if one[1] in (MUSIC, WELCOME)
        )
        assert LISTENING_SECONDS <= words_at - music_at < LISTENING_SECONDS + 0.05


async def test_a_normal_introduction_ends_when_an_agent_answers() -> None:
    async with open_office(ANN, introduction=NORMAL) as office:
        office.phone(ANN).after_seconds = 0.5
        caller = office.call()
        await caller.talks_with(ANN)
        assert caller.heard == [MUSIC, WELCOME, TALK]
        assert lasted(caller) < PROMPT_LASTS_SECONDS


async def test_a_full_introduction_is_not_told_again_after_a_takeover() -> None:
    async with open_office(introduction=FULL, hold_messages=MESSAGES) as office:
        caller = office.call()
        await caller.hears_soon(WELCOME)
        await _kill_and_start_again(office)
        await wait_until(lambda: caller.entry.intro_until_ms == 0, "may be offered", 10)
        await office.log_in(ANN)
        await caller.talks_with(ANN, 30)
        assert caller.heard.count(WELCOME) == 1


@pytest.mark.parametrize("half_ms", range(24))
async def test_a_full_introduction_of_which_no_word_was_said_is_told_after_a_takeover(
    half_ms: int,
) -> None:
    async with open_office(introduction=FULL) as office:
        caller = office.call()
        await asyncio.sleep(half_ms / 2000)
        await _kill_and_start_again(office)
        await office.log_in(ANN)
        await caller.talks_with(ANN, 30)
        assert caller.heard.count(WELCOME) == 1


async def test_words_of_a_dead_edge_end_and_the_rhythm_goes_on() -> None:
    async with open_office(hold_messages=MESSAGES) as office:
        office.edge.phone.words_last_seconds = 60
        caller = office.call()
        await caller.hears_soon(NEWS, 10)
        await _kill_and_start_again(office)
        await caller.hears_soon(MUSIC, 0.5)
        weather = f"{MUSIC}, over it en/weather"
        await caller.hears_soon(weather, 20)
        assert caller.heard.count(NEWS) == 1, "not said twice"
        assert round(seconds_of(caller, weather)[0]) == 25


async def test_the_call_is_answered_with_the_agent_where_the_queue_wants_it() -> None:
    async with open_office(ANN, answer_on=AnswerOn.AGENT) as office:
        caller = office.call()
        await caller.hears_soon("ringback")
        await caller.talks_with(ANN)
        assert caller.heard == ["ringback", TALK]


async def test_a_caller_not_answered_rings_on_after_a_takeover() -> None:
    async with open_office(answer_on=AnswerOn.AGENT) as office:
        caller = office.call()
        await caller.hears_soon("ringback")
        await _kill_and_start_again(office)
        await office.log_in(ANN)
        await caller.talks_with(ANN, 20)
        assert caller.heard == ["ringback", TALK]


async def test_a_caller_not_answered_is_offered_to_the_next_when_the_first_is_lost() -> None:
    async with open_office(ANN, answer_on=AnswerOn.AGENT, member_delay_seconds=5) as office:
        caller = office.call()
        await wait_until(lambda: bool(office.phone(ANN).legs), "rings")
        await wait_until(lambda: office.leg_of(ANN).hears == "silence", "answered")
        await asyncio.sleep(1)
        office.hang_up_agent(ANN)
        await office.log_in(BOB)
        await caller.talks_with(BOB, 30)
        assert caller.heard == ["ringback", MUSIC, f"talk with {phone_of(BOB)}"]


async def test_ringback_in_place_of_music() -> None:
    async with open_office(hold_sound=HoldSound.RINGBACK) as office:
        caller = office.call()
        await caller.hears_soon("music ringback")


async def test_a_voice_that_fails_costs_the_caller_nothing() -> None:
    async with open_office(hold_messages=MESSAGES) as office:
        caller = office.call()
        await caller.joins()
        office.edge.phone.fail_once("whisper", is_done=False)
        await asyncio.sleep(40)
        assert caller.heard == [MUSIC, f"{MUSIC}, over it en/weather", MUSIC]


async def test_positions_are_told_as_they_change() -> None:
    told = PositionAnnouncement(PositionMode.ON_CONNECTED, every_seconds=20)
    async with open_office(position_announcement=told) as office:
        first, second = office.call(), office.call()
        second_place = "en/queue-thereare en/digits/2 en/queue-callswaiting"
        await second.hears_soon(f"{MUSIC}, over it {second_place}", 1)
        first.hang_up()
        await second.hears_soon(f"{MUSIC}, over it en/queue-youarenext", 25)


async def test_only_a_waiting_time_that_was_heard_out_is_a_promise() -> None:
    """The second one is: a key cut the first."""
    told = WaitingTimeAnnouncement(WaitingTimeMode.YES, every_seconds=20)
    deflect = key(OptionAction.DEFLECT)
    quiet = OptionsAnnouncement(enabled=False)
    house = rows(deflect, waiting_time_announcement=told, options_announcement=quiet)
    async with open_office(ANN, house=house) as office:
        served = office.call()
        await served.talks_with(ANN)
        served.hang_up()
        await wait_until(lambda: ALPHA in office.memory.learnt, "it has learnt", 30)
        talking = office.call()
        await talking.talks_with(ANN, 30)
        caller = office.call()
        await wait_until(lambda: "queue-holdtime" in caller.hears, "told", 25)
        press(office, caller, "1")
        await caller.hears_soon(MUSIC, AT_ONCE)
        await asyncio.sleep(5)
        assert promises(office) == 0
        await wait_until(lambda: "queue-holdtime" in caller.hears, "told again", 25)
        await caller.hears_soon(MUSIC)
        await asyncio.sleep(0.1)
        assert promises(office) == 1


def promises(office: Office) -> int:
    return sum(one.name is EventName.WAIT_PROMISED for one in office.memory.events)


async def _kill_and_start_again(office: Office) -> None:
    dead = office.edge
    await dead.kill()
    office.start_edge()
    await office.ready()
    await wait_until(
        lambda: all(e.owner == office.edge.run for e in office.memory.line(ALPHA)),
        "taken over",
        10,
    )
