"""A site's own recordings, in place of ours and beside them."""

import shutil
from pathlib import Path

from edge.ports.prompts import Prompt
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import PROMPTS, hears_music
from tests.asterisk.overheard import hears_words, words

RECORDED, OWN_WORDS = "lines-busy", "queue-closed"
"""Prompts of ours stand for recordings of the site's."""


async def test_a_sites_own_recordings_are_heard(office: OpenOffice, tmp_path: Path) -> None:
    own = tmp_path / "own" / "en"
    own.mkdir(parents=True)
    shutil.copy(PROMPTS / f"{RECORDED}.ulaw", own / f"{Prompt.KEY_NOT_KNOWN}.ulaw")
    shutil.copy(PROMPTS / f"{OWN_WORDS}.ulaw", own / "our-website.ulaw")
    async with office(
        agents=1,
        callers=1,
        unknown_key="hint",
        hold_messages={"sounds": [["our-website"]], "first_after_seconds": 1},
        of_site={"prompts": {"folders": [str(own.parent)]}},
    ) as here:
        known = words(here.pbx, [RECORDED, OWN_WORDS])
        caller = await here.waiting_caller()
        await hears_words(caller, {OWN_WORDS: known[OWN_WORDS]}, seconds=3)
        await hears_music(caller)
        await caller.press("7")
        await hears_words(caller, {RECORDED: known[RECORDED]}, seconds=1.5)
