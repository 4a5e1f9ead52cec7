"""What a caller of a queue hears while waiting: words of welcome, position, time, messages."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from edge.domain.settings.fields import Text, like
from edge.domain.settings.offering import SoundName, Switch
from edge.domain.settings.options import Option

STRICT = ConfigDict(extra="forbid")
INTRODUCED_WITHIN_SECONDS = 60
"""The longest introduction that is heard out: then agents are rung, even if its edge has died."""
Interval = Annotated[int, Field(strict=True, ge=1, le=3_600)]
MaybeInterval = Annotated[int, Field(strict=True, ge=0, le=3_600)]
Delay = Annotated[int, Field(strict=True, ge=0, le=3_600)]
Sounds = tuple[SoundName, ...]


def _a_language(tag: str) -> str:
    """As BCP 47 writes it, es-419, en-GB, zh-Hant-TW: Asterisk does not find its sounds for ES."""
    language, *others = tag.replace("_", "-").lower().split("-")
    written = {2: str.upper, 4: str.title}
    return "-".join([language, *(written.get(len(one), str)(one) for one in others)])


LanguageTag = Annotated[
    Text,
    like("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}", "a language tag like en or en-GB"),
    AfterValidator(_a_language),
]
"""BCP 47, as far as a queue's language needs it."""


class AnswerOn(StrEnum):
    """When the caller's call is answered; before, the caller hears ringback."""

    ENTRY = "entry"
    AGENT = "agent"


class HoldSound(StrEnum):
    MUSIC = "music"
    RINGBACK = "ringback"


RINGBACK_CLASS = "ringback"
"""Asterisk's class with the tone that a phone makes while it rings another."""


class AnnounceMode(StrEnum):
    """Words are mixed over the music, or play in its place, and the music comes back by itself."""

    OVER_MUSIC = "over_music"
    INTERRUPT = "interrupt"


class IntroductionMode(StrEnum):
    """portsip's: NORMAL ends when an agent answers, FULL is heard out before anybody is rung."""

    DISABLE = "DISABLE"
    NORMAL = "NORMAL"
    FULL = "FULL"


class PositionMode(StrEnum):
    """portsip's: ON_CONNECTED is at once on entry, and then as PERIODICALLY."""

    DISABLE = "DISABLE"
    PERIODICALLY = "PERIODICALLY"
    ON_CONNECTED = "ON_CONNECTED"


class WaitingTimeMode(StrEnum):
    """app_queue's announce-holdtime: no, yes (with each position), once."""

    NO = "no"
    YES = "yes"
    ONCE = "once"


class MessageOrder(StrEnum):
    IN_ORDER = "in_order"
    RANDOM = "random"


class MeasuredFrom(StrEnum):
    START = "start"
    END = "end"


class UnknownKey(StrEnum):
    IGNORE = "ignore"
    HINT = "hint"


@dataclass(frozen=True, config=STRICT)
class Introduction:
    mode: IntroductionMode = IntroductionMode.DISABLE
    sounds: Sounds = ()


@dataclass(frozen=True, config=STRICT)
class PositionAnnouncement:
    """`limit` 0 is none; beyond it the caller hears "more than", or nothing. Each part may have
    sounds of its own; an empty list leaves it out, None is the usual one."""

    mode: PositionMode = PositionMode.DISABLE
    every_seconds: Interval = 30
    only_if_improved: Switch = False
    limit: Annotated[int, Field(strict=True, ge=0, le=999)] = 0
    says_more_than: Switch = True
    next_in_line: Sounds | None = None
    before_number: Sounds | None = None
    after_number: Sounds | None = None
    before_limit: Sounds | None = None
    after_limit: Sounds | None = None
    thank_you: Sounds = ()


@dataclass(frozen=True, config=STRICT)
class WaitingTimeAnnouncement:
    """Told with the position, or every `every_seconds` of its own where that is not 0. With the
    position means: as often as it, also where the position itself is not told.

    `round_to_seconds` is the step: up to the next one. `as_range` tells two steps, "between".
    """

    mode: WaitingTimeMode = WaitingTimeMode.NO
    every_seconds: MaybeInterval = 0
    round_to_seconds: Annotated[int, Field(strict=True, ge=1, le=1_800)] = 60
    as_range: Switch = False
    most_minutes: Annotated[int, Field(strict=True, ge=1, le=999)] = 60
    tells_rise: Switch = False


@dataclass(frozen=True, config=STRICT)
class HoldMessages:
    """app_queue's periodic announcements."""

    sounds: tuple[Sounds, ...] = ()
    order: MessageOrder = MessageOrder.IN_ORDER
    first_after_seconds: Delay = 30
    every_seconds: Interval = 60
    measured_from: MeasuredFrom = MeasuredFrom.START


@dataclass(frozen=True, config=STRICT)
class OptionsAnnouncement:
    """ "Press 1 for …", made of the rows; 0 seconds between: never repeated."""

    enabled: Switch = True
    first_after_seconds: Delay = 10
    every_seconds: MaybeInterval = 30
    sounds: Sounds | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Waiting:
    """The part of a queue's settings that is about those who wait in it."""

    language: LanguageTag | None = None
    answer_on: AnswerOn = AnswerOn.ENTRY
    hold_sound: HoldSound = HoldSound.MUSIC
    announce_mode: AnnounceMode = AnnounceMode.OVER_MUSIC
    introduction: Introduction = Introduction()
    join_announcement: Sounds = ()
    min_gap_seconds: MaybeInterval = 15
    announce_to_head: Switch = True
    position_announcement: PositionAnnouncement = PositionAnnouncement()
    waiting_time_announcement: WaitingTimeAnnouncement = WaitingTimeAnnouncement()
    hold_messages: HoldMessages = HoldMessages()
    options: tuple[Option, ...] = ()
    options_announcement: OptionsAnnouncement = OptionsAnnouncement()
    unknown_key: UnknownKey = UnknownKey.IGNORE
    divert_wait_seconds: Annotated[int, Field(strict=True, ge=0, le=86_400)] = 0

    @property
    def introduced_within_ms(self) -> int:
        """For how long at most nobody is rung for a caller, who is to hear the introduction out;
        0: for no time."""
        is_full = self.introduction.mode is IntroductionMode.FULL
        is_heard = is_full and bool(self.introduction.sounds) and self.answer_on is AnswerOn.ENTRY
        return INTRODUCED_WITHIN_SECONDS * 1000 if is_heard else 0
