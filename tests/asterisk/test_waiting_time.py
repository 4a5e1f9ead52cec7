"""How long one would have to wait, learnt from real calls: told by the API and at the phone, and
turned away by."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from edge.ports.prompts import Prompt
from lab.capture import Capture
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears, was_told
from tests.asterisk.kinds import HANDLING_SECONDS, MESSAGE, TIME, learn
from tests.asterisk.office import Office
from tests.asterisk.overheard import UNDERSTOOD_DB, Overheard, hears_words, overheard, words
from tests.asterisk.restarts import hears_on, listening

OUTSIDE = "13125550143"
TALK_SECONDS = 4
FAREWELL_SECONDS = 15
PAUSE_SECONDS = 0.6
"""The longest between two words of one sentence."""


async def status(here: Office) -> dict[str, Any]:
    found: dict[str, Any] = await here.get(f"/v1/queues/{here.queue}/status")
    return found


async def talk_once(here: Office, caller: Phone, agent: Phone) -> None:
    """A call from its offer to its end."""
    await agent.wait_for("incoming")
    await agent.answer()
    await caller.wait_for("answered")
    await hears(caller, agent, TALK_SECONDS)
    await caller.hang_up()
    await agent.wait_for("closed")
    await here.agent_becomes(1, "idle")


async def test_who_would_wait_too_long_is_turned_away_with_words_or_busy(
    office: OpenOffice, tmp_path: Path
) -> None:
    async with office(agents=1, callers=3, divert_wait_seconds=1) as here:
        agent, caller = await here.agent(1), await here.caller(1)
        assert (await status(here))["expected_wait_seconds"] == 0, "the agent is idle"
        await caller.call(here.slot.queue())
        await talk_once(here, caller, agent)
        learnt = await status(here)
        assert TALK_SECONDS <= learnt["handling_seconds"] < TALK_SECONDS + 4
        assert learnt["expected_wait_seconds"] == 0

        await caller.call(here.slot.queue())
        await agent.wait_for("incoming")
        await agent.answer()
        await here.agent_becomes(1, "talking")
        expected = (await status(here))["expected_wait_seconds"]
        assert expected == round(learnt["handling_seconds"] * 2 / 3)

        outside = await here.outside_phone(OUTSIDE)
        await outside.call(here.slot.outside_number())
        await outside.wait_for("answered")
        closed = await outside.wait_for("closed", FAREWELL_SECONDS)
        assert not closed.by_us
        assert was_told(outside, Prompt.LINES_BUSY)

        inside = await here.caller(2)
        async with Capture(tmp_path / "busy.pcap", here.pbx.sip_port, here.pbx.rtp_ports):
            await inside.call(here.slot.queue())
            assert (await inside.wait_for("closed", 2)).status == 486
        rejected = await here.events("entry_rejected")
        assert [one["disposition"] for one in rejected] == ["diverted"] * 2
        assert all(one["expected_ms"] > 1_000 for one in rejected)
        path = f"/v1/queues/{here.queue}/entries/{rejected[0]['entry']}/explain"
        assert "a wait of 0 min" in (await here.get(path))["words"]

        await caller.hang_up()
        await here.agent_becomes(1, "idle")
        await inside.call(here.slot.queue())
        await agent.wait_for("incoming")
        await wait_until(lambda: here.stands_in_line(inside.number), "the line is open again")


async def test_what_was_learnt_outlives_the_edge(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        agent, caller = await here.agent(1), await here.caller(1)
        await caller.call(here.slot.queue())
        await talk_once(here, caller, agent)
        before = await status(here)
        await here.edge.kill()
        await here.restart_edge()
        assert (await status(here))["handling_seconds"] == before["handling_seconds"] is not None


# --- told at the phone


def assert_is_one_sentence(heard: Overheard, told: tuple[str, ...]) -> None:
    """These words, whole and in this order, one right after the other, louder than the music."""
    assert heard.prompts == list(told)
    for one in heard.spoken:
        assert one.whole, one
        assert one.over_music_db > UNDERSTOOD_DB, one
    for before, after in pairwise(heard.spoken):
        assert -0.05 < after.start - before.end < PAUSE_SECONDS


@pytest.mark.parametrize(
    ("language", "settings", "handling_seconds", "told"),
    [
        (
            "en",
            {"round_to_seconds": 30},
            300,
            ("digits/3", "queue-minutes", "digits/30", "queue-seconds"),
        ),
        (
            "en",
            {"round_to_seconds": 300, "as_range": True},
            600,
            (Prompt.BETWEEN, "digits/5", "vm-and", "digits/10", "queue-minutes"),
        ),
        ("en", {"most_minutes": 5}, 600, (Prompt.MORE_THAN, "digits/5", "queue-minutes")),
        ("es", {}, 1_875, ("digits/20-and", "digits/1M", "queue-minutes")),
    ],
    ids=["rounded up to half a minute", "as a range", "more than the most told", "in Spanish"],
)
async def test_the_time_is_told_as_the_queue_wants_it(
    office: OpenOffice,
    language: str,
    settings: dict[str, Any],
    handling_seconds: int,
    told: tuple[str, ...],
) -> None:
    """The first in line waits two thirds of a call, while the only agent's phone rings."""
    announced = {"mode": "once", "every_seconds": 1, **settings}
    sentence = ("queue-holdtime", *told)
    async with office(
        agents=1,
        callers=1,
        ring_seconds=60,
        language=language,
        waiting_time_announcement=announced,
    ) as here:
        await here.agent(1)
        await learn(here, handling_seconds)
        known = words(here.pbx, sentence, language)
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await hears_words(caller, {sentence[-1]: known[sentence[-1]]}, seconds=0.4)
            await hears_on(caller)
        assert_is_one_sentence(overheard(listened, caller, known), sentence)


async def test_a_time_that_nobody_knows_is_told_once_somebody_serves(office: OpenOffice) -> None:
    async with office(
        agents=1,
        callers=1,
        ring_seconds=60,
        min_gap_seconds=4,
        waiting_time_announcement={"mode": "once", "every_seconds": 1},
        hold_messages={"sounds": [[MESSAGE]], "first_after_seconds": 2},
    ) as here:
        await here.agent(1, log_in=False)
        await learn(here, HANDLING_SECONDS)
        known = words(here.pbx, (MESSAGE, *TIME))
        async with listening(here) as listened:
            caller = await here.waiting_caller()
            await hears_words(caller, {MESSAGE: known[MESSAGE]})
            await here.set_agent(1, "available")
            await hears_words(caller, {TIME[-1]: known[TIME[-1]]}, seconds=0.4)
            await hears_on(caller, seconds=3.0)
        assert overheard(listened, caller, known).prompts == [MESSAGE, *TIME]
