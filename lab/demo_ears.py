"""What the phones of the demo heard, measured in their recordings."""

import asyncio
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np

from lab.asterisk_conf import REPOSITORY
from lab.audio import Sound, find_prompt, music_heard, read_wav, silences, tone_seconds
from lab.phone import Phone
from lab.phone_events import Happening, Recording
from lab.rtp import ULAW

PROMPTS = REPOSITORY / "edge" / "prompts" / "audio" / "en"
TUNE = REPOSITORY / "sounds" / "moh" / "default" / "tune.ulaw"
LONGEST_SILENCE_MS = 60
RECOGNISED = 0.7
"""A prompt heard whole is 1.0 alike, one with a lost packet 0.85, noise 0.3 at most."""
PART_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Heard:
    """One caller's call. Times are seconds."""

    seconds: float
    music_after: float
    """From dialling to the first sound."""
    is_music: bool
    """All the time until the conversation (or the end) was our tune."""
    longest_silence_ms: int
    missing_ms: int
    """How much shorter the recording is than the call: packets that never came."""
    agent_seconds: float
    """For how long the agent's tone was heard."""
    other_agents_seconds: float


def as_heard(ulaw: Path) -> Sound:
    """A file of Asterisk's G.711 sounds as a phone hears it."""
    return Sound(ULAW[np.frombuffer(ulaw.read_bytes(), dtype=np.uint8)])


async def recognise(recording: Recording) -> tuple[str, float]:
    """The prompt that the recording is most like, and how alike: 1 = the very samples."""
    return await asyncio.to_thread(_recognise, recording.sound())


def _recognise(sound: Sound) -> tuple[str, float]:
    prompts = sorted(PROMPTS.glob("*.ulaw"))
    return max(((path.stem, _alike(sound, as_heard(path))) for path in prompts), key=itemgetter(1))


def _alike(sound: Sound, prompt: Sound) -> float:
    """The mean over quarters of a second, so that one lost packet does not spoil it all."""
    starts = np.arange(0.0, prompt.seconds - PART_SECONDS, PART_SECONDS)
    parts = [prompt.between(start, start + PART_SECONDS) for start in starts]
    return float(np.mean([find_prompt(sound, part).score for part in parts]))


async def caller_heard(
    wav: Path,
    recording: Recording,
    dialled_at: float,
    waited_until: float | None,
    ended_at: float | None,
    agent: Phone | None,
    others: list[Phone],
) -> Heard:
    """Measure the recording of a caller; times are time.monotonic().

    `waited_until` is when the conversation began, None where there was none.
    """
    return await asyncio.to_thread(
        _caller_heard, wav, recording, dialled_at, waited_until, ended_at, agent, others
    )


def _caller_heard(
    wav: Path,
    recording: Recording,
    dialled_at: float,
    waited_until: float | None,
    ended_at: float | None,
    agent: Phone | None,
    others: list[Phone],
) -> Heard:
    sound = read_wav(wav)
    first = recording.started_at
    if first is None:
        return Heard(sound.seconds, float("inf"), False, 0, 0, 0.0, 0.0)
    quiet_at_first = [span.end for span in silences(sound, over_ms=10) if span.start == 0]
    begin = quiet_at_first[0] if quiet_at_first else 0.0
    end = sound.seconds if waited_until is None else waited_until - first
    # The last moments of the waiting belong to the change over to the agent.
    music = music_heard(sound, begin, end - 0.2, as_heard(TUNE))
    quiet = silences(sound.between(begin), over_ms=10)
    return Heard(
        seconds=sound.seconds,
        music_after=first - dialled_at + begin,
        is_music=music,
        longest_silence_ms=round(max((span.seconds for span in quiet), default=0.0) * 1000),
        missing_ms=0 if ended_at is None else round((ended_at - first - sound.seconds) * 1000),
        agent_seconds=0.0 if agent is None else tone_of(agent, sound),
        other_agents_seconds=sum(tone_of(other, sound) for other in others),
    )


def tone_of(speaker: Phone, sound: Sound) -> float:
    """For how many seconds this phone's tone was heard."""
    return 0.0 if speaker.tone_hz is None else tone_seconds(sound, speaker.tone_hz)


def rings(phone: Phone) -> list[tuple[float, str]]:
    """When this phone rang (wall time) and the number it showed."""
    return [(event.wall_at.timestamp(), event.peer) for event in phone.seen(Happening.INCOMING)]
