"""What a caller is told while waiting, one sequence after the other, by the scheduler's word."""

import random

import structlog

from edge.domain.announcements import Facts, Part, begin, due, ended, next_at_ms, spoken
from edge.domain.entry import Entry
from edge.domain.ids import AccountId
from edge.domain.settings import Queue
from edge.journey.floor import Floor
from edge.journey.speech import LISTENING_SECONDS, sounds_of
from edge.journey.voice import Voice
from edge.ports.queue_store import PromiseWord

log = structlog.get_logger()

SAID_WITHIN_SECONDS = 120.0
ASKED_AGAIN_SECONDS = 1.0


async def keep_company(
    floor: Floor, account: AccountId, entry: Entry, queue: Queue, voice: Voice, *, is_new: bool
) -> None:
    """Tell the caller what is due, until cancelled or nothing ever will be; never two things at
    once, and nothing while the voice is muted."""
    if not is_new and entry.intro_until_ms:
        # Heard in part, when its edge died; not once more from the beginning.
        await _end_introduction(floor, account, entry)
    if is_new:
        await floor.clock.sleep(LISTENING_SECONDS)
    told = begin(queue, entry.joined_at_ms, floor.clock.now_ms(), is_new=is_new)
    language = floor.directory.language(account, queue.id)
    has_promised = False
    while at_ms := next_at_ms(queue, told):
        await floor.clock.sleep(max(0, at_ms - floor.clock.now_ms()) / 1000)
        await voice.is_free()
        if not due(queue, told, floor.clock.now_ms()):
            continue
        prospect = await floor.store.standing(account, entry.id)
        if prospect is None:
            # An agent has accepted in this moment; the caller may yet be back in line.
            await floor.clock.sleep(ASKED_AGAIN_SECONDS)
            continue
        if voice.is_speaking:
            # A key was pressed in this moment, and is being confirmed.
            continue
        # The store may have taken its time.
        now_ms = floor.clock.now_ms()
        parts = due(queue, told, now_ms)
        words = spoken(
            queue,
            told,
            parts,
            Facts(prospect.position, prospect.waiting, prospect.expected_seconds),
            now_ms=now_ms,
            seed=random.random(),
            language=language,
        )
        told = words.told_after
        if words.sounds:
            log.info("announced", entry=entry.id, parts=[part.value for part in parts])
            sounds = sounds_of(floor, account, words.sounds, language)
            was_heard = await voice.say(sounds, language, SAID_WITHIN_SECONDS)
            told = ended(queue, told, floor.clock.now_ms())
            promised = words.promised_seconds
            if was_heard and promised is not None and not has_promised:
                has_promised = await _promise(floor, account, entry, promised)
        if Part.INTRODUCTION in parts:
            await _end_introduction(floor, account, entry)


async def _promise(floor: Floor, account: AccountId, entry: Entry, seconds: float) -> bool:
    """The first waiting time that a caller was told is what the estimate is judged by."""
    word, _ = await floor.store.promise(account, entry.id, round(seconds * 1000))
    return word is PromiseWord.PROMISED


async def _end_introduction(floor: Floor, account: AccountId, entry: Entry) -> None:
    _, moved = await floor.store.end_introduction(account, entry.id)
    floor.follow_up(account, moved)
