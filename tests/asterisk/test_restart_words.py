"""The edge is killed in the middle of words to a caller: nothing is heard of it."""

from typing import Any

import pytest

from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import hears_music
from tests.asterisk.office import Office
from tests.asterisk.overheard import control_caller, control_of, hears_words, overheard, words
from tests.asterisk.restarts import hears_on, listening, start_again

MESSAGE, LATER = "sorry-no-edge", "press-to-accept"
"""Long enough to be killed in, and another to be told that announcements go on."""
SAID: dict[str, Any] = {
    "hold_messages": {
        "sounds": [[MESSAGE], [LATER]],
        "first_after_seconds": 4,
        "every_seconds": 20,
    }
}


async def whispers(here: Office) -> list[str]:
    """The Snoop channels to this office's callers that are left."""
    ours = [channel["id"] for channel in await here.channels()]
    return [
        channel["name"]
        for channel in await here.ari("channels")
        if channel["name"].startswith("Snoop/") and any(one in channel["name"] for one in ours)
    ]


@pytest.mark.parametrize("mode", ["over_music", "interrupt"])
async def test_an_edge_that_dies_in_the_middle_of_words_is_not_heard(
    office: OpenOffice, mode: str
) -> None:
    """Music without a gap, nothing said twice, nothing left on the leg, and announcements go on."""
    wanted = {1: {**SAID, "announce_mode": mode}}
    async with office(agents=1, callers=6, queues=2, of_queues=wanted) as here:
        known = words(here.pbx, [MESSAGE, LATER])
        async with listening(here) as listened:
            control = await control_caller(here)
            caller = await here.waiting_caller()
            await hears_words(caller, {MESSAGE: known[MESSAGE]}, seconds=1.0)
            await here.edge.kill()
            await start_again(here)
            await wait_until(lambda: no_whisper(here), "no whisper of the dead edge is left")
            await hears_words(caller, {LATER: known[LATER]}, seconds=2.0, within=40)
            await hears_music(caller)
        heard = overheard(listened, caller, known)
        assert heard.prompts == [MESSAGE, LATER]
        assert heard.spoken[1].whole
        # By the rhythm of the caller's own wait: the second message is not late for the restart.
        assert 18 < heard.spoken[1].start - heard.spoken[0].start < 24
        host_ms = control_of(listened, control)
        first, second = heard.spoken
        spans = [(0.1, heard.wait.seconds)]
        if mode == "interrupt":
            # Speech alone has pauses of its own.
            spans = [(0.1, first.start), (first.end, second.start)]
        for start, end in spans:
            assert heard.wait.longest_silence_ms(start, end) <= 60 + host_ms
        assert heard.under.has_music(first.end + 0.3, second.start)


async def no_whisper(here: Office) -> bool:
    return not await whispers(here)


async def test_the_music_comes_back_after_words_while_no_edge_lives(office: OpenOffice) -> None:
    async with office(agents=1, callers=1, announce_mode="interrupt", **SAID) as here:
        caller = await here.waiting_caller()
        known = words(here.pbx, [MESSAGE])
        await hears_words(caller, known, seconds=1.0)
        await here.edge.kill()
        await hears_words(caller, known, seconds=known[MESSAGE].seconds - 0.5)
        await hears_on(caller, seconds=0.7)
        await hears_music(caller, 2)
        await start_again(here)
