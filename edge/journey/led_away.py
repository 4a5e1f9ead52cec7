"""What is still to be done for a caller whose key has ended the place in line: a last word and the
end, or the way to where the key leads.

All of it follows from the ended entry and the row of its key, so that another edge can go on. Who
is led away in vain is not left: the caller stands at the old place again and is told so.
"""

import asyncio
from typing import assert_never

import structlog

from edge.domain.destinations import ToDialplan, ToLine, ToPhone, destination_of, row_of
from edge.domain.disposition import Disposition
from edge.domain.entry import Entry
from edge.domain.ids import (
    AccountId,
    LegId,
    conversation_bridge,
    new_entry_id,
    new_onward_leg_id,
)
from edge.domain.media import music_of
from edge.domain.settings import Queue
from edge.domain.settings.options import Option
from edge.journey.floor import Floor
from edge.journey.leg import (
    ENTRY_VARIABLE,
    Gone,
    Leg,
    attending,
    bring_together,
    first_of,
    while_present,
)
from edge.journey.next_place import NextPlace, withheld
from edge.journey.onward import stay
from edge.journey.speech import CONFIRMED_WITHIN_SECONDS, say, sounds_of
from edge.journey.voice import Voice
from edge.ports.phone_system import Dial, Done, EndReason, Identity, NotDialled
from edge.ports.prompts import Prompt
from edge.ports.queue_store import RejoinWord

log = structlog.get_logger()

GRACE_SECONDS = 2.0
"""Asterisk ends a leg whose ring time is over; one that it keeps is not waited for much longer."""


async def carry_out(
    floor: Floor, account: AccountId, entry: Entry, leg: Leg, dialled: set[LegId]
) -> NextPlace | None:
    """Do the rest; begun anew after a takeover. Returns the caller's next place in a line, None
    where the call is over or is somebody else's.

    `dialled` are the legs to the destination that may exist, kept true for whoever goes on.
    """
    queue = floor.directory.queue(account, entry.queue)
    row = row_of(queue, entry.pressed)
    if entry.onward is not None:
        await _clear(leg, entry, dialled)
        known = await floor.store.entry(account, entry.onward)
        is_ours = known is not None and known.owner == floor.store.run
        return NextPlace(known, is_new=False) if known is not None and is_ours else None
    if leg.has_ended:
        # Hung up, or somewhere in the dialplan: not ours to end.
        await _clear(leg, entry, dialled)
        return None
    if entry.disposition is not Disposition.ROUTED:
        await while_present(leg, _last_word(floor, account, queue, row, leg))
        await leg.hang_up()
        await _clear(leg, entry, dialled)
        return None
    to = destination_of(row, floor.directory.account(account), floor.trunk) if row else None
    match to:
        case ToPhone():
            confirmation = _confirmation(floor, account, queue, row)
            arrived = await _ring(floor, account, entry, to, leg, dialled, confirmation)
        case ToDialplan():
            await while_present(leg, _last_word(floor, account, queue, row, leg))
            arrived = await _hand_over(entry, to, leg)
        case ToLine() | None:
            # The row was another when the key was pressed.
            arrived = False
        case _ as never:
            assert_never(never)
    if arrived or leg.has_ended:
        return None
    return await _back(floor, account, entry, leg)


async def _clear(leg: Leg, entry: Entry, dialled: set[LegId]) -> None:
    """Nobody rings or meets for this entry any more."""
    for one in dialled:
        await leg.phone.hang_up(one)
    await leg.phone.remove_bridge(conversation_bridge(entry.id))


async def _last_word(
    floor: Floor, account: AccountId, queue: Queue, row: Option | None, leg: Leg
) -> None:
    words, language = _confirmation(floor, account, queue, row)
    if words:
        await say(leg, words, CONFIRMED_WITHIN_SECONDS, language)


def _confirmation(
    floor: Floor, account: AccountId, queue: Queue, row: Option | None
) -> tuple[list[str], str]:
    """What confirms the press, and in which language."""
    language = floor.directory.language(account, queue.id)
    named = [row.prompt_media_id] if row is not None and row.prompt_media_id is not None else []
    return sounds_of(floor, account, named, language), language


async def _back(floor: Floor, account: AccountId, entry: Entry, leg: Leg) -> NextPlace | None:
    # What was pressed on the way there was not meant for the line.
    leg.forget_keys()
    word, moved = await floor.store.rejoin(account, entry.id, new_entry_id(), leg.id)
    heads = withheld(floor, account, moved, entry.queue)
    log.info("caller_back_in_line", entry=entry.id, word=word)
    if word is RejoinWord.STALE:
        # Another edge has the caller.
        return None
    return NextPlace(moved.entry, (Prompt.OPTION_NOT_NOW,), is_new=False, heads=heads)


async def _hand_over(entry: Entry, to: ToDialplan, leg: Leg) -> bool:
    phone = leg.phone
    await _clear(leg, entry, set())
    await phone.end_whisper(leg.id)
    sent = await phone.send_into_dialplan(leg.id, to.context, to.extension, to.priority)
    log.info("caller_handed_over", entry=entry.id, context=to.context, sent=sent)
    return True


async def _ring(
    floor: Floor,
    account: AccountId,
    entry: Entry,
    to: ToPhone,
    leg: Leg,
    dialled: set[LegId],
    confirmation: tuple[list[str], str],
) -> bool:
    """Ring the destination while the caller hears on what there is to hear; stay with both until
    one hangs up. False: nobody was to be had."""
    phone = leg.phone
    queue = floor.directory.queue(account, entry.queue)
    found = [one for one in sorted(dialled) if await phone.leg_state(one) is not None]
    known = found[0] if found else None
    called_id = known or new_onward_leg_id()
    dialled.add(called_id)
    voice = Voice(leg, queue.announce_mode)
    music = music_of(account, queue, entry.music)
    if known is not None and leg.is_answered.is_set():
        # Taken over: it is known from now on that whoever comes instead is to hear the music.
        await phone.hold(leg.id, music)
    async with attending(phone, called_id, floor.legs, exists=known is not None) as called:
        ringing = _until_answered(floor, account, entry, to, called, voice, confirmation)
        answered = await while_present(leg, ringing)
        if answered is True and await _connect(entry, music, leg, called):
            log.info("destination_reached", entry=entry.id)
            await stay(phone, conversation_bridge(entry.id), leg, called)
            return True
        await phone.hang_up(called.id)
        dialled.discard(called_id)
    await phone.remove_bridge(conversation_bridge(entry.id))
    log.info("destination_not_reached", entry=entry.id, is_caller_gone=isinstance(answered, Gone))
    return False


async def _until_answered(
    floor: Floor,
    account: AccountId,
    entry: Entry,
    to: ToPhone,
    called: Leg,
    voice: Voice,
    confirmation: tuple[list[str], str],
) -> bool:
    phone = called.phone
    if called.exists:
        await phone.adopt(called.id)
        asked_as = called.id
        called.compare_with(await floor.surveys[phone.node].take(), asked_as)
    elif isinstance(await phone.dial(_invitation(floor, account, entry, to, called)), NotDialled):
        return False
    # Who was led on by an edge that died has heard it, or some of it.
    words, language = ([], "") if called.exists else confirmation
    called.exists = True
    async with asyncio.TaskGroup() as ringing:
        speaking = ringing.create_task(voice.say(words, language, CONFIRMED_WITHIN_SECONDS))
        await phone.prepare_bridge(conversation_bridge(entry.id))
        await first_of(
            called.is_answered.wait(),
            called.ended(),
            floor.clock.sleep(to.ring_seconds + GRACE_SECONDS),
        )
        await voice.mute()
        speaking.cancel()
    return called.is_answered.is_set() and not called.has_ended


def _invitation(floor: Floor, account: AccountId, entry: Entry, to: ToPhone, called: Leg) -> Dial:
    """The phone shows the caller. Behind a trunk our own number stands for the call as well."""
    numbers = [one.number for one in floor.directory.account(account).phone_numbers]
    ours = next(iter(numbers), "") if entry.inside else entry.dialled
    asserted = Identity("", ours.removeprefix("+")) if to.number and ours else None
    return Dial(
        leg=called.id,
        endpoint=to.endpoint,
        caller_number=entry.caller_number,
        caller_name=entry.caller_name,
        ring_seconds=to.ring_seconds,
        variables={ENTRY_VARIABLE: entry.id},
        to_user=to.number,
        asserted=asserted,
    )


async def _connect(entry: Entry, music: str, leg: Leg, called: Leg) -> bool:
    """Both into one bridge. Where the destination is gone in that moment the caller is back in the
    music."""
    phone, bridge = leg.phone, conversation_bridge(entry.id)
    gone = await bring_together(bridge, leg, called)
    if gone is None:
        leg.conversation = called.conversation = bridge
        return True
    if gone is leg or await phone.hold(leg.id, music) is Done.GONE:
        leg.end(EndReason.NORMAL)
    return False
