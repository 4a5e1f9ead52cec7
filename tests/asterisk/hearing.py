"""What the tests ask of a phone's ears: the other side's tone, the hold music, a spoken prompt."""

from functools import cache
from pathlib import Path

import numpy as np

from edge.ports.prompts import Prompt
from edge.prompts.formats import decode
from lab.audio import RATE, Sound, find_prompt, music_heard, resampled, tone_seconds
from lab.phone import Phone
from lab.wait import wait_until

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROMPTS = REPOSITORY / "edge" / "prompts" / "audio" / "en"
TUNE = REPOSITORY / "sounds" / "moh" / "default" / "tune.ulaw"
SPOKEN_SCORE = 0.8
"""A prompt alone through G.711 scores over 0.9, another prompt at most 0.3."""
NOTHING_DBFS = -40.0
"""What is left beside a tone of -15 dBFS: the noise of the codecs; our music lies over -30."""


@cache
def played(path: Path) -> Sound:
    """A .ulaw or .alaw file as a phone hears it."""
    return Sound(np.array(decode(path), dtype=np.float64) / 32768.0, RATE)


def the_tune() -> Sound:
    """Our hold music."""
    return played(TUNE)


def heard_in_this_call(phone: Phone) -> Sound:
    """What the phone has heard in its newest call so far; nothing before the first packet."""
    call_ids = [event.call_id for event in phone.events if event.call_id]
    if phone.recordings and phone.recording.call_id == call_ids[-1]:
        return phone.recording.sound()
    return Sound(np.zeros(0), RATE)


async def hears(listener: Phone, speaker: Phone, seconds: float = 0.5) -> None:
    """The listener hears the tone of the speaker, for so long in all."""
    assert speaker.tone_hz is not None
    hz = speaker.tone_hz

    def enough() -> bool:
        return tone_seconds(heard_in_this_call(listener), hz) >= seconds

    await wait_until(enough, f"{listener.number} hears {speaker.number}", every=0.1)


async def hears_music(listener: Phone, seconds: float = 1.0) -> None:
    """So much of our hold music is heard from now on, without a pause."""
    begin = heard_in_this_call(listener).seconds

    def enough() -> bool:
        sound = heard_in_this_call(listener).between(begin)
        return sound.seconds >= seconds and music_heard(sound, music=the_tune())

    await wait_until(enough, f"{listener.number} hears the hold music", every=0.1)


async def talk(caller: Phone, agent: Phone) -> None:
    """What rings at the agent is this caller; the agent answers, and both hear each other."""
    ringing = await agent.wait_for("incoming")
    assert ringing.peer == caller.number
    await agent.answer()
    await hears(agent, caller)
    await hears(caller, agent)


def was_told(phone: Phone, prompt: Prompt) -> bool:
    """The prompt was heard in the phone's last call, but for a packet at its ends: it begins in
    the moment of the answer, when a phone may not listen yet."""
    heard = phone.recording.sound()
    margin = np.zeros(heard.rate // 10)
    padded = Sound(np.concatenate([margin, heard.samples, margin]), heard.rate)
    return find_prompt(padded, played(PROMPTS / f"{prompt}.ulaw")).score >= SPOKEN_SCORE


def beside_the_tone(sound: Sound, hz: float) -> float:
    """The loudest tenth of a second of what is heard beside the tone, in dBFS."""
    samples, width = resampled(sound).samples, RATE // 10
    at = np.arange(width) / RATE
    waves = np.stack([np.sin(2 * np.pi * hz * at), np.cos(2 * np.pi * hz * at)], axis=1)
    rest = []
    for start in range(0, len(samples) - width + 1, width):
        part = samples[start : start + width]
        fit = np.linalg.lstsq(waves, part, rcond=None)[0]
        rest.append(Sound(part - waves @ fit).dbfs())
    return max(rest, default=-120.0)
