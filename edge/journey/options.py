"""What a waiting caller's keys do: the rows of the queue, from the first second, in every prompt.

A key with a row cuts what is being said and acts; the first move of the store decides between a
key and an agent's answer. Here is what happens up to that move, and what keeps the place; what a
key that ended the place still has to do is in `led_away`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

import structlog

from edge.domain.destinations import ToDialplan, ToLine, destination_of, row_of
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry, Joining
from edge.domain.hours import is_open
from edge.domain.ids import AccountId, QueueId, new_entry_id, new_webhook_id
from edge.domain.settings import Queue
from edge.domain.settings.options import Option, OptionAction
from edge.domain.settings.waiting import UnknownKey
from edge.domain.webhook import Webhook, option_pressed
from edge.journey.floor import Floor
from edge.journey.leg import Leg
from edge.journey.next_place import NextPlace, withheld
from edge.journey.speech import CONFIRMED_WITHIN_SECONDS, sounds_of
from edge.journey.voice import Voice
from edge.ports.prompts import Prompt
from edge.ports.queue_store import JoinWord, PressWord

log = structlog.get_logger()

SAME_PRESS_SECONDS = 2.0
"""The same key again within this time, or while its confirmation is spoken, is the same press: a
nervous finger posts once. Any other key acts at once."""


@dataclass(slots=True)
class Press:
    """The last key of a caller that had a row, also at the place before."""

    digit: str = ""
    at_ms: int = 0


class Keys:
    """The keys of one caller at one place in line. `is_taken` tells whether an agent has accepted:
    from then on they do nothing here."""

    def __init__(
        self,
        floor: Floor,
        account: AccountId,
        entry: Entry,
        queue: Queue,
        leg: Leg,
        voice: Voice,
        is_taken: Callable[[], bool],
        last: Press,
    ) -> None:
        self.led_to: NextPlace | None = None
        """The other line in which a key has given the caller a place."""
        self._floor = floor
        self._account = account
        self._entry = entry
        self._queue = queue
        self._leg = leg
        self._voice = voice
        self._is_taken = is_taken
        self._closed = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        self._confirms = ""
        """The key of which is being told, if it is a key's."""
        self._last = last

    async def mind(self, words: Sequence[str] = ()) -> None:
        """Act on the keys until closed. A hang-up does not cut an action short: a move that was
        sent may be made all the same. `words` are said first."""
        has_keys = self._queue.options or self._queue.unknown_key is UnknownKey.HINT
        if not (has_keys or words):
            return
        async with asyncio.TaskGroup() as self._tasks:
            if words:
                self._tell(words)
            while (digit := await self._next()) is not None:
                await self._pressed(digit)
            if self._telling is not None and not self._telling.done():
                await self._voice.cut()
                self._telling.cancel()

    def close(self) -> None:
        """The place is no more, or the caller is gone."""
        self._closed.set()

    async def _next(self) -> str | None:
        async with asyncio.TaskGroup() as waiting:
            key = waiting.create_task(self._leg.keys.get())
            closed = waiting.create_task(self._closed.wait())
            await asyncio.wait({key, closed}, return_when=asyncio.FIRST_COMPLETED)
            for task in (key, closed):
                task.cancel()
        return None if self._closed.is_set() else key.result()

    async def _pressed(self, digit: str) -> None:
        if self._is_taken():
            return
        row = row_of(self._queue, digit)
        if row is None:
            # What the caller dials freely is nobody's business: it is not logged.
            if self._queue.unknown_key is UnknownKey.HINT and not self._voice.is_speaking:
                self._tell([Prompt.KEY_NOT_KNOWN])
                self._confirms = ""
            return
        if self._is_same_press(digit):
            return
        await self._voice.cut()
        await self._act(row)

    def _is_same_press(self, digit: str) -> bool:
        now_ms = self._floor.clock.now_ms()
        is_told = self._telling is not None and not self._telling.done()
        is_confirmed = is_told and digit == self._confirms
        is_recent = now_ms - self._last.at_ms < SAME_PRESS_SECONDS * 1000
        if is_confirmed or (is_recent and digit == self._last.digit):
            return True
        self._confirms = self._last.digit = digit
        self._last.at_ms = now_ms
        return False

    async def _act(self, row: Option) -> None:
        match row.action:
            case OptionAction.ROUTE:
                await self._route(row)
            case OptionAction.WEBHOOK | OptionAction.DEFLECT:
                leaves = None if row.stays else Disposition.WEBHOOK_EXIT
                if await self._press(row, leaves, self._webhook(row)) and leaves is None:
                    self._confirm(row)
            case OptionAction.CALLBACK:
                if await self._press(row, None):
                    self._tell([Prompt.CALLBACK_NOT_YET])
            case OptionAction.HANGUP:
                await self._press(row, Disposition.OPTION_HANGUP)
            case _ as never:
                assert_never(never)

    async def _press(
        self, row: Option, leaves: Disposition | None, webhook: Webhook | None = None
    ) -> bool:
        """False where an agent was quicker, or the place had ended."""
        word, moved = await self._floor.store.press(
            self._account, self._entry.id, row.digit, leaves, webhook
        )
        self._floor.follow_up(self._account, moved)
        self._log(row, word)
        return word is PressWord.PRESSED

    def _webhook(self, row: Option) -> Webhook | None:
        if row.webhook_url is None:
            return None
        return option_pressed(
            new_webhook_id(),
            row.webhook_url,
            row.webhook_secret_ref,
            self._account,
            self._entry,
            row.digit,
            self._floor.clock.now_ms(),
        )

    async def _route(self, row: Option) -> None:
        """A destination of which it can be told beforehand that it takes nobody costs no place."""
        floor = self._floor
        to = destination_of(row, floor.directory.account(self._account), floor.trunk)
        if isinstance(to, ToLine):
            await self._change_lines(row, to.queue)
        elif to is None or (
            isinstance(to, ToDialplan)
            and not await self._leg.phone.has_dialplan(
                self._leg.id, to.context, to.extension, to.priority
            )
        ):
            log.warning("destination_missing", queue=self._queue.id, digit=row.digit)
            self._tell([Prompt.OPTION_NOT_NOW])
        else:
            await self._press(row, Disposition.ROUTED)

    async def _change_lines(self, row: Option, to: Queue) -> None:
        """One step: a place there for the place here, or none there and the place here kept.

        The caller stands there as one who came just now, with the priority that is the caller's.
        """
        now_ms = self._floor.clock.now_ms()
        here = await self._floor.store.entry(self._account, self._entry.id) or self._entry
        word, moved = await self._floor.store.join(
            self._account,
            Joining(
                entry=new_entry_id(),
                queue=QueueId(to.id),
                leg=self._leg.id,
                node=here.node,
                endpoint=here.endpoint,
                dialled=here.dialled,
                inside=here.inside,
                caller_number=here.caller_number,
                caller_name=here.caller_name,
                arrived_at_ms=now_ms,
                priority=here.priority,
                music=here.music,
                intro_ms=to.introduced_within_ms,
                is_closed=not is_open(to.hours, now_ms),
                leaves=here.id,
                pressed=row.digit,
            ),
        )
        heads = withheld(self._floor, self._account, moved, QueueId(to.id))
        self._log(row, word)
        match word:
            case JoinWord.JOINED | JoinWord.ALREADY:
                words = (row.prompt_media_id,) if row.prompt_media_id else ()
                self.led_to = NextPlace(moved.entry, words, heads=heads)
            case JoinWord.REJECTED:
                self._tell([Prompt.OPTION_NOT_NOW])
            case JoinWord.STALE:
                pass
            case _ as never:
                assert_never(never)

    def _log(self, row: Option, word: str) -> None:
        log.info(
            "option_pressed",
            entry=self._entry.id,
            digit=row.digit,
            action=row.action.value,
            word=str(word),
        )

    def _confirm(self, row: Option) -> None:
        if row.prompt_media_id is not None:
            self._tell([row.prompt_media_id])

    def _tell(self, named: Sequence[str]) -> None:
        """Say it without waiting: the next key is heard meanwhile."""
        self._telling = self._tasks.create_task(self._say(named))

    async def _say(self, named: Sequence[str]) -> None:
        language = self._floor.directory.language(self._account, self._queue.id)
        sounds = sounds_of(self._floor, self._account, named, language)
        await self._voice.say(sounds, language, CONFIRMED_WITHIN_SECONDS)
