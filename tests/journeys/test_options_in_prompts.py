"""A key in the middle of each kind of prompt: it is silent at once, and the key acts."""

import asyncio
from typing import Any

import pytest

from edge.domain.disposition import Disposition
from edge.domain.entry import Stage
from edge.domain.estimate import Prospect
from edge.domain.ids import AccountId, EntryId
from edge.domain.settings.options import DestinationKind, OptionAction
from edge.domain.settings.waiting import (
    HoldMessages,
    Introduction,
    IntroductionMode,
    OptionsAnnouncement,
    PositionAnnouncement,
    PositionMode,
)
from edge.ports.prompts import Prompt
from tests.fakes.keypad import (
    AT_ONCE,
    MUSIC,
    key,
    over_music,
    place,
    posted,
    press,
    route,
    rows,
    waiting,
)
from tests.fakes.office import Caller, Office, open_office
from tests.fakes.waiting import wait_until
from tests.fakes.world import ANN, BETA, BOB

INTRODUCTIONS = {
    mode: {"introduction": Introduction(mode=mode, sounds=("welcome",))}
    for mode in (IntroductionMode.NORMAL, IntroductionMode.FULL)
}
PROMPTS: dict[str, dict[str, Any]] = {
    "introduction": INTRODUCTIONS[IntroductionMode.NORMAL],
    "full introduction": INTRODUCTIONS[IntroductionMode.FULL],
    "join words": {"join_announcement": ("welcome",)},
    "hold message": {
        "hold_messages": HoldMessages(sounds=(("stay",),), first_after_seconds=2, every_seconds=60)
    },
    "position": {"position_announcement": PositionAnnouncement(mode=PositionMode.ON_CONNECTED)},
    "options": {"options_announcement": OptionsAnnouncement(first_after_seconds=2)},
}
ROWS = (
    key(OptionAction.HANGUP, "9"),
    key(OptionAction.DEFLECT, "1"),
    route(DestinationKind.QUEUE, BETA, "2"),
    route(DestinationKind.USER, BOB, "3"),
)


def with_prompt(kind: str, **more: Any) -> Any:
    quiet = {"options_announcement": OptionsAnnouncement(enabled=False)}
    return rows(*ROWS, **{**quiet, **PROMPTS[kind], **more})


async def spoken_to(office: Office) -> Caller:
    """A caller in the middle of the prompt."""
    caller = office.call()
    await wait_until(lambda: "played" in caller.leg.variables, "something is said", 10)
    await asyncio.sleep(0.3)
    assert caller.hears not in (MUSIC, "nothing")
    return caller


@pytest.mark.parametrize("mode", ["over_music", "interrupt"])
@pytest.mark.parametrize("kind", PROMPTS)
async def test_a_key_silences_the_prompt_at_once_and_keeps_the_place(kind: str, mode: str) -> None:
    async with open_office(house=with_prompt(kind, announce_mode=mode)) as office:
        caller = await spoken_to(office)
        press(office, caller, "1")
        await caller.hears_soon(MUSIC, AT_ONCE)
        await asyncio.sleep(0.5)
        assert caller.hears == MUSIC
        assert len(posted(office)) == 1
        await office.log_in(ANN)
        await caller.talks_with(ANN)


@pytest.mark.parametrize("kind", PROMPTS)
async def test_a_leaving_key_ends_the_call_in_the_middle_of_the_prompt(kind: str) -> None:
    async with open_office(house=with_prompt(kind)) as office:
        caller = await spoken_to(office)
        press(office, caller, "9")
        await wait_until(lambda: not caller.is_on_the_line, "hung up", AT_ONCE)
        assert caller.entry.disposition is Disposition.OPTION_HANGUP


@pytest.mark.parametrize("kind", PROMPTS)
async def test_a_key_leads_away_in_the_middle_of_the_prompt(kind: str) -> None:
    async with open_office(house=with_prompt(kind)) as office:
        caller, other = await spoken_to(office), office.phone(BOB)
        press(office, caller, "3")
        await caller.hears_soon(MUSIC, AT_ONCE)
        await wait_until(lambda: other.rung == 1, "rings", AT_ONCE)
        await caller.talks_with(BOB)


async def test_an_unknown_key_in_a_prompt_leaves_it_alone_also_where_hints_are_wanted() -> None:
    house = with_prompt("full introduction", unknown_key="hint")
    async with open_office(house=house) as office:
        caller = await spoken_to(office)
        before = caller.hears
        press(office, caller, "7")
        await asyncio.sleep(0.5)
        assert caller.hears == before


async def test_the_introduction_of_the_other_queue_is_heard_out_before_anybody_is_rung() -> None:
    beta = {"introduction": Introduction(mode=IntroductionMode.FULL, sounds=("other",))}
    house = rows(route(DestinationKind.QUEUE, BETA, prompt_media_id="on-the-way"), beta=beta)
    async with open_office(ANN, house=house) as office:
        await office.dial_star(ANN, "*46")
        caller = office.call()
        await caller.joins()
        await caller.hears_soon(MUSIC)
        await office.dial_star(ANN, "*46")
        press(office, caller, "1")
        await caller.hears_soon(over_music("on-the-way"), 0.1)
        await caller.hears_soon(over_music("other"))
        assert office.phone(ANN).rung == 0
        await caller.talks_with(ANN)
        said = caller.leg.variables["played"].split()
        assert said == ["en/on-the-way", "en/other"]


async def test_who_comes_back_hears_no_words_of_welcome_again() -> None:
    house = with_prompt("join words")
    async with open_office(house=house) as office:
        office.board.register(office.phone(BOB).endpoint, is_registered=False)
        caller = await spoken_to(office)
        press(office, caller, "3")
        await caller.hears_soon(over_music(Prompt.OPTION_NOT_NOW))
        await caller.hears_soon(MUSIC)
        await asyncio.sleep(5)
        said = caller.leg.variables["played"].split()
        assert said == ["en/welcome", f"en/{Prompt.OPTION_NOT_NOW}"]
        assert place(office, caller).stage is Stage.WAITING


async def test_words_that_wait_for_a_confirmation_do_not_ask_the_store_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = HoldMessages(sounds=(("stay",),), first_after_seconds=3, every_seconds=60)
    row = key(OptionAction.DEFLECT, prompt_media_id="sent")
    quiet = OptionsAnnouncement(enabled=False)
    house = rows(row, hold_messages=message, options_announcement=quiet)
    async with open_office(house=house) as office:
        store, asked = office.edge.floor.store, []

        async def standing(account: AccountId, entry: EntryId) -> Prospect | None:
            asked.append(entry)
            return await told(account, entry)

        told = store.standing
        monkeypatch.setattr(store, "standing", standing)
        office.edge.phone.words_last_seconds = 20
        caller = await waiting(office)
        press(office, caller, "1")
        await caller.hears_soon(over_music("sent"), AT_ONCE)
        await asyncio.sleep(10)
        assert asked == []
        await caller.hears_soon(over_music("stay"), 15)
        assert len(asked) == 1


async def test_a_confirmation_is_not_cut_by_the_next_announcement() -> None:
    message = HoldMessages(sounds=(("stay",),), first_after_seconds=3, every_seconds=60)
    row = key(OptionAction.DEFLECT, prompt_media_id="sent")
    house = rows(
        row, hold_messages=message, options_announcement=OptionsAnnouncement(enabled=False)
    )
    async with open_office(house=house) as office:
        caller = office.call()
        await caller.joins()
        await asyncio.sleep(2.9)
        press(office, caller, "1")
        await caller.hears_soon(over_music("sent"), AT_ONCE)
        await asyncio.sleep(1.3)
        assert caller.hears == over_music("sent")
        await caller.hears_soon(over_music("stay"))
