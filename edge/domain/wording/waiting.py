"""The words of each announcement to somebody who waits, from the queue's settings."""

from math import ceil

from edge.domain.prompts import Prompt
from edge.domain.settings import Queue
from edge.domain.settings.options import DestinationKind, Option, OptionAction
from edge.domain.settings.waiting import PositionAnnouncement, WaitingTimeAnnouncement
from edge.domain.wording.wording import Exactly, LessThan, MoreThan, Names, Range, Wait, Wording

PRESS: dict[str, Prompt] = {
    **{str(digit): Prompt(f"press-{digit}") for digit in range(10)},
    "*": Prompt.PRESS_STAR,
    "#": Prompt.PRESS_HASH,
}

PURPOSE: dict[OptionAction, Prompt] = {
    OptionAction.ROUTE: Prompt.TO_BE_CONNECTED_ELSEWHERE,
    OptionAction.WEBHOOK: Prompt.FOR_ANOTHER_SERVICE,
    OptionAction.DEFLECT: Prompt.FOR_ANOTHER_SERVICE,
    OptionAction.CALLBACK: Prompt.TO_GET_A_CALLBACK,
    OptionAction.HANGUP: Prompt.TO_END_THIS_CALL,
}
"""What a key is for, where its row has no words of its own."""


def furthest_told(settings: PositionAnnouncement, wording: Wording) -> int:
    """The last position that is told by its number."""
    return min(settings.limit or wording.highest_number, wording.highest_number)


def position_words(settings: PositionAnnouncement, wording: Wording, position: int) -> Names:
    """Empty where this position is not told. Without the thank-you."""
    if position == 1:
        return _or(settings.next_in_line, wording.next_in_line)
    furthest = furthest_told(settings, wording)
    if position <= furthest:
        return (
            *_or(settings.before_number, wording.before_position),
            *wording.number(position),
            *_or(settings.after_number, wording.after_position),
        )
    if not settings.says_more_than:
        return ()
    return (
        *_or(settings.before_limit, wording.before_limit),
        *wording.number(furthest),
        *_or(settings.after_limit, wording.after_limit),
    )


def wait_told(settings: WaitingTimeAnnouncement, expected_seconds: float) -> Wait:
    """The waiting time as it is told: up to the next step, or to the most where that comes first;
    the first step is "less than"."""
    step = settings.round_to_seconds
    most = settings.most_minutes * 60
    if expected_seconds > most:
        return MoreThan(most)
    steps = max(1, ceil(expected_seconds / step))
    told = min(steps * step, most)
    if steps == 1:
        return LessThan(told)
    return Range((steps - 1) * step, told) if settings.as_range else Exactly(told)


def options_words(queue: Queue) -> Names:
    """ "Press 1 to …", in the order of the rows; a row with a blank announcement is left out."""
    if queue.options_announcement.sounds is not None:
        return queue.options_announcement.sounds
    return tuple(
        word
        for option in queue.options
        if option.announcement != ()
        for word in (PRESS[option.digit], *_purpose(option))
    )


def _purpose(option: Option) -> Names:
    if option.announcement is not None:
        return option.announcement
    if option.dest_kind is DestinationKind.VOICEMAIL:
        return (Prompt.TO_LEAVE_A_MESSAGE,)
    return (PURPOSE[option.action],)


def _or(own: Names | None, usual: Names) -> Names:
    return usual if own is None else own
