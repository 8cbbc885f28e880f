"""What is known of one job's expected file, and what follows from it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.expected.due import grace_of, last_due, next_due


class State(StrEnum):
    """How a due time stands."""

    DUE = "due"
    MET = "met"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of an expectation between two looks at it.

    `since` is when it was first seen, `due` the due time that was last settled, `state` how. An arrival up to
    `used` counts no more: a late file does not meet the next day's due time too.
    """

    expectation: str
    since: datetime
    due: datetime | None = None
    state: State = State.DUE
    used: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a look at an expectation comes to: what to remember, and which due time is told of, if any."""

    watch: Watch
    told: State | None = None


def text_of(expected: Mapping[str, Any]) -> str:
    """Return an expectation as the text by which a changed one is known."""
    return json.dumps(expected, sort_keys=True)


def looked_at(
    expected: Mapping[str, Any], known: Watch | None, arrival: datetime | None, now: datetime
) -> Step:
    """Settle the latest due time: met, late, or open until its grace has passed."""
    if known is None or known.expectation != text_of(expected):
        return Step(Watch(text_of(expected), now))
    if known.state is State.LATE and _counts(arrival, known.used):
        return Step(replace(known, state=State.MET, used=arrival), State.MET)
    due = last_due(expected, known.since, arrival, now)
    if due is None or (known.due and due.at <= known.due):
        return Step(known)
    after = max(due.before, known.used or due.before)
    if arrival and arrival > after:
        used = arrival if arrival > due.at else known.used
        return Step(replace(known, due=due.at, state=State.MET, used=used))
    if now < due.at + grace_of(expected):
        return Step(known)
    return Step(replace(known, due=due.at, state=State.LATE, used=after), State.LATE)


def _counts(arrival: datetime | None, used: datetime | None) -> bool:
    return arrival is not None and (used is None or arrival > used)


def shown(expected: Mapping[str, Any], known: Watch | None, arrival: datetime | None, now: datetime) -> Row:
    """Return how an expectation stands, as `GET /jobs` tells it."""
    step = looked_at(expected, known, arrival, now)
    watch = step.watch
    if watch.state is State.LATE and watch.due:
        return _told(State.LATE, watch.due, arrival)
    due = last_due(expected, watch.since, arrival, now)
    if due is None or (watch.due and due.at <= watch.due):
        due = next_due(expected, watch.since, arrival, now)
    after = max(due.before, watch.used or due.before)
    is_met = arrival is not None and (arrival > after or arrival == due.before)
    return _told(State.MET if is_met else State.DUE, due.at, arrival)


def _told(state: State, due_at: datetime, arrival: datetime | None) -> Row:
    return {"state": str(state), "due_at": stamp(due_at), "last_arrival": stamp(arrival) if arrival else None}


def stamp(moment: datetime) -> str:
    """Return a moment in UTC to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
