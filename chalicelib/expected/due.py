"""Due times of an expectation: pure, in UTC, one per local day whatever the clocks there do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from chalicelib.landing.entries import DAYS

DEFAULT_GRACE_MINUTES = 15
ONE_DAY = timedelta(days=1)
DAYS_BACK, DAYS_AHEAD = 16, 9  # of weekly due times the last one, the one before it, and the next


@dataclass(frozen=True, slots=True)
class Due:
    """A due time, and the one before it: a file that came after that one meets this one."""

    at: datetime
    before: datetime


def grace_of(expected: Mapping[str, Any]) -> timedelta:
    """Return how much later than due a file may come before it is late."""
    return timedelta(minutes=expected.get("grace_minutes", DEFAULT_GRACE_MINUTES))


def last_due(
    expected: Mapping[str, Any], since: datetime, arrival: datetime | None, now: datetime
) -> Due | None:
    """Return the latest due time up to `now`, None when there was none yet `since` it was expected."""
    found = _due_since(expected, since, arrival)
    if found:
        return found if found.at <= now else None
    past = [due for due in _days(expected, now) if since <= due.at <= now]
    return past[-1] if past else None


def next_due(expected: Mapping[str, Any], since: datetime, arrival: datetime | None, now: datetime) -> Due:
    """Return the first due time after `now`; of a span, the one that it has, even if that is past."""
    return _due_since(expected, since, arrival) or next(due for due in _days(expected, now) if due.at > now)


def _due_since(expected: Mapping[str, Any], since: datetime, arrival: datetime | None) -> Due | None:
    if "every_hours" not in expected:
        return None
    begin = max(since, arrival or since)
    return Due(begin + timedelta(hours=expected["every_hours"]), begin)


def _days(expected: Mapping[str, Any], now: datetime) -> Iterator[Due]:
    """Yield the due times around `now`, in order.

    A time of day that a change of the clocks skips counts as if they had not changed; one that comes twice
    counts when it comes first.
    """
    from zoneinfo import ZoneInfo  # the import costs milliseconds, and few functions need it

    zone = ZoneInfo(expected.get("timezone", "UTC"))
    at = time.fromisoformat(expected["by"])
    days = expected.get("days", DAYS)
    today = now.astimezone(zone).date()
    before: datetime | None = None
    for number in range(-DAYS_BACK, DAYS_AHEAD):
        day = today + number * ONE_DAY
        if DAYS[day.weekday()] in days:
            due = datetime.combine(day, at, zone).astimezone(UTC)
            if before:
                yield Due(due, before)
            before = due
