"""Words over the music: a Snoop channel on the leg, whose sound Asterisk mixes into what it hears.

One Snoop channel a leg at a time, named after the leg, so that whoever takes the leg over finds it.
It is made for the words and hung up when they are over; it dies with its leg.

The music is lowered by 12 dB meanwhile. VOLUME(TX) on the leg lowers what is whispered too
(measured), so the words are raised by 6 dB on the Snoop channel before: prompts at -20 dBFS arrive
at -26, the level of telephone speech, over music at -36. More would clip them.
"""

import asyncio
from collections.abc import Sequence

import structlog

from edge.ari.ids import our_arguments
from edge.ari.operations import Outcome
from edge.ari.rest import Rest
from edge.ari.router import Router
from edge.domain.ids import LegId, PlaybackId, RunId, suffix_of
from edge.ports.phone_system import EndReason, NodeFault

log = structlog.get_logger()

PREFIX = "whsp_"
OPENED_WITHIN_SECONDS = 1.0
LOOK_AGAIN_SECONDS, LOOKS = 0.01, 50
TRIES = 3
VOLUME = "VOLUME(TX)"
AS_IT_WAS = "0"
DUCKED = ("-1.41", "-2", "-2.83", "-4")
"""Divisors: 3 dB a step. One step of 12 dB is heard as a click, four 20 ms apart are not."""
RAISED = "2"
STEP_SECONDS = 0.02
TAIL_SECONDS = 0.25
"""On a busy host what is whispered comes to the leg late (by 0.2 s, measured), and Asterisk tells
that the words are over when they are only on their way: hung up then, their end would be lost."""
HANG_UP_CAUSE = 16


def whisper_of(leg: LegId) -> LegId:
    """The name of the Snoop channel that speaks to this leg."""
    return LegId(f"{PREFIX}{suffix_of(leg)}")


class Whispers:
    """Who is spoken to over the music."""

    def __init__(self, app: RunId, rest: Rest, router: Router) -> None:
        self._app = app
        self._rest = rest
        self._router = router
        self._may_duck = True
        self._cut: set[LegId] = set()
        """Legs whose words were cut: of those nothing more is to be heard."""

    def _turn(self, leg: LegId) -> asyncio.Lock:
        known = self._router.legs.get(leg)
        return asyncio.Lock() if known is None else known.whispering

    async def play(
        self, leg: LegId, playback: PlaybackId, media: Sequence[str], language: str | None
    ) -> Outcome:
        """Start the words. GONE: the leg is. Raises NodeFault where it cannot be whispered to."""
        whisper, outcome = whisper_of(leg), Outcome.REFUSED
        try:
            async with self._turn(leg):
                outcome = await self._begin(leg, whisper, playback, media, language)
        finally:
            if outcome is not Outcome.OK:
                # Refused, or cancelled half-way: the music is not left lowered.
                self._router.spoke_in_vain(whisper, leg, playback)
        return outcome

    async def _begin(
        self,
        leg: LegId,
        whisper: LegId,
        playback: PlaybackId,
        media: Sequence[str],
        language: str | None,
    ) -> Outcome:
        for _ in range(TRIES):
            # First of all: from the whisper's opening on it is a moment to the first word.
            await self._duck(leg, whisper)
            outcome = await self._open(leg, whisper)
            if outcome is Outcome.OK:
                await self._raise(leg, whisper)
                self._router.speak_for(whisper, leg, playback)
                outcome = await self._rest.channels.play(whisper, playback, media, language)
                if outcome is Outcome.OK:
                    return outcome
            await self._end(whisper)
            if await self._rest.channels.get(leg) is None:
                return Outcome.GONE
        raise NodeFault(f"no whisper to {leg}: {outcome}")

    async def _open(self, leg: LegId, whisper: LegId) -> Outcome:
        """The Snoop channel of the words before, or a new one. REFUSED: the leg is gone, or the
        name is taken by one that is ending or was an edge's that died."""
        if self._router.is_present(whisper):
            return Outcome.OK
        with self._router.expect_start(whisper) as started:
            arguments = our_arguments(whisper)
            outcome = await self._rest.channels.snoop(leg, whisper, self._app, arguments)
            if outcome is not Outcome.OK:
                return outcome
            await asyncio.wait([started], timeout=OPENED_WITHIN_SECONDS)
            return Outcome.OK if started.done() and started.result() else Outcome.REFUSED

    async def end(self, leg: LegId) -> bool:
        """Nobody whispers to the leg any more, and what it hears is as loud as it was. Idempotent;
        also for a leg that an edge that died has whispered to. Whether it was whispered to."""
        async with self._turn(leg):
            was_there = await self._end(whisper_of(leg))
            is_raised = await self._set(leg, AS_IT_WAS)
            known = self._router.legs.get(leg)
            if known is not None and is_raised:
                known.is_ducked = False
        return was_there

    async def raise_at_once(self, leg: LegId) -> None:
        """What the leg hears next is not music and is to be as loud as ever: in one step."""
        known = self._router.legs.get(leg)
        if known is None or not known.is_ducked:
            return
        known.is_ducked = False  # the ramp under way, if any, ends
        async with known.whispering:
            # Once more where the node did not take it: the whole conversation would be low.
            if not await self._set(leg, AS_IT_WAS):
                await self._set(leg, AS_IT_WAS)

    def forget(self) -> None:
        """The connection is a new one, perhaps to an Asterisk that was configured anew."""
        self._may_duck = True

    async def _duck(self, leg: LegId, whisper: LegId) -> None:
        known = self._router.legs.get(leg)
        if not self._may_duck or known is None or self._router.is_speaking(whisper):
            return
        # Whether it can be set at all is asked with what changes nothing.
        if known.is_ducked or not await self._set(leg, AS_IT_WAS):
            return
        known.is_ducked = True
        for step in DUCKED:
            if known.is_ducked:
                await self._set(leg, step)
                await asyncio.sleep(STEP_SECONDS)

    async def _raise(self, leg: LegId, whisper: LegId) -> None:
        """Before the words begin: on a channel that plays, a setting waits for the end of it."""
        known = self._router.legs.get(leg)
        if known is not None and known.is_ducked and not self._router.is_speaking(whisper):
            await self._set(whisper, RAISED)

    async def _unduck(self, leg: LegId) -> None:
        known = self._router.legs.get(leg)
        if known is None:
            return
        is_raised = False
        for step in (*reversed(DUCKED[:-1]), AS_IT_WAS):
            # A conversation may have begun meanwhile, and has raised it.
            if not known.is_ducked:
                return
            is_raised = await self._set(leg, step)
            await asyncio.sleep(STEP_SECONDS)
        if is_raised:
            known.is_ducked = False

    async def _set(self, channel: LegId, volume: str) -> bool:
        """Whether it was; an Asterisk without func_volume can not, and plays the words as loud as
        the music. What was lowered is raised though, whatever other orders came to."""
        try:
            outcome = await self._rest.channels.setVariables(channel, {VOLUME: volume})
        except NodeFault as fault:
            self._may_duck = False
            log.warning("ari_music_not_lowered", reason=str(fault))
            return False
        return outcome is Outcome.OK

    async def _end(self, whisper: LegId) -> bool:
        """Hang it up and see its name free, also by the events: else what comes next would be
        played to it. Whether there was one."""
        self._router.order_end(whisper, EndReason.NORMAL)
        is_ending = await self._rest.channels.hangup(whisper, HANG_UP_CAUSE) is Outcome.OK
        for _ in range(LOOKS):
            is_there = is_ending and await self._rest.channels.get(whisper) is not None
            if not (is_there or self._router.is_present(whisper)):
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return is_ending

    def left_open(self) -> list[LegId]:
        """Legs whose music is lowered though nothing is said: the end of the words was missed."""
        return [
            leg
            for leg, known in self._router.legs.items()
            if known.is_ducked and not self._router.is_speaking(whisper_of(leg))
        ]

    def cut(self, leg: LegId) -> None:
        """What is still on its way to the leg is not waited for; `close` follows."""
        if self._router.is_present(whisper_of(leg)):
            self._cut.add(leg)

    async def close(self, leg: LegId) -> None:
        """The words are over: a Snoop channel costs 50 looks a second, idle too. Unless new words
        have begun meanwhile; or it is gone, and its name is that of the edge's that took over."""
        if leg in self._cut:
            self._cut.discard(leg)
        else:
            await asyncio.sleep(TAIL_SECONDS)
        async with self._turn(leg):
            if self._router.is_speaking(whisper_of(leg)):
                return
            if self._router.is_present(whisper_of(leg)):
                await self._end(whisper_of(leg))
            await self._unduck(leg)
