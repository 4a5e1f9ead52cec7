"""Between answer and bridge: words to the agent, the accept key, a pause, words to the caller."""

import asyncio

import pytest

from edge.domain.agent import Occupancy
from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.events import EventName
from edge.journey.announce import ANNOUNCED_WITHIN_SECONDS, hold_time
from edge.ports.phone_system import EndReason
from edge.ports.prompts import EVERY_PROMPT
from tests.fakes.clock import LoopClock
from tests.fakes.office import Office, open_office
from tests.fakes.phone_system import PROMPT_LASTS_SECONDS
from tests.fakes.switchboard import WhenRung
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, BOB, phone_of

MUSIC = "music default"
ASK = "en/press-to-accept"
TALK = f"talk with {phone_of(ANN)}"
TALK_WITH_CALLER = "talk with carrier"


async def answered(office: Office) -> None:
    leg_is_up = "the agent has answered"
    await wait_until(lambda: bool(office.phone(ANN).legs), "dialled")
    await wait_until(lambda: office.leg_of(ANN).hears != "nothing", leg_is_up)


async def test_the_agent_hears_the_announcement_while_the_caller_hears_music() -> None:
    async with open_office(ANN, agent_announcement=("queue-support",)) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        assert caller.heard == [MUSIC, TALK], "music until the bridge"
        assert office.heard_by(ANN) == ["silence", "en/queue-support", TALK_WITH_CALLER]
        (first, *_), (spoken_at, _) = office.leg_of(ANN).heard[0], office.leg_of(ANN).heard[1]
        assert 0.1 <= spoken_at - first <= 0.2, "a slow phone misses no word"


async def test_the_caller_is_accepted_before_the_announcement() -> None:
    async with open_office(ANN, agent_announcement=("queue-support",)) as office:
        caller = office.call()
        await wait_until(
            lambda: bool(office.phone(ANN).legs) and office.leg_of(ANN).playback is not None,
            "the announcement",
        )
        assert caller.entry.stage is Stage.CONNECTING
        assert office.agent(ANN).occupancy is Occupancy.TALKING


async def test_agents_hear_the_accounts_language_and_callers_the_queues() -> None:
    words = {"agent_announcement": ("queue-support",), "caller_announcement": ("good-day",)}
    async with open_office(ANN, language="fr", **words) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        assert office.heard_by(ANN)[1] == "en/queue-support"
        assert "fr/good-day" in caller.heard


@pytest.mark.parametrize(
    ("waited_seconds", "told"),
    [
        (0, "less-than-a-minute"),
        (59.9, "less-than-a-minute"),
        (60, "one-minute"),
        (119, "one-minute"),
        (120, "number-2 minutes"),
        (20 * 60, "number-20 minutes"),
        (29 * 60, "more-than number-20 minutes"),
        (30 * 60, "number-30 minutes"),
        (5 * 3600, "more-than number-60 minutes"),
    ],
)
def test_the_hold_time_is_told_in_minutes(waited_seconds: float, told: str) -> None:
    words = hold_time(waited_seconds)
    assert words == ["hold-time", *told.split()]
    assert set(words) <= set(EVERY_PROMPT)


async def test_the_agent_is_told_how_long_the_caller_has_waited() -> None:
    async with open_office(report_hold_time=True) as office:
        caller = office.call()
        await caller.joins()
        await LoopClock().sleep(200)
        await office.log_in(ANN)
        await caller.talks_with(ANN)
        told = "en/hold-time en/number-3 en/minutes"
        assert office.heard_by(ANN) == ["silence", told, TALK_WITH_CALLER]


async def test_the_caller_is_told_last_and_right_before_the_bridge() -> None:
    settings = {"agent_announcement": ("hello",), "caller_announcement": ("being-recorded",)}
    async with open_office(ANN, **settings) as office:
        caller = office.call()
        await caller.talks_with(ANN)
        assert caller.heard == [MUSIC, "en/being-recorded", TALK]
        said_at, talked_at = (
            next(at for at, what in caller.leg.heard if what == one)
            for one in ("en/being-recorded", TALK)
        )
        assert PROMPT_LASTS_SECONDS <= talked_at - said_at < PROMPT_LASTS_SECONDS + 0.05


async def test_the_member_delay_is_music_for_the_caller() -> None:
    async with open_office(ANN, member_delay_seconds=3) as office:
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(2.9)
        assert caller.hears == MUSIC
        await caller.talks_with(ANN, within_seconds=0.2)


async def test_words_whose_end_is_lost_keep_nobody_apart_for_long() -> None:
    settings = {"agent_announcement": ("a",), "caller_announcement": ("b",)}
    async with open_office(ANN, **settings) as office:
        office.edge.phone.loses_the_end_of_words = True
        caller = office.call()
        await answered(office)
        limit = 2 * ANNOUNCED_WITHIN_SECONDS + 1
        await caller.talks_with(ANN, within_seconds=limit)
        assert caller.heard == [MUSIC, "en/b", TALK]


SPOKEN = {
    "agent_announcement": ("hello",),
    "member_delay_seconds": 1,
    "caller_announcement": ("bye",),
}
TENTHS = range(0, 46, 3)
"""From the answer to behind the bridge: 0.15 + 1.5 + 1 + 1.5 s."""


@pytest.mark.parametrize("tenths", TENTHS)
async def test_a_caller_who_hangs_up_meanwhile_ends_it_at_once(tenths: int) -> None:
    async with open_office(ANN, wrap_up_seconds=0, **SPOKEN) as office:
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(tenths / 10)
        caller.hang_up()
        await LoopClock().sleep(0.05)
        assert office.phone(ANN).leg is None, "nobody speaks to an agent without a caller"
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        assert caller.entry.disposition is Disposition.ANSWERED


@pytest.mark.parametrize("tenths", TENTHS)
async def test_an_agent_who_hangs_up_meanwhile_gives_the_caller_back(tenths: int) -> None:
    async with open_office(ANN, **SPOKEN) as office:
        office.phone(BOB).after_seconds = 0.1
        caller = office.call()
        place = (await caller.joins()).place
        await answered(office)
        await LoopClock().sleep(tenths / 10)
        is_bridged = caller.hears == TALK
        office.hang_up_agent(ANN)
        if is_bridged:
            await wait_until(lambda: not caller.is_on_the_line, "the call is over")
            return
        await LoopClock().sleep(0.05)
        assert caller.hears == MUSIC
        assert caller.entry.stage is Stage.WAITING
        assert caller.entry.place == place
        await office.log_in(BOB)
        await caller.talks_with(BOB, within_seconds=20)


async def test_an_edge_that_dies_meanwhile_connects_them_when_it_is_back() -> None:
    async with open_office(ANN, member_delay_seconds=10) as office:
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(1)
        await office.edge.kill()
        office.start_edge()
        await caller.talks_with(ANN, within_seconds=8)
        assert caller.heard == [MUSIC, TALK]


# --- the accept key


async def test_the_agent_presses_1_and_has_the_call() -> None:
    async with open_office(ANN, agent_confirm=True) as office:
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(5)
        assert caller.hears == MUSIC
        assert office.agent(ANN).occupancy is Occupancy.RINGING, "not accepted before the key"
        assert caller.entry.stage is Stage.OFFERED
        office.press(ANN, "1")
        await caller.talks_with(ANN, within_seconds=0.1)
        assert office.heard_by(ANN)[:2] == ["silence", ASK]


async def test_a_key_ends_the_question_at_once_and_others_say_nothing() -> None:
    async with open_office(ANN, agent_confirm=True) as office:
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(0.3)
        assert office.leg_of(ANN).hears == ASK
        office.press(ANN, "0*9")
        await LoopClock().sleep(0.1)
        assert office.leg_of(ANN).hears == ASK
        office.press(ANN, "1")
        await caller.talks_with(ANN, within_seconds=0.1)


async def test_2_refuses_and_the_next_agent_is_rung() -> None:
    async with open_office(ANN, BOB, agent_confirm=True) as office:
        office.phone(ANN).presses = "2"
        office.phone(BOB).presses = "1"
        caller = office.call()
        await caller.talks_with(BOB)
        assert office.agent(ANN).misses == 0
        assert office.reasons() == ["refused"]


async def test_nothing_pressed_in_time_is_no_answer() -> None:
    async with open_office(ANN, BOB, agent_confirm=True, confirm_seconds=7) as office:
        office.phone(BOB).presses = "1"
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(6.9)
        assert office.phone(ANN).leg is not None
        await caller.talks_with(BOB)
        assert office.phone(ANN).leg is None
        assert office.agent(ANN).misses == 1
        assert office.reasons() == ["no_answer"]


async def test_hanging_up_at_the_question_is_a_refusal() -> None:
    async with open_office(ANN, BOB, agent_confirm=True) as office:
        office.phone(BOB).presses = "1"
        caller = office.call()
        await answered(office)
        office.hang_up_agent(ANN)
        await caller.talks_with(BOB)
        assert office.reasons() == ["refused"]


async def test_an_answer_at_the_end_of_the_ring_time_has_its_time_for_the_key() -> None:
    settings = {"agent_confirm": True, "ring_seconds": 5, "confirm_seconds": 30}
    async with open_office(ANN, **settings) as office:
        office.phone(ANN).after_seconds = 4.9
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(29)
        assert office.agent(ANN).occupancy is Occupancy.RINGING
        office.press(ANN, "1")
        await caller.talks_with(ANN)


async def test_a_caller_who_hangs_up_at_the_question_frees_the_agent_at_once() -> None:
    async with open_office(ANN, agent_confirm=True) as office:
        caller = office.call()
        await answered(office)
        caller.hang_up()
        await LoopClock().sleep(0.05)
        assert office.phone(ANN).leg is None
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        assert caller.entry.disposition is Disposition.ABANDONED


async def test_an_edge_that_dies_at_the_question_asks_again() -> None:
    async with open_office(ANN, agent_confirm=True, confirm_seconds=30) as office:
        caller = office.call()
        await answered(office)
        await LoopClock().sleep(1)
        await office.edge.kill()
        office.start_edge()
        await wait_until(
            lambda: office.leg_of(ANN).variables.get("played", "").split() == [ASK, ASK],
            "asked again",
        )
        assert caller.entry.stage is Stage.OFFERED
        office.press(ANN, "1")
        await caller.talks_with(ANN)
        assert office.phone(ANN).rung == 1


@pytest.mark.parametrize("half_ms", range(-10, 20))
async def test_the_key_and_the_callers_hang_up_cross(half_ms: int) -> None:
    async with open_office(ANN, agent_confirm=True, wrap_up_seconds=0) as office:
        caller = office.call()
        await answered(office)
        await asyncio.sleep(1)
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, office.press, ANN, "1")
        loop.call_later(0.1 + half_ms / 2000, caller.hang_up)
        await asyncio.sleep(0.3)
        assert office.phone(ANN).leg is None
        assert office.agent(ANN).occupancy is Occupancy.IDLE
        assert caller.entry.disposition in (Disposition.ABANDONED, Disposition.ANSWERED)


async def test_each_leg_ends_once() -> None:
    async with open_office(ANN, BOB, agent_confirm=True, confirm_seconds=2) as office:
        office.phone(BOB).when_rung = WhenRung.REFUSES
        caller = office.call()
        await caller.joins()
        await LoopClock().sleep(60)
        offered = office.events().count(EventName.ENTRY_OFFERED)
        ended = office.events().count(EventName.LEG_ENDED)
        assert 0 <= offered - ended <= 1
        caller.hang_up()
        await LoopClock().sleep(1)
        assert office.events().count(EventName.LEG_ENDED) == office.events().count(
            EventName.ENTRY_OFFERED
        )
        assert office.phone(ANN).missed == [], "it was picked up each time"
        assert set(office.phone(BOB).missed) == {EndReason.REFUSED}
