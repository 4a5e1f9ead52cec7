"""The one scheduler of a caller: what is said to somebody who waits, when, and what then is next.

Each part has its own rhythm. When one falls due, those that would fall due within the minimum gap
are said with it, in one sequence; no two sequences start closer together than that gap. Only the
words of entry (introduction, joining announcement) stand outside of it: they are said at once, one
after the other, and what is due by then follows them.

Times are milliseconds of the store's clock. Nothing here waits, plays or looks at a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge.domain.prompts import Prompt
from edge.domain.settings import Queue
from edge.domain.settings.waiting import (
    AnswerOn,
    IntroductionMode,
    MeasuredFrom,
    MessageOrder,
    PositionMode,
    WaitingTimeMode,
)
from edge.domain.wording import Names, Wording, wording_of
from edge.domain.wording.waiting import (
    furthest_told,
    options_words,
    position_words,
    wait_told,
)


class Part(StrEnum):
    """In the order in which they are said."""

    INTRODUCTION = "introduction"
    JOIN = "join"
    HOLD_MESSAGE = "hold_message"
    POSITION = "position"
    WAITING_TIME = "waiting_time"
    OPTIONS = "options"


ON_ENTRY = frozenset({Part.INTRODUCTION, Part.JOIN})


@dataclass(frozen=True, slots=True)
class Facts:
    """Where the caller stands: `position` from 1, `waiting` in all, None where no time is known."""

    position: int
    waiting: int
    expected_seconds: float | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a caller has been told so far, and when each part is due again."""

    at_ms: Mapping[Part, int] = field(default_factory=dict)
    """When each part falls due; a part that is never said again is not in it."""
    started_at_ms: int | None = None
    """The start of the last sequence that counts for the minimum gap."""
    position: int | None = None
    expected_seconds: float | None = None
    messages: int = 0
    last_message: int | None = None
    message_ends: bool = False
    """A hold message is in the sequence that was begun last."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sequence. No sounds: there was nothing to say, and `told_after` goes on all the same.

    `promised_seconds` is the estimate behind the waiting time that is told, None where none is.
    """

    sounds: Names
    language: str
    told_after: Told
    promised_seconds: float | None = None


def begin(queue: Queue, joined_at_ms: int, now_ms: int, *, is_new: bool) -> Told:
    """A caller starts to wait, or is taken over (`is_new` False): then the words of entry and
    whatever fell due before now count as told."""
    if queue.answer_on is AnswerOn.AGENT:
        return Told()
    first = {part: joined_at_ms + 1000 * after for part, after in _first_after(queue).items()}
    if is_new:
        return Told(first)
    at_ms = {}
    told_at: list[int] = []
    messages = 0
    for part, due_at in first.items():
        every = _every_ms(queue, part)
        if due_at > now_ms:
            at_ms[part] = due_at
            continue
        times = (now_ms - due_at) // every if every else 0
        if part not in ON_ENTRY:
            told_at.append(due_at + times * every)
        if part is Part.HOLD_MESSAGE:
            messages = times + 1
        if every and not (part is Part.WAITING_TIME and _is_told_once(queue)):
            at_ms[part] = due_at + (times + 1) * every
    return Told(at_ms, max(told_at, default=None), messages=messages)


def next_at_ms(queue: Queue, told: Told) -> int:
    """When something is due next, in the past where it is overdue; 0: nothing ever will be."""
    if not told.at_ms:
        return 0
    on_entry = [at for part, at in told.at_ms.items() if part in ON_ENTRY]
    if on_entry:
        return min(on_entry)
    earliest = min(told.at_ms.values())
    if told.started_at_ms is None:
        return earliest
    return max(earliest, told.started_at_ms + 1000 * queue.min_gap_seconds)


def due(queue: Queue, told: Told, now_ms: int) -> tuple[Part, ...]:
    """The parts to be said now in one sequence; empty: not yet.

    The introduction stands alone, so that a caller may be offered as soon as it is over.
    """
    next_at = next_at_ms(queue, told)
    if next_at == 0 or now_ms < next_at:
        return ()
    if Part.INTRODUCTION in told.at_ms:
        return (Part.INTRODUCTION,)
    overdue = {part for part, at in told.at_ms.items() if at <= now_ms}
    until = now_ms
    if overdue - ON_ENTRY:
        until = max(now_ms, now_ms + 1000 * queue.min_gap_seconds - 1)
    return tuple(part for part in Part if told.at_ms.get(part, until + 1) <= until)


def spoken(
    queue: Queue,
    told: Told,
    parts: tuple[Part, ...],
    facts: Facts,
    *,
    now_ms: int,
    seed: float,
    language: str,
) -> Spoken:
    """The words of these parts, started now. `seed` in [0, 1) draws the hold message."""
    wording = wording_of(language)
    is_silenced = facts.position == 1 and not queue.announce_to_head
    heard = ON_ENTRY.intersection(parts) if is_silenced else frozenset(parts)
    stands_still = _stands_still(queue, told, facts.position, wording)
    after, promised = told, None
    entry: Names = ()
    message: Names = ()
    position: Names = ()
    waiting: Names = ()
    if Part.INTRODUCTION in heard:
        entry = queue.introduction.sounds
    if Part.JOIN in heard:
        entry = (*entry, *queue.join_announcement)
    if Part.HOLD_MESSAGE in heard:
        message, after = _hold_message(queue, after, seed)
    if Part.POSITION in heard and not stands_still:
        position, after = _position(queue, after, facts.position, wording)
    if Part.WAITING_TIME in heard and not (stands_still and _goes_with_position(queue)):
        waiting, after = _waiting_time(queue, after, facts.expected_seconds, wording)
        promised = facts.expected_seconds if waiting else None
    thanks = queue.position_announcement.thank_you if position or waiting else ()
    options = options_words(queue) if Part.OPTIONS in heard else ()
    sounds = (*entry, *message, *position, *waiting, *thanks, *options)
    told_after = replace(
        after,
        at_ms=_due_again(queue, told, parts, now_ms, is_time_told=bool(waiting)),
        started_at_ms=told.started_at_ms if ON_ENTRY.issuperset(parts) or not sounds else now_ms,
        message_ends=bool(message),
    )
    return Spoken(sounds, language, told_after, promised)


def ended(queue: Queue, told: Told, ended_at_ms: int) -> Told:
    """The sequence begun last is over, or was cut. Idempotent."""
    settings = queue.hold_messages
    if not told.message_ends or settings.measured_from is MeasuredFrom.START:
        return told
    again = max(told.at_ms[Part.HOLD_MESSAGE], ended_at_ms + 1000 * settings.every_seconds)
    return replace(told, at_ms={**told.at_ms, Part.HOLD_MESSAGE: again})


# --- when


def _goes_with_position(queue: Queue) -> bool:
    """Whether the waiting time is told whenever the position is."""
    has_position = queue.position_announcement.mode is not PositionMode.DISABLE
    return has_position and queue.waiting_time_announcement.every_seconds == 0


def _first_after(queue: Queue) -> dict[Part, int]:
    """The parts that this queue has, and how many seconds after joining each is said first."""
    position, waiting = queue.position_announcement, queue.waiting_time_announcement
    on_connected = position.mode is PositionMode.ON_CONNECTED
    with_position = 0 if on_connected else position.every_seconds
    introduces = queue.introduction.mode is not IntroductionMode.DISABLE
    tells_options = queue.options_announcement.enabled and options_words(queue)
    first = {
        Part.INTRODUCTION: 0 if introduces and queue.introduction.sounds else None,
        Part.JOIN: 0 if queue.join_announcement else None,
        Part.HOLD_MESSAGE: queue.hold_messages.first_after_seconds
        if queue.hold_messages.sounds
        else None,
        Part.POSITION: None if position.mode is PositionMode.DISABLE else with_position,
        Part.WAITING_TIME: None
        if waiting.mode is WaitingTimeMode.NO
        else waiting.every_seconds or with_position,
        Part.OPTIONS: queue.options_announcement.first_after_seconds if tells_options else None,
    }
    return {part: after for part, after in first.items() if after is not None}


def _every_ms(queue: Queue, part: Part) -> int:
    """From one time to the next; 0 for what is said once."""
    match part:
        case Part.INTRODUCTION | Part.JOIN:
            return 0
        case Part.HOLD_MESSAGE:
            return 1000 * queue.hold_messages.every_seconds
        case Part.POSITION:
            return 1000 * queue.position_announcement.every_seconds
        case Part.WAITING_TIME:
            own = queue.waiting_time_announcement.every_seconds
            return 1000 * (own or queue.position_announcement.every_seconds)
        case Part.OPTIONS:
            return 1000 * queue.options_announcement.every_seconds


def _due_again(
    queue: Queue, told: Told, parts: tuple[Part, ...], now_ms: int, *, is_time_told: bool
) -> dict[Part, int]:
    """What was said early keeps its rhythm; what was said late starts it anew."""
    at_ms = dict(told.at_ms)
    for part in parts:
        due_at = at_ms.pop(part, now_ms)
        if part is Part.WAITING_TIME and is_time_told and _is_told_once(queue):
            continue
        if every := _every_ms(queue, part):
            at_ms[part] = max(due_at, now_ms) + every
    return at_ms


def _is_told_once(queue: Queue) -> bool:
    return queue.waiting_time_announcement.mode is WaitingTimeMode.ONCE


# --- what


def _hold_message(queue: Queue, told: Told, seed: float) -> tuple[Names, Told]:
    """The next message; by chance never the same twice in a row, where there are several."""
    messages = queue.hold_messages.sounds
    if not messages:
        return (), told
    chosen = told.messages % len(messages)
    if queue.hold_messages.order is MessageOrder.RANDOM:
        others = [one for one in range(len(messages)) if one != told.last_message] or [0]
        chosen = others[int(seed * len(others))]
    return messages[chosen], replace(told, messages=told.messages + 1, last_message=chosen)


def _as_told(queue: Queue, position: int, wording: Wording) -> int:
    """All positions beyond the limit sound the same."""
    return min(position, furthest_told(queue.position_announcement, wording) + 1)


def _stands_still(queue: Queue, told: Told, position: int, wording: Wording) -> bool:
    """Whether the caller hears of progress only, and there is none since the last time."""
    if not queue.position_announcement.only_if_improved or told.position is None:
        return False
    return _as_told(queue, position, wording) >= told.position


def _position(queue: Queue, told: Told, position: int, wording: Wording) -> tuple[Names, Told]:
    words = position_words(queue.position_announcement, wording, position)
    if not words:
        return (), told
    return words, replace(told, position=_as_told(queue, position, wording))


def _waiting_time(
    queue: Queue, told: Told, expected_seconds: float | None, wording: Wording
) -> tuple[Names, Told]:
    """Silent while the time is not known."""
    if expected_seconds is None:
        return (), told
    settings = queue.waiting_time_announcement
    words = wording.waiting_time(wait_told(settings, expected_seconds))
    known = told.expected_seconds
    if (
        settings.tells_rise
        and known is not None
        and expected_seconds >= known + settings.round_to_seconds
    ):
        words = (Prompt.CALL_VOLUME_RISEN, *words)
    return words, replace(told, expected_seconds=expected_seconds)
