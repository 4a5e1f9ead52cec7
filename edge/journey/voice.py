"""The one voice that speaks to a caller who waits: over the music or in its place, cut at once."""

import asyncio
from collections.abc import Sequence

import structlog

from edge.domain.ids import PlaybackId
from edge.domain.settings.waiting import AnnounceMode
from edge.journey.leg import Leg
from edge.ports.phone_system import Done, NodeFault

log = structlog.get_logger()


class Voice:
    """Says one thing at a time. What is said anew cuts what was being said.

    While it is muted nothing is said: an agent has answered, or the caller is leaving.
    """

    def __init__(self, leg: Leg, mode: AnnounceMode) -> None:
        self._leg = leg
        self._mode = mode
        self._saying: PlaybackId | None = None
        self._may_speak = asyncio.Event()
        self._may_speak.set()
        self._is_silent = asyncio.Event()
        self._is_silent.set()

    async def say(self, sounds: Sequence[str], language: str, within_seconds: float) -> bool:
        """Speak, and wait for the end of it; False when it was cut or could not be said.

        Words that go on after the limit are stopped: their end may have been lost. A node that
        does not answer is somebody else's trouble: the caller hears music meanwhile.
        """
        if not sounds or not self._may_speak.is_set():
            return False
        playback = self._leg.next_playback()
        before, self._saying = self._saying, playback
        self._is_silent.clear()
        try:
            await self._stop(before)
            async with asyncio.timeout(within_seconds):
                was_heard = await self._speak(playback, sounds, language)
        except TimeoutError:
            log.warning("words_not_over", leg=self._leg.id, sounds=list(sounds))
            was_heard = False
            await self._give_up(playback)
        except NodeFault as fault:
            log.warning("words_not_spoken", leg=self._leg.id, reason=str(fault))
            was_heard = False
            # The order may have been carried out all the same.
            await self._give_up(playback)
        # Not where this was cancelled: then it may be heard still, and is cut with the rest.
        if self._saying == playback:
            self._saying = None
            self._is_silent.set()
        return was_heard

    async def _give_up(self, playback: PlaybackId) -> None:
        """Only this: what is being said by now may be something else."""
        try:
            await self._stop(playback)
        except NodeFault as fault:
            log.warning("words_not_stopped", leg=self._leg.id, reason=str(fault))

    async def _speak(self, playback: PlaybackId, sounds: Sequence[str], language: str) -> bool:
        if self._saying != playback:
            return False
        over = self._leg.playback(playback)
        is_over_music = self._mode is AnnounceMode.OVER_MUSIC
        begin = self._leg.phone.whisper if is_over_music else self._leg.phone.play
        if await begin(self._leg.id, playback, sounds, language) is Done.GONE:
            return False
        if self._saying != playback:
            # Cut while the order was on its way: the stop may have come before it.
            await self._stop(playback)
            return False
        await over.wait()
        return self._saying == playback

    @property
    def is_speaking(self) -> bool:
        return self._saying is not None

    async def cut(self) -> None:
        """Stop what is being said. Nothing of it is heard any more some 20 ms later."""
        saying, self._saying = self._saying, None
        self._is_silent.set()
        await self._stop(saying)

    async def mute(self) -> None:
        """Cut, and say nothing more until `unmute`."""
        self._may_speak.clear()
        await self.cut()

    def unmute(self) -> None:
        self._may_speak.set()

    async def is_free(self) -> None:
        """Wait until it is not muted and says nothing: for words that nobody should miss others
        for."""
        while not (self._may_speak.is_set() and self._is_silent.is_set()):
            await self._may_speak.wait()
            await self._is_silent.wait()

    async def _stop(self, playback: PlaybackId | None) -> None:
        if playback is not None:
            await self._leg.phone.stop(playback)
