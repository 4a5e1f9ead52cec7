"""When a queue is open: weekly hours in the queue's own time zone, and days that differ."""

import re
from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from edge.domain.settings.fields import Text

STRICT = ConfigDict(extra="forbid")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _of_the_day(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", value):
        raise ValueError('must be a time of the day like "09:00", at most "24:00"')
    return value


def _calendar_day(value: str) -> str:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            date.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise ValueError('must be a day of the calendar like "2026-12-25"')


def _known_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f'there is no time zone "{value}"; one is like "America/New_York"')
    return value


TimeOfDay = Annotated[Text, AfterValidator(_of_the_day)]
CalendarDay = Annotated[Text, AfterValidator(_calendar_day)]
TimeZone = Annotated[Text, AfterValidator(_known_zone)]


@dataclass(frozen=True, config=STRICT)
class Span:
    """Open from one time of the day to another. One that ends no later than it begins goes on
    past midnight, into the next day."""

    opens: TimeOfDay
    closes: TimeOfDay


@dataclass(frozen=True, config=STRICT)
class WeeklySpan(Span):
    """A span on each of these days."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = WEEKDAYS


@dataclass(frozen=True, config=STRICT)
class DayOff:
    """A day of the calendar with spans of its own, closed where there are none. What began the
    day before and goes past midnight is not touched."""

    date: CalendarDay
    open: tuple[Span, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Hours:
    """Closed whenever no span says open."""

    time_zone: TimeZone
    weekly: tuple[WeeklySpan, ...] = ()
    exceptions: tuple[DayOff, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def minutes(of_the_day: str) -> int:
    """From midnight; 24:00 is the end of the day."""
    if of_the_day == "24:00":
        return 24 * 60
    at = time.fromisoformat(of_the_day)
    return at.hour * 60 + at.minute
