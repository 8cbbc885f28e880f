"""What a job's `expected` may say: a time of day, or a span since the last arrival."""

from __future__ import annotations

import re
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BY_TIME = frozenset({"by", "timezone", "days", "grace_minutes"})
BY_SPAN = frozenset({"every_hours", "grace_minutes"})
MAX_HOURS = 24 * 366
MAX_GRACE_MINUTES = 7 * 24 * 60
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def wrong_expectation(value: Any) -> str:
    """Say what is wrong with an `expected`; empty when it is right."""
    if not isinstance(value, dict) or ("by" in value) == ("every_hours" in value):
        return 'must be an object with either "by", a time of day, or "every_hours"'
    accepted = BY_TIME if "by" in value else BY_SPAN
    if unknown := sorted(value.keys() - accepted):
        return f"{unknown[0]!r:.80} is not a field of it: it takes {', '.join(sorted(accepted))}"
    if not _is_number(value.get("grace_minutes", 0), 0, MAX_GRACE_MINUTES):
        return f"grace_minutes must be a whole number from 0 to {MAX_GRACE_MINUTES}"
    if "every_hours" in value:
        in_range = _is_number(value["every_hours"], 1, MAX_HOURS)
        return "" if in_range else f"every_hours must be a whole number from 1 to {MAX_HOURS}"
    return _wrong_time_of_day(value)


def _wrong_time_of_day(value: dict[str, Any]) -> str:
    if not isinstance(value["by"], str) or not TIME.fullmatch(value["by"]):
        return "by must be a time of day, 00:00 to 23:59"
    if not _is_time_zone(value.get("timezone", "UTC")):
        return "timezone must be a name of the IANA database, such as Europe/Berlin"
    days = value.get("days", list(DAYS))
    listed = isinstance(days, list) and days and all(day in DAYS for day in days)
    return "" if listed else f"days must list some of {', '.join(DAYS)}"


def _is_number(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_time_zone(name: Any) -> bool:
    from zoneinfo import ZoneInfo  # a config without expectations needs none

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):  # a folder of the database is an OSError
        return False
    return True
