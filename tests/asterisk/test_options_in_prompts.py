"""A key in the middle of each kind of prompt: from the end of the key to the last of the prompt, as
the phone played it."""

from typing import Any

import pytest

from edge.ports.prompts import Prompt
from lab.audio import Sound, find_prompt
from lab.phone import Phone
from lab.playout import Playout, keys_pressed
from lab.under_music import UnderMusic
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import PROMPTS, heard_in_this_call, played, the_tune
from tests.asterisk.restarts import Listening, hears_on, listening

SILENT_SECONDS = 0.15
LONG = "queue-closed"
BEGINNING_SCORE = 0.5
ROWS = [
    {"digit": "1", "action": "callback", "announcement": [LONG]},
    {"digit": "9", "action": "hangup", "announcement": []},
]
QUIET = {"options_announcement": {"enabled": False}}
KINDS: dict[str, dict[str, Any]] = {
    "introduction": {**QUIET, "introduction": {"mode": "NORMAL", "sounds": [LONG]}},
    "full introduction": {**QUIET, "introduction": {"mode": "FULL", "sounds": [LONG]}},
    "joining words": {**QUIET, "join_announcement": [LONG]},
    "hold message": {**QUIET, "hold_messages": {"sounds": [[LONG]], "first_after_seconds": 1}},
    "options": {"options_announcement": {"first_after_seconds": 1}},
    "position": {
        **QUIET,
        "position_announcement": {"mode": "ON_CONNECTED", "next_in_line": [LONG]},
    },
    "in place of the music": {**QUIET, "announce_mode": "interrupt", "join_announcement": [LONG]},
}


def known(*names: str) -> dict[str, Sound]:
    return {name: played(PROMPTS / f"{name}.ulaw") for name in names}


async def hears_the_beginning(phone: Phone) -> None:
    """A second of the long prompt, of which there are five."""
    first = played(PROMPTS / f"{LONG}.ulaw").between(0.0, 1.2)

    def is_heard() -> bool:
        return find_prompt(heard_in_this_call(phone), first).score >= BEGINNING_SCORE

    await wait_until(is_heard, f"{phone.number} hears {LONG}", every=0.1)


def silent_after(listened: Listening, phone: Phone) -> float:
    """Seconds from the end of the key to the last that was heard of the prompt."""
    assert listened.trace is not None
    call_id = phone.recording.call_id
    (said,) = listened.trace.said_by_phone(call_id)
    (key,) = keys_pressed(said)
    (heard,) = [Playout(stream) for stream in listened.trace.heard_by_phone(call_id)]
    spoken = UnderMusic(heard.sound, the_tune()).spoken(known(LONG, Prompt.CALLBACK_NOT_YET))
    cut, *_ = [one for one in spoken if one.prompt == LONG]
    assert not cut.whole, "it was not said to its end"
    return heard.played_at(cut.end) - key.ended_at


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("digit", ["1", "9"])
async def test_a_key_silences_what_is_being_said(office: OpenOffice, kind: str, digit: str) -> None:
    async with office(agents=1, callers=1, options=ROWS, **KINDS[kind]) as here:
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await hears_the_beginning(caller)
            await caller.press(digit)
            if digit == "9":
                await caller.wait_for("closed")
            else:
                await wait_until(lambda: here.events("option_pressed"), "it acts", 2)
                await hears_on(caller)
        took = silent_after(listened, caller)
        limit = SILENT_SECONDS + listened.stalled_ms / 1000
        assert took <= limit, f"{took * 1000:.0f} ms after the end of the key"
