"""How much of the fault matrix one run does: a share that changes daily, or all of it.

FAULTS=all            every case (`make faults`)
FAULTS=3/8            the third of eight equal shares
(not set)             today's share of 60, so that 60 days of runs do all of it
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.faults.matrix import Case

DAILY_SHARES = 60
MATRIX = "fault matrix"  # the property in which a test reports how many cases it ran, and of how many


def share() -> tuple[int, int]:
    """Return which share is run, from one, and of how many."""
    asked = os.environ.get("FAULTS", "")
    if asked == "all":
        return 1, 1
    if asked:
        number, _, count = asked.partition("/")
        return int(number), int(count)
    return datetime.now(UTC).toordinal() % DAILY_SHARES + 1, DAILY_SHARES


def chosen(cases: list[Case]) -> list[Case]:
    """Return the cases of this run's share."""
    number, count = share()
    return cases[number - 1 :: count]


def summary(reports: Iterable[Any]) -> list[str]:
    """Return how many cases ran, by scenario and in all, from the reports of a test run."""
    told = [value for report in reports for name, value in report.user_properties if name == MATRIX]
    if not told:
        return []
    number, count = share()
    lines = [f"{name}: {run} of {cases}" for name, run, cases in told]
    run, cases = sum(each[1] for each in told), sum(each[2] for each in told)
    return [*lines, f"{run} of {cases} cases ran: share {number} of {count}; `make faults` runs all of them"]
