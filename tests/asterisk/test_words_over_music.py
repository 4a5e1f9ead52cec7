"""Words over the music, as a caller hears them: order, loudness, no silence, cut by an answer."""

from itertools import pairwise

import numpy as np
import pytest

from edge.ari.whispers import TAIL_SECONDS
from lab.audio import Sound
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import (
    NOTHING_DBFS,
    beside_the_tone,
    heard_in_this_call,
    hears,
)
from tests.asterisk.kinds import (
    CUT_BY_A_KEY,
    CUT_BY_AN_ANSWER,
    HANDLING_SECONDS,
    INTRODUCTION,
    JOIN,
    MESSAGE,
    NEXT,
    OPTIONS,
    SAYS_OPTIONS,
    is_in_the_middle,
    learn,
)
from tests.asterisk.overheard import (
    UNDERSTOOD_DB,
    control_caller,
    control_of,
    hears_words,
    overheard,
    words,
)
from tests.asterisk.restarts import listening

SILENCE_MS = 60
LOWERED_DB, WORDS_DB = -12, -6
"""Against their files: the words are lowered with the music, and were raised by 6 dB before."""
SENTENCE_SECONDS, SENTENCE_UNDERSTOOD_DB = 2, 8
"""A single word may fall on the loudest moment of the tune, a sentence is over all of it."""
RAISED_WITHIN_SECONDS = TAIL_SECONDS + 0.25
"""Of the end of the words: what may still come is waited for, then it is raised in steps."""
ANSWER_CUTS_SECONDS, KEY_CUTS_SECONDS = 0.1, 0.15
WORD_PAUSE_SECONDS = 0.3
"""Between two words of a sequence; a key may come in it."""
REFUSAL = "callback-not-yet"
REFUSED = [{"digit": digit, "action": "callback", "announcement": []} for digit in "57"]
"""Keys that keep the place and say a word, and are not told of."""


async def test_a_whole_minute_of_words_over_music_has_no_silence(office: OpenOffice) -> None:
    said = {
        "introduction": {"mode": "NORMAL", "sounds": [INTRODUCTION]},
        "join_announcement": [JOIN],
        "position_announcement": {"mode": "PERIODICALLY", "every_seconds": 15},
        "hold_messages": {"sounds": [[MESSAGE]], "first_after_seconds": 15, "every_seconds": 30},
        **SAYS_OPTIONS,
        "options_announcement": {"first_after_seconds": 28, "every_seconds": 30},
        "min_gap_seconds": 10,
    }
    async with office(agents=1, callers=6, queues=2, of_queues={1: said}) as here:
        async with listening(here) as listened:
            control = await control_caller(here)
            caller = await here.waiting_caller()
            await wait_until(
                lambda: heard_in_this_call(caller).seconds > 69, "over a minute", 90, every=0.5
            )
            await caller.hang_up()
        known = words(here.pbx, (INTRODUCTION, JOIN, MESSAGE, NEXT, *OPTIONS))
        heard = overheard(listened, caller, known)
        host_ms = control_of(listened, control)
        assert heard.prompts == [
            *(INTRODUCTION, JOIN),
            *(MESSAGE, NEXT),
            *(NEXT, *OPTIONS),
            *(MESSAGE, NEXT),
            *(NEXT, *OPTIONS),
        ]
        assert all(one.whole for one in heard.spoken)
        assert heard.wait.longest_silence_ms(0.1) <= SILENCE_MS + host_ms
        assert heard.wait.worst_lateness_ms() <= SILENCE_MS + host_ms
        assert heard.wait.lost == 0
        assert heard.under.has_music(0.5, heard.wait.seconds - 0.5)
        for one in heard.spoken:
            assert LOWERED_DB - 2 < one.music_db < LOWERED_DB + 2, (
                f"music in the same second: {one}"
            )
            assert one.gain_db == pytest.approx(WORDS_DB, abs=0.5), f"as loud as speech: {one}"
            least_db = SENTENCE_UNDERSTOOD_DB if one.seconds > SENTENCE_SECONDS else UNDERSTOOD_DB
            assert one.over_music_db > least_db, f"understood: {one}"
        for before, after in pairwise([*heard.spoken, None]):
            assert before is not None
            raised_at = heard.over_at_second(before) + RAISED_WITHIN_SECONDS + host_ms / 1000
            lowered_at = heard.wait.seconds if after is None else after.start
            if lowered_at - raised_at > 1.5:
                raised = heard.under.music_db(raised_at, raised_at + 1)
                assert raised == pytest.approx(0, abs=1), "as loud as before"


@pytest.mark.parametrize("name", CUT_BY_AN_ANSWER)
async def test_an_agent_who_answers_cuts_what_is_being_said(office: OpenOffice, name: str) -> None:
    kind = CUT_BY_AN_ANSWER[name]
    async with office(agents=1, callers=1, ring_seconds=60, **kind.settings) as here:
        agent = await here.agent(1)
        await learn(here, HANDLING_SECONDS)
        known = words(here.pbx, dict.fromkeys(kind.said))
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            # It rings while words are being said: nobody waits for their end.
            await agent.wait_for("incoming")
            await is_in_the_middle(here, caller, kind, known)
            await agent.answer()
            await hears(caller, agent, 1.0)
        heard = overheard(listened, caller, known)
        off_at = heard.answered_at(agent) + ANSWER_CUTS_SECONDS + listened.stalled_ms / 1000
        assert heard.prompts == list(kind.said[: len(heard.spoken)])
        assert not heard.spoken[-1].whole or len(heard.spoken) < len(kind.said)
        assert heard.ended_at(heard.spoken[-1]) < off_at
        assert agent.tone_hz is not None
        for talking in heard.streams[1:]:
            after = talking.sound.between(talking.second_at(off_at + 0.1))
            assert beside_the_tone(after, agent.tone_hz) < NOTHING_DBFS
        voice = Sound(np.concatenate([one.sound.samples for one in heard.streams[1:]]))
        loud = [voice.between(at, at + 0.2).dbfs() for at in (0.3, voice.seconds - 0.3)]
        assert loud[0] == pytest.approx(loud[1], abs=1), "the agent is not lowered with the music"


@pytest.mark.parametrize("name", CUT_BY_A_KEY)
async def test_a_key_cuts_what_is_being_said(office: OpenOffice, name: str) -> None:
    kind = CUT_BY_A_KEY[name]
    settings = {**kind.settings, "options": [*kind.settings.get("options", []), *REFUSED]}
    async with office(agents=1, callers=1, ring_seconds=60, **settings) as here:
        agent = await here.agent(1) if kind.has_agent else None
        await learn(here, HANDLING_SECONDS)
        known = words(here.pbx, dict.fromkeys((*kind.said, REFUSAL)))
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await is_in_the_middle(here, caller, kind, known)
            await caller.press("5")
            await hears_words(caller, {REFUSAL: known[REFUSAL]}, seconds=1.0)
            # Words that answer a key are cut by the next one like all others.
            await caller.press("7")
            await hears_words(caller, {REFUSAL: known[REFUSAL]}, seconds=0.5, times=2)
        heard = overheard(listened, caller, known)
        *announced, answer, again = heard.spoken
        assert [one.prompt for one in (answer, again)] == [REFUSAL, REFUSAL]
        for press, cut in zip(heard.keys[-2:], (announced[-1], answer), strict=True):
            assert heard.ended_at(cut) > press.begun_at - WORD_PAUSE_SECONDS, "it was being said"
            late = KEY_CUTS_SECONDS + listened.stalled_ms / 1000
            assert heard.ended_at(cut) < press.ended_at + late
        assert [one.prompt for one in announced] == list(kind.said[: len(announced)])
        assert not (announced[-1].whole and len(announced) == len(kind.said))
        assert await here.callers_in_line() == [caller.number]
        if agent is not None:
            await agent.wait_for("incoming")


@pytest.mark.parametrize("by", ["key", "answer"])
async def test_words_in_the_line_to_which_a_key_has_led_are_cut_as_well(
    office: OpenOffice, by: str
) -> None:
    leads = {
        "digit": "3",
        "action": "route",
        "dest_kind": "queue",
        "dest_id": "qu_main2",
        "announcement": [],
        "prompt_media_id": INTRODUCTION,
    }
    of_queues = {1: {"options": [leads]}, 2: {"options": REFUSED}}
    async with office(agents=1, callers=1, queues=2, of_queues=of_queues) as here:
        agent = await here.agent(1, log_in=False)
        known = words(here.pbx, (INTRODUCTION, REFUSAL))
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await caller.press("3")
            await hears_words(caller, {INTRODUCTION: known[INTRODUCTION]})
            if by == "key":
                await caller.press("5")
                await hears_words(caller, {REFUSAL: known[REFUSAL]})
            else:
                await here.set_agent(1, "available")
                await agent.wait_for("incoming")
                await agent.answer()
                await hears(caller, agent, 1.0)
        heard = overheard(listened, caller, known)
        cut, *_ = heard.spoken
        assert cut.prompt == INTRODUCTION
        assert not cut.whole
        if by == "key":
            off_at = heard.keys[-1].ended_at + KEY_CUTS_SECONDS
        else:
            off_at = heard.answered_at(agent) + ANSWER_CUTS_SECONDS
        assert heard.ended_at(cut) < off_at + listened.stalled_ms / 1000
