"""Uploaded audio on real nodes: fetched before it is used, heard as it was uploaded."""

import numpy as np

from edge.ports.prompts import Prompt
from lab.audio import Found, Sound, find_prompt, wav_of
from lab.phone import Phone
from lab.wait import wait_until
from tests.asterisk.conftest import OpenOffice
from tests.asterisk.hearing import PROMPTS, SPOKEN_SCORE, heard_in_this_call, hears, played
from tests.asterisk.uploads import configured, nodes_of, upload

SPANISH = PROMPTS.parent / "es" / f"{Prompt.LINES_BUSY}.ulaw"
"""What no part of the product says in these tests."""


def words_heard(phone: Phone, words: Sound) -> float | None:
    """Where in this call of the phone these words begin; None when they were not heard."""
    heard = heard_in_this_call(phone)
    if heard.seconds < words.seconds:
        return None
    found = max((find_prompt(heard, one) for one in (words, between_samples(words))), key=score)
    return found.offset if found.score >= SPOKEN_SCORE else None


def score(found: Found) -> float:
    return found.score


def between_samples(sound: Sound) -> Sound:
    """Half a sample later: so much a change of the sampling rate there and back may shift it."""
    spectrum = np.fft.rfft(sound.samples)
    turn = np.exp(1j * np.pi * np.fft.rfftfreq(len(sound.samples)))
    return Sound(np.fft.irfft(spectrum * turn, len(sound.samples)), sound.rate)


async def is_told(phone: Phone, words: Sound) -> None:
    await wait_until(
        lambda: words_heard(phone, words) is not None, f"{phone.number} hears it", every=0.1
    )


async def rung_and_answered(agent: Phone) -> None:
    await agent.wait_for("incoming")
    await agent.answer()
    await agent.wait_for("answered")


async def test_what_was_uploaded_is_heard(office: OpenOffice) -> None:
    async with office(agents=1, callers=1) as here:
        words = played(SPANISH)
        told = await upload(here, wav_of(words))
        assert told["status"] == "ready"
        assert nodes_of(told) == {"pbx-1": True}
        await configured(here, agent_announcement=[told["id"]])
        agent = await here.agent(1)
        caller = await here.waiting_caller()
        await rung_and_answered(agent)
        await is_told(agent, words)
        await hears(agent, caller)
        await caller.hang_up()
