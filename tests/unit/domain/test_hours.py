"""When a queue is open, by the clock on the wall of its own time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from edge.domain.hours import is_open
from edge.domain.settings import DayOff, Hours, Span, WeeklySpan

ZONE = "America/New_York"
OFFICE = Hours(
    time_zone=ZONE,
    weekly=(
        WeeklySpan("09:00", "12:00", days=("mon", "tue", "wed", "thu", "fri")),
        WeeklySpan("13:00", "17:30", days=("mon", "tue", "wed", "thu", "fri")),
        WeeklySpan("22:00", "02:00", days=("sat",)),
        WeeklySpan("20:00", "24:00", days=("sun",)),
    ),
    exceptions=(
        DayOff("2026-12-25"),
        DayOff("2026-12-24", open=(Span("09:00", "11:00"),)),
        DayOff("2026-11-29"),
    ),
)


def at(text: str, zone: str = ZONE) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("when", "opened"),
    [
        ("2026-11-20 08:59:59", False),  # a Friday
        ("2026-11-20 09:00:00", True),
        ("2026-11-20 11:59:59", True),
        ("2026-11-20 12:00:00", False),
        ("2026-11-20 13:00:00", True),
        ("2026-11-20 17:30:00", False),
        ("2026-11-21 10:00:00", False),  # Saturday morning
        ("2026-11-21 22:00:00", True),
        ("2026-11-22 01:59:59", True),  # the span of Saturday goes on
        ("2026-11-22 02:00:00", False),
        ("2026-11-22 23:59:59", True),
        ("2026-11-23 00:00:00", False),
        ("2026-12-25 10:00:00", False),  # a holiday on a Friday
        ("2026-12-24 10:00:00", True),  # shorter hours
        ("2026-12-24 11:00:00", False),
        ("2026-11-29 01:00:00", True),  # Saturday's span goes on into the day off
        ("2026-11-29 21:00:00", False),
    ],
)
def test_open_or_closed(when: str, opened: bool) -> None:
    assert is_open(OFFICE, at(when)) is opened


def test_the_time_zone_is_the_queues_own() -> None:
    assert is_open(OFFICE, at("2026-11-20 15:30:00", "Europe/Berlin"))
    assert not is_open(OFFICE, at("2026-11-20 09:30:00", "Europe/Berlin"))


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
def test_the_wall_clock_decides_on_days_when_it_is_changed(day: str) -> None:
    hours = Hours(time_zone=ZONE, weekly=(WeeklySpan("09:00", "17:00"),))
    assert not is_open(hours, at(f"{day} 08:59:00"))
    assert is_open(hours, at(f"{day} 09:00:00"))
    assert not is_open(hours, at(f"{day} 17:00:00"))


def test_a_span_from_midnight_to_midnight_is_the_whole_day() -> None:
    hours = Hours(time_zone="UTC", weekly=(WeeklySpan("00:00", "24:00"),))
    assert all(is_open(hours, at(f"2026-11-20 {h:02d}:00:00", "UTC")) for h in range(24))


def test_without_hours_a_queue_is_open_and_without_spans_it_is_closed() -> None:
    assert is_open(None, 0)
    assert not is_open(Hours(time_zone="UTC"), 0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"time_zone": "Mars/Base"}, "there is no time zone"),
        ({"weekly": [{"opens": 540, "closes": "17:00"}]}, "in quotes"),
        ({"weekly": [{"opens": "9:00", "closes": "17:00"}]}, "a time of the day"),
        ({"weekly": [{"opens": "09:00", "closes": "24:01"}]}, "a time of the day"),
        ({"weekly": [{"opens": "09:00", "closes": "17:00", "days": []}]}, "at least 1 item"),
        ({"weekly": [{"opens": "09:00", "closes": "17:00", "days": ["Mon"]}]}, "'mon'"),
        ({"exceptions": [{"date": "2026-02-30"}]}, "a day of the calendar"),
        ({"exceptions": [{"date": "20260201"}]}, "a day of the calendar"),
    ],
)
def test_hours_that_cannot_be_are_refused_in_words(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Hours(**{"time_zone": "UTC", **wrong})  # type: ignore[arg-type]
