"""Each kind of words that somebody who waits may hear, and the settings that say it alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edge.ports.prompts import Prompt
from lab.audio import Sound
from lab.phone import Phone
from tests.asterisk.office import Office
from tests.asterisk.overheard import hears_words

INTRODUCTION, JOIN, MESSAGE = "queue-closed", "lines-busy", "press-to-accept"
"""Any prompts will do that are long enough to be cut and begin unlike each other."""
NEXT = "queue-youarenext"
OPTIONS = ("press-1", "to-end-this-call", "press-star", "to-leave-a-message")
SAYS_OPTIONS = {
    "options": [
        {"digit": "1", "action": "hangup"},
        {"digit": "*", "action": "hangup", "announcement": ["to-leave-a-message"]},
    ]
}
TIME = ("queue-holdtime", "digits/4", "queue-minutes")
LATER = ("queue-holdtime", "digits/14", "queue-minutes")
HANDLING_SECONDS, RISEN_SECONDS = 300, 1_200
"""Of two thirds of it the first in line hears, where one agent serves."""
CONFIRMED = {
    "digit": "3",
    "action": "deflect",
    "announcement": [],
    "prompt_media_id": INTRODUCTION,
    "webhook_url": "http://127.0.0.1:9/nobody-listens",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """`said` in order; who cuts it does so in one of `cut_in`, by default any of them, after so
    many seconds of it."""

    said: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    cut_in: tuple[str, ...] = ()
    after_seconds: float = 0.8
    has_agent: bool = False
    """Only told while an agent's phone rings, or until it may."""
    key: str = ""
    """It answers this key."""
    rises: bool = False
    """It is told of a time that has become longer."""


KINDS = {
    "introduction": Kind(
        (INTRODUCTION,), {"introduction": {"mode": "NORMAL", "sounds": [INTRODUCTION]}}
    ),
    "join": Kind((JOIN,), {"join_announcement": [JOIN]}),
    "hold message": Kind(
        (MESSAGE,), {"hold_messages": {"sounds": [[MESSAGE]], "first_after_seconds": 1}}
    ),
    "position": Kind((NEXT,), {"position_announcement": {"mode": "ON_CONNECTED"}}),
    "waiting time": Kind(
        TIME, {"waiting_time_announcement": {"mode": "yes", "every_seconds": 1}}, has_agent=True
    ),
    "call volume": Kind(
        (*TIME, Prompt.CALL_VOLUME_RISEN, *LATER),
        {
            "waiting_time_announcement": {"mode": "yes", "every_seconds": 1, "tells_rise": True},
            "min_gap_seconds": 5,
        },
        cut_in=(Prompt.CALL_VOLUME_RISEN,),
        after_seconds=0.5,
        has_agent=True,
        rises=True,
    ),
    "thank-you": Kind(
        ("press-1", MESSAGE),
        {
            "position_announcement": {
                "mode": "ON_CONNECTED",
                "next_in_line": ["press-1"],
                "thank_you": [MESSAGE],
            }
        },
        cut_in=(MESSAGE,),
    ),
    "options": Kind(OPTIONS, {**SAYS_OPTIONS, "options_announcement": {"first_after_seconds": 1}}),
    "confirmation": Kind((INTRODUCTION,), {"options": [CONFIRMED]}, key="3"),
    "hint": Kind((Prompt.KEY_NOT_KNOWN,), {"unknown_key": "hint"}, key="3"),
}
IN_PLACE_OF_MUSIC = {
    f"{name}, in place of the music": replace(
        KINDS[name], settings={**KINDS[name].settings, "announce_mode": "interrupt"}
    )
    for name in ("join", "waiting time", "hint")
}
FULL_INTRODUCTION = Kind(
    (INTRODUCTION,),
    {"introduction": {"mode": "FULL", "sounds": [INTRODUCTION]}},
    has_agent=True,
)
CUT_BY_AN_ANSWER = {**KINDS, **IN_PLACE_OF_MUSIC}
CUT_BY_A_KEY = {**CUT_BY_AN_ANSWER, "full introduction": FULL_INTRODUCTION}


async def learn(here: Office, handling_seconds: float) -> None:
    """As if the agents had taken so long for each of many calls, and nobody had given up."""
    key = f"{{{here.account}}}:queue:{here.queue}:learnt"
    await here.redis.set(key, f"{handling_seconds} 0.01 0 0")


async def is_in_the_middle(
    here: Office, caller: Phone, kind: Kind, known: Mapping[str, Sound]
) -> None:
    """The caller hears what is to be cut, and has not heard all of it."""
    if kind.rises:
        await hears_words(caller, {TIME[0]: known[TIME[0]]}, seconds=0.4)
        await learn(here, RISEN_SECONDS)
    if kind.key:
        await caller.press(kind.key)
    words = {name: known[name] for name in kind.cut_in or kind.said}
    await hears_words(caller, words, seconds=kind.after_seconds)
