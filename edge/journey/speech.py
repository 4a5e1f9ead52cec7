"""Words spoken to one leg: started, waited for, and never waited for too long."""

import asyncio
from collections.abc import Sequence

import structlog

from edge.domain.ids import AccountId, MediaId
from edge.domain.media import is_media, sound_of
from edge.journey.floor import Floor
from edge.journey.leg import Leg
from edge.ports.phone_system import Done
from edge.ports.prompts import PromptMissing

log = structlog.get_logger()

LISTENING_SECONDS = 0.15
"""Of silence before the first word: a phone just picked up may not listen yet."""
CONFIRMED_WITHIN_SECONDS = 60.0
"""What answers a key may be a site's own recording, and so long; if its end is lost, a caller who
is to be hung up hears music for as long."""


def sounds_of(
    floor: Floor, account: AccountId, named: Sequence[str], language: str | None = None
) -> list[str]:
    """What to play for these names: prompts in this language, None: the account's; uploaded pieces
    (a node leaves out what it has not); what is neither is the name of a sound of Asterisk."""
    language = language or floor.directory.language(account)
    sounds: list[str] = []
    for name in named:
        if is_media(name):
            sounds.append(sound_of(account, MediaId(name)))
            continue
        try:
            sounds += floor.prompts.sounds(name, language)
        except PromptMissing:
            sounds.append(name)
    return sounds


async def say(
    leg: Leg, sounds: Sequence[str], within_seconds: float, language: str | None = None
) -> None:
    """Play the sounds in place of what plays on the leg, and wait until they are over, or the leg
    is. Words that go on after the limit are stopped: their end may have been lost. `language` is
    for sounds of Asterisk's own, None: the leg's."""
    await hush(leg)
    playback = leg.next_playback()
    over = leg.playback(playback)
    if await leg.phone.play(leg.id, playback, sounds, language) is Done.GONE:
        return
    try:
        async with asyncio.timeout(within_seconds):
            await over.wait()
    except TimeoutError:
        log.warning("words_not_over", leg=leg.id, sounds=list(sounds))
        await leg.phone.stop(playback)


async def hush(leg: Leg) -> None:
    """Stop what plays on the leg."""
    for playback in leg.playing:
        await leg.phone.stop(playback)
