"""What agent and caller hear between the answer and the bridge, and the accept key."""

from typing import Any

import pytest

from edge.ports.prompts import Prompt
from lab.audio import find_prompt, tones_heard
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import (
    PROMPTS,
    SPOKEN_SCORE,
    heard_in_this_call,
    hears,
    hears_music,
    played,
)
from tests.asterisk.office import Office

TO_AGENT, TO_CALLER = Prompt.THANK_YOU_FOR_WAITING, Prompt.NOT_ALLOWED
ASKED = Prompt.PRESS_TO_ACCEPT


def words_at(phone: Phone, prompt: Prompt) -> float | None:
    """Where in what the phone has heard in this call these words begin, in seconds; None when
    they were not heard to their end."""
    heard, words = heard_in_this_call(phone), played(PROMPTS / f"{prompt}.ulaw")
    if heard.seconds < words.seconds:
        return None
    found = find_prompt(heard, words)
    return found.offset if found.score >= SPOKEN_SCORE else None


async def is_told(phone: Phone, prompt: Prompt) -> float:
    """Wait until the phone has heard the words; where they begin."""
    await wait_until(
        lambda: words_at(phone, prompt) is not None, f"{phone.number} hears {prompt}", every=0.1
    )
    at = words_at(phone, prompt)
    assert at is not None
    return at


def tone_begins(listener: Phone, speaker: Phone) -> float:
    """Where the speaker's tone is heard first, and for longer than a vowel of the same pitch."""
    assert speaker.tone_hz is not None
    spans = tones_heard(heard_in_this_call(listener), [speaker.tone_hz])[speaker.tone_hz]
    return next(span.start for span in spans if span.seconds > 0.3)


async def rung_and_answered(agent: Phone, caller: Phone) -> None:
    assert (await agent.wait_for("incoming")).peer == caller.number
    await agent.answer()
    await agent.wait_for("answered")


async def reasons(here: Office) -> list[str]:
    return [one["reason"] for one in await here.events("leg_ended")]


async def test_both_are_told_before_they_hear_each_other(office: OpenOffice) -> None:
    settings: dict[str, Any] = {
        "agent_announcement": [TO_AGENT.value],
        "report_hold_time": True,
        "caller_announcement": [TO_CALLER.value],
    }
    async with office(agents=1, callers=1, **settings) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await hears(agent, caller)
        await hears(caller, agent)
        told = [await is_told(agent, one) for one in (TO_AGENT, Prompt.HOLD_TIME)]
        told.append(await is_told(agent, Prompt.LESS_THAN_A_MINUTE))
        assert told == sorted(told)
        spoken = played(PROMPTS / f"{Prompt.LESS_THAN_A_MINUTE}.ulaw").seconds
        assert tone_begins(agent, caller) > told[-1] + spoken - 0.1
        said_at = await is_told(caller, TO_CALLER)
        lasts = played(PROMPTS / f"{TO_CALLER}.ulaw").seconds
        bridged_at = tone_begins(caller, agent)
        assert said_at + lasts - 0.1 < bridged_at < said_at + lasts + 1.0, "right before the bridge"
        assert words_at(caller, TO_AGENT) is None
        assert words_at(agent, TO_CALLER) is None
        await caller.hang_up()


async def test_the_caller_hears_music_while_the_agent_is_told(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, member_delay_seconds=3) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await hears_music(caller, 2)
        await here.agent_becomes(1, "talking")
        await hears(caller, agent)
        await caller.hang_up()


async def test_a_caller_who_hangs_up_meanwhile_frees_the_agent(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, member_delay_seconds=30) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await caller.hang_up()
        await agent.wait_for("closed", 2)
        await here.agent_becomes(1, "idle")


async def test_an_agent_who_hangs_up_meanwhile_gives_the_caller_back(office: OpenOffice) -> None:
    async with office(agents=2, callers=1, agent_announcement=[Prompt.SORRY_NO_EDGE.value]) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await here.agent_becomes(1, "talking")
        await agent.hang_up()
        await wait_until(lambda: here.stands_in_line(caller.number), "back in line")
        await hears_music(caller, 2)
        assert await reasons(here) == ["refused"]
        await caller.hang_up()


async def test_a_sound_that_asterisk_has_not_keeps_nobody_apart(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, agent_announcement=["no-such-sound"]) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await hears(caller, agent)
        await caller.hang_up()


async def test_the_agent_presses_1_and_has_the_call(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, agent_confirm=True) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await is_told(agent, ASKED)
        assert await here.agent_is(1, "ringing")
        assert [entry["stage"] for entry in await here.line()] == ["offered"]
        await agent.press("1")
        await hears(caller, agent)
        await hears(agent, caller)
        await caller.hang_up()


async def test_a_key_pressed_early_ends_the_question(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, agent_confirm=True) as here:
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent, caller)
        await agent.press("1")
        await hears(agent, caller)
        asked = played(PROMPTS / f"{ASKED}.ulaw").seconds
        assert tone_begins(agent, caller) < asked
        await caller.hang_up()


@pytest.mark.parametrize(
    ("pressed", "reason"), [("2", "refused"), ("", "no_answer"), ("hang up", "refused")]
)
async def test_without_the_key_the_next_agent_is_rung(
    office: OpenOffice, pressed: str, reason: str
) -> None:
    settings = {"agent_confirm": True, "confirm_seconds": 5}
    async with office(agents=2, callers=1, **settings) as here:
        first = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(first, caller)
        if pressed == "hang up":
            await first.hang_up()
        elif pressed:
            await first.press(pressed)
        await first.wait_for("closed")
        second = await here.agent(2)
        await rung_and_answered(second, caller)
        await second.press("1")
        await hears(caller, second)
        assert await reasons(here) == [reason]
        await caller.hang_up()
