"""Whether a queue is open at a moment: wall-clock time in its own time zone decides."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from edge.domain.settings.hours import WEEKDAYS, Hours, Span, minutes

DAY_MINUTES = 24 * 60


def is_open(hours: Hours | None, at_ms: int) -> bool:
    """Open without hours; with them, while a span of this day, or of the day before, runs."""
    if hours is None:
        return True
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(hours.zone)
    since_midnight = local.hour * 60 + local.minute
    yesterday = local - timedelta(days=1)
    return any(_runs(span, since_midnight) for span in _spans(hours, local)) or any(
        _runs(span, since_midnight + DAY_MINUTES) for span in _spans(hours, yesterday)
    )


def _spans(hours: Hours, day: datetime) -> Iterable[Span]:
    """The spans that begin on this day."""
    for exception in hours.exceptions:
        if exception.date == day.date().isoformat():
            return exception.open
    weekday = WEEKDAYS[day.weekday()]
    return [span for span in hours.weekly if weekday in span.days]


def _runs(span: Span, at: int) -> bool:
    """`at`: minutes since the midnight in front of the span's day."""
    opens, closes = minutes(span.opens), minutes(span.closes)
    return opens <= at < (closes if closes > opens else closes + DAY_MINUTES)
