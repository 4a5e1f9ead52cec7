"""A waiting caller presses keys on a real phone: what is heard, who rings, where the call goes."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edge.ports.prompts import Prompt
from lab.audio import find_prompt
from lab.numbers import Slot
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import PROMPTS, heard_in_this_call, hears, hears_music, played, talk
from tests.asterisk.office import Office
from tests.asterisk.restarts import hears_on, listening, never_in_silence, start_again

OVER_MUSIC_SCORE = 0.4
"""A prompt over lowered music; another prompt or music alone at most 0.3."""
OUTSIDE = "12125550177"
CANCEL_SECONDS = 0.15
FIRST_SECONDS = 1.0


def route(digit: str, kind: str, to: str, **more: Any) -> dict[str, Any]:
    return {"digit": digit, "action": "route", "dest_kind": kind, "dest_id": to, **more}


async def was_told(phone: Phone, prompt: str, seconds: float = 10) -> None:
    """The prompt is heard in the phone's call, alone or over the music."""
    words = played(PROMPTS / f"{prompt}.ulaw")

    def is_heard() -> bool:
        return find_prompt(heard_in_this_call(phone), words).score >= OVER_MUSIC_SCORE

    await wait_until(is_heard, f"{phone.number} hears {prompt}", seconds, every=0.2)


async def left_as(here: Office, disposition: str) -> dict[str, Any]:
    """The first entry that has left did so with this disposition."""
    await wait_until(lambda: here.events("entry_left"), "somebody has left", 5)
    left, *_ = await here.events("entry_left")
    assert left["disposition"] == disposition
    return left


@asynccontextmanager
async def waiting(
    office: OpenOffice, *rows: dict[str, Any], **wanted: Any
) -> AsyncIterator[tuple[Office, Phone]]:
    """A caller waits in a queue with these keys; nobody is logged in."""
    wanted = {"agents": 1, "callers": 2, "wrap_up_seconds": 0, **wanted}
    async with office(options=list(rows), **wanted) as here:
        caller = await here.waiting_caller()
        await hears_music(caller)
        yield here, caller


# --- each action


async def test_hangup_says_its_last_word_and_ends_the_call(office: OpenOffice) -> None:
    row = {"digit": "9", "action": "hangup", "prompt_media_id": "thank-you-for-waiting"}
    async with waiting(office, row) as (here, caller):
        await caller.press("9")
        await caller.wait_for("closed")
        words = played(PROMPTS / f"{Prompt.THANK_YOU_FOR_WAITING}.ulaw")
        assert find_prompt(caller.recording.sound(), words).score >= OVER_MUSIC_SCORE
        await left_as(here, "option_hangup")
        (fact,) = await here.events("option_pressed")
        assert (fact["digit"], fact["disposition"]) == ("9", "option_hangup")


async def test_a_key_in_the_moment_of_the_answer_acts(office: OpenOffice) -> None:
    """In the first words of the introduction, before anything of it can have been understood."""
    welcome = {"introduction": {"mode": "FULL", "sounds": ["queue-closed"]}}
    row = {"digit": "9", "action": "hangup"}
    async with office(agents=1, callers=1, options=[row], **welcome) as here:
        caller = await here.caller(1)
        await caller.call(here.slot.queue())
        await caller.wait_for("answered")
        await caller.press("9")
        await caller.wait_for("closed")
        await left_as(here, "option_hangup")
        assert heard_in_this_call(caller).seconds < FIRST_SECONDS


async def test_callback_is_refused_over_the_music_and_an_agent_answers_as_ever(
    office: OpenOffice,
) -> None:
    async with waiting(office, {"digit": "1", "action": "callback"}) as (here, caller):
        agent = await here.agent(1, log_in=False)
        (entry,) = await here.line()
        await caller.press("1")
        await was_told(caller, Prompt.CALLBACK_NOT_YET)
        assert [one["id"] for one in await here.line()] == [entry["id"]]
        assert never_in_silence(caller)
        await here.set_agent(1, "available")
        await talk(caller, agent)


async def test_an_unknown_key_brings_a_hint(office: OpenOffice) -> None:
    row = {"digit": "1", "action": "callback"}
    async with waiting(office, row, unknown_key="hint") as (here, caller):
        await caller.press("7")
        await was_told(caller, Prompt.KEY_NOT_KNOWN)
        assert await here.events("option_pressed") == []
        assert len(await here.line()) == 1


async def test_a_key_leads_to_another_queue_without_a_gap_in_the_music(office: OpenOffice) -> None:
    row = route("2", "queue", "qu_main2")
    of_queues = {1: {"options": [row]}, 2: {"options": []}}
    async with office(agents=1, callers=1, queues=2, of_queues=of_queues) as here:
        agent = await here.agent(1, log_in=False)
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await hears_music(caller)
            await caller.press("2")
            await left_as(here, "routed")
            await hears_on(caller)
        listened.without_gap(caller)
        assert await here.line() == []
        there = (await here.get("/v1/queues/qu_main2/entries"))["data"]
        assert [one["caller"] for one in there] == [caller.number]
        assert never_in_silence(caller)
        await here.set_agent(1, "available")
        await talk(caller, agent)
        answered = await here.events("call_answered")
        assert [one["queue"] for one in answered] == ["qu_main2"]


async def test_a_key_leads_to_a_users_phone(office: OpenOffice) -> None:
    async with waiting(office, route("3", "user", "user_c2")) as (here, caller):
        other = await here.caller(2)
        await caller.press("3")
        ringing = await other.wait_for("incoming")
        assert ringing.peer == caller.number
        await hears_music(caller)
        await other.answer()
        await hears(caller, other)
        await hears(other, caller)
        assert never_in_silence(caller)
        await left_as(here, "routed")
        await caller.hang_up()
        await other.wait_for("closed")


@pytest.mark.parametrize("kind", ["user", "extension"])
async def test_who_was_not_to_be_had_there_is_back_at_the_old_place(
    office: OpenOffice, slot: Slot, kind: str
) -> None:
    to = {"user": "user_c3", "extension": slot.caller(3)}[kind]
    async with waiting(office, route("3", kind, to), callers=3) as (here, caller):
        behind = await here.waiting_caller(2)
        joined_at = (await here.line())[0]["joined_at"]
        other = await here.caller(3)
        await caller.press("3")
        await other.wait_for("incoming")
        assert await here.callers_in_line() == [behind.number]
        await other.reject()
        await was_told(caller, Prompt.OPTION_NOT_NOW)
        line = await here.line()
        assert [one["caller"] for one in line] == [caller.number, behind.number]
        assert line[0]["joined_at"] == joined_at
        assert never_in_silence(caller)
        agent = await here.agent(1)
        await talk(caller, agent)


async def test_a_phone_that_is_not_there_brings_the_caller_back(office: OpenOffice) -> None:
    async with waiting(office, route("3", "user", "user_c2")) as (here, caller):
        await caller.press("3")
        await was_told(caller, Prompt.OPTION_NOT_NOW)
        assert await here.callers_in_line() == [caller.number]
        await hears_music(caller)
        assert never_in_silence(caller)


async def test_a_key_leads_to_a_number_outside(office: OpenOffice) -> None:
    async with waiting(office, route("4", "external", f"+{OUTSIDE}")) as (here, caller):
        outside = await here.outside_phone(OUTSIDE, sip_port=5070, tone_hz=1700)
        await caller.press("4")
        ringing = await outside.wait_for("incoming")
        assert ringing.peer == caller.number
        await hears_music(caller)
        await outside.answer()
        await hears(caller, outside)
        await hears(outside, caller)
        await outside.hang_up()
        await caller.wait_for("closed")
        await left_as(here, "routed")


async def test_a_key_leads_into_the_dialplan(office: OpenOffice, slot: Slot) -> None:
    """There the site's own context rings the phone of this number."""
    said = "thank-you-for-waiting"
    row = route("5", "dialplan", f"after-hours,{slot.agent(1)},1", prompt_media_id=said)
    async with waiting(office, row) as (here, caller):
        other = await here.agent(1, log_in=False)
        await caller.press("5")
        await other.wait_for("incoming")
        await was_told(caller, said, 0.5)
        await other.answer()
        await hears(other, caller)
        await hears(caller, other)
        await left_as(here, "routed")
        await caller.hang_up()
        await other.wait_for("closed")


async def test_a_place_that_the_dialplan_lacks_costs_no_place(office: OpenOffice) -> None:
    async with waiting(office, route("5", "dialplan", "no-such-context,s,1")) as (here, caller):
        (entry,) = await here.line()
        await caller.press("5")
        await was_told(caller, Prompt.OPTION_NOT_NOW)
        assert [one["id"] for one in await here.line()] == [entry["id"]]


# --- while an agent's phone rings


async def test_a_leaving_key_stops_the_ringing_at_once_and_nobody_missed_a_call(
    office: OpenOffice,
) -> None:
    async with waiting(office, {"digit": "9", "action": "hangup"}) as (here, caller):
        agent = await here.agent(1)
        await agent.wait_for("incoming")
        await caller.press("9")
        pressed_at = time.monotonic()
        await agent.wait_for("closed")
        took = time.monotonic() - pressed_at
        assert took <= CANCEL_SECONDS, f"{took * 1000:.0f} ms after the end of the key"
        await caller.wait_for("closed")
        ends = await here.events("leg_ended")
        assert [one["reason"] for one in ends] == ["cancelled"]
        assert (await here.agent_state(1))["missed_calls"] == 0
        await here.agent_becomes(1, "idle")


# --- the edge dies


async def test_killed_while_the_user_rings_the_phone_rings_on_and_is_connected(
    office: OpenOffice,
) -> None:
    rows = [route("3", "user", "user_c2")]
    async with office(agents=1, callers=2, options=rows) as here:
        other = await here.caller(2)
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await hears_music(caller)
            await caller.press("3")
            await other.wait_for("incoming")
            await here.edge.kill()
            await hears_on(caller)
            await start_again(here)
            await hears_on(caller)
            assert not other.seen("closed"), "rings on"
            await other.answer()
            await hears(caller, other)
            await hears(other, caller)
        listened.without_gap(caller)
        assert never_in_silence(caller)
        assert len(other.seen("incoming")) == 1
        await other.hang_up()
        await caller.wait_for("closed")


@pytest.mark.parametrize("who", ["caller", "user"])
async def test_killed_in_the_conversation_they_talk_on(office: OpenOffice, who: str) -> None:
    async with waiting(office, route("3", "user", "user_c2")) as (here, caller):
        other = await here.caller(2)
        await caller.press("3")
        await other.wait_for("incoming")
        await other.answer()
        await hears(caller, other)
        await here.edge.kill()
        await start_again(here)
        await hears_on(caller, other)
        first, second = (caller, other) if who == "caller" else (other, caller)
        await first.hang_up()
        await second.wait_for("closed")


async def test_killed_after_the_way_to_another_queue(office: OpenOffice) -> None:
    of_queues = {1: {"options": [route("2", "queue", "qu_main2")]}, 2: {"options": []}}
    async with office(agents=1, callers=1, queues=2, of_queues=of_queues) as here:
        agent = await here.agent(1, log_in=False)
        caller = await here.waiting_caller()
        await hears_music(caller)
        await caller.press("2")
        await left_as(here, "routed")
        await here.edge.kill()
        await hears_on(caller)
        await start_again(here)
        there = (await here.get("/v1/queues/qu_main2/entries"))["data"]
        assert [one["caller"] for one in there] == [caller.number]
        assert never_in_silence(caller)
        await here.set_agent(1, "available")
        await talk(caller, agent)
