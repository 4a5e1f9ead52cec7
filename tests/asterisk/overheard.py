"""One caller's wait as a capture has it: words over the music, silence, times against others."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from lab.audio import RATE, Sound, read_wav, resampled
from lab.capture import Trace
from lab.phone import Phone
from lab.playout import KeyPress, Playout, keys_pressed
from lab.under_music import AUDIBLE, Spoken, UnderMusic
from lab.wait import wait_until
from tests.asterisk.hearing import PROMPTS, heard_in_this_call, hears_music, played, the_tune
from tests.asterisk.office import Office, Pbx
from tests.asterisk.restarts import Listening

UNDERSTOOD_DB = 6
"""Words over the loudest part of our tune; the shortest prompt there comes to 6.4 by the files."""


def words(pbx: Pbx, names: Iterable[str], language: str = "en") -> dict[str, Sound]:
    """How these sound at a phone: prompts of ours, else sounds of Asterisk."""
    return {name: _sound(pbx, name, language) for name in names}


def _sound(pbx: Pbx, name: str, language: str) -> Sound:
    ours = PROMPTS.parent / language / f"{name}.ulaw"
    if ours.exists():
        return played(ours)
    return resampled(read_wav(Path(pbx.run_dir, "share", "sounds", language, f"{name}.wav")))


async def hears_words(
    phone: Phone,
    prompts: Mapping[str, Sound],
    seconds: float = 0.8,
    within: float = 30,
    times: int = 1,
) -> None:
    """So much of one of these has been heard in this call, so many times; the last may go on."""

    def heard() -> bool:
        found = UnderMusic(heard_in_this_call(phone), the_tune()).spoken(prompts)
        return sum(one.seconds >= seconds for one in found) >= times

    await wait_until(heard, f"{phone.number} hears {list(prompts)}", within, every=0.1)


class Overheard:
    """What this phone heard in its newest call, while it waited: the first stream with music."""

    def __init__(self, trace: Trace, phone: Phone, prompts: Mapping[str, Sound]) -> None:
        self._trace = trace
        self._call_id = phone.recording.call_id
        self._prompts = prompts

    @cached_property
    def streams(self) -> list[Playout]:
        """All that went to the phone; a conversation is a new stream."""
        found = self._trace.heard_by_phone(self._call_id)
        assert found, "no packet went to the phone"
        return [Playout(stream) for stream in sorted(found, key=lambda one: one.started_at)]

    @property
    def wait(self) -> Playout:
        return self.streams[0]

    @cached_property
    def under(self) -> UnderMusic:
        return UnderMusic(self.wait.sound, the_tune())

    @cached_property
    def spoken(self) -> list[Spoken]:
        return self.under.spoken(self._prompts)

    @property
    def prompts(self) -> list[str]:
        """What was said, in order."""
        return [one.prompt for one in self.spoken]

    def begun_at(self, one: Spoken) -> float:
        """Seconds since 1970."""
        return self.wait.played_at(one.start)

    def ended_at(self, one: Spoken) -> float:
        """When the phone had played the last of it, seconds since 1970."""
        return self.wait.played_at(one.end)

    def over_at_second(self, one: Spoken) -> float:
        """When the file of whole words was over: some of Asterisk's fade for a third of a second
        after the last that is heard."""
        samples = self._prompts[one.prompt].samples
        first_heard = np.flatnonzero(np.abs(samples) > AUDIBLE)[0]
        return one.start + float(len(samples) - first_heard) / RATE

    def answered_at(self, agent: Phone) -> float:
        """When this agent's phone answered its newest call, seconds since 1970."""
        call_id = agent.seen("incoming")[-1].call_id
        return self._trace.sip("INVITE", 200, call_id=call_id)[0].at

    def rung_at(self, agent: Phone) -> float:
        """When the newest call was sent to this agent's phone."""
        call_id = agent.seen("incoming")[-1].call_id
        return self._trace.sip("INVITE", call_id=call_id)[0].at

    @property
    def keys(self) -> list[KeyPress]:
        (said,) = self._trace.said_by_phone(self._call_id)
        return keys_pressed(said)


def overheard(listened: Listening, phone: Phone, prompts: Mapping[str, Sound]) -> Overheard:
    """Once the listening has ended."""
    assert listened.trace is not None, "still listening"
    return Overheard(listened.trace, phone, prompts)


def control_of(listened: Listening, control: Phone) -> float:
    """The worst that happened to a caller who heard music alone in the same capture, in ms."""
    return max(one.unevenness_ms() for one in overheard(listened, control, {}).streams)


async def control_caller(here: Office) -> Phone:
    """Waits in the second queue, where nothing is said."""
    control = await here.caller(6)
    await control.call(here.slot.queue(1))
    await control.wait_for("answered")
    await hears_music(control)
    return control
