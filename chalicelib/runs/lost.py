"""Ends that no event told: Step Functions is asked for the executions of rows that still wait for one.

Each run asks for so many at most and goes on where the one before it stopped, from the oldest to the newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from chalicelib.aws.items import Row
from chalicelib.deadline import HasTime
from chalicelib.landing.catalog import UploadStatus, iso
from chalicelib.logs import log
from chalicelib.runs.ending import end_run
from chalicelib.runs.finishing import finish_later
from chalicelib.runs.lane import Runs
from chalicelib.runs.run_end import Ignored, RunStatus, read_end

ASKED_OF_ONE_RUN = 100
LONGEST = timedelta(days=90)  # so long Step Functions knows an execution that ended
ONE_DAY = timedelta(days=1)
COUNTED = ("asked", "ended", "finished", "errors", "unfinished")

Counts = dict[str, int]


class Place(NamedTuple):
    """How far a pass has come: the timestamp of the last row asked for, and of the first that still ran.

    What still ran is where the next pass begins, when that is older than the window.
    """

    after: str = ""
    oldest: str = ""

    @classmethod
    def read(cls, text: str) -> Place:
        """Read what `stored` wrote."""
        after, _, oldest = text.partition(" ")
        return cls(after, oldest)

    def stored(self) -> str:
        """Return it as text, empty when there is nothing to remember."""
        return f"{self.after} {self.oldest}".rstrip()


def repair_runs(runs: Runs, has_time: HasTime) -> Counts:
    """Finish what ends asked for, then ask for ends that no event told; return how much of each.

    `unfinished` is 1 when there is more to ask for than one run may; the next one goes on from there.
    """
    counts: Counts = dict.fromkeys(COUNTED, 0)
    for row in runs.landing.catalog.due_runs():
        if has_time():
            _try(runs, row, counts)
    _ask(runs, has_time, counts)
    return counts


def _try(runs: Runs, row: Row, counts: Counts) -> None:
    try:
        counts["finished"] += finish_later(runs, row)
    except Exception:  # the others do not depend on this one
        counts["errors"] += 1
        log.exception("end of a run not finished", extra={"key": row["file_key"]})


def _ask(runs: Runs, has_time: HasTime, counts: Counts) -> None:
    known = runs.cursor.find()
    settings, now = runs.landing.settings, runs.landing.clock()
    window = min(max(timedelta(seconds=settings.reconcile_window_seconds), ONE_DAY), LONGEST)
    floor = iso(now - window)[:10]
    until = iso(now - timedelta(seconds=settings.reconcile_grace_seconds))
    place = Place.read(known)
    begin = max(place.after or place.oldest or floor, iso(now - LONGEST))
    place = Place(place.after, place.oldest if place.after else "")
    for row in _waiting(runs, begin, place.after, until):
        if counts["asked"] >= ASKED_OF_ONE_RUN or counts["errors"] or not has_time():
            counts["unfinished"] = 1
            break
        still_runs = _asked(runs, row, counts)
        place = Place(row["timestamp"], place.oldest or (row["timestamp"] if still_runs else ""))
    else:
        place = Place(oldest=place.oldest if place.oldest[:10] <= floor else "")
    _remember(runs, known, place.stored())


def _remember(runs: Runs, known: str, place: str) -> None:
    if place and place != known:
        runs.cursor.store(place)
    elif known and not place:
        runs.cursor.clear()


def _waiting(runs: Runs, begin: str, after: str, until: str) -> Iterator[Row]:
    """Yield the uploads whose execution has no end in the catalogue, from the day of `begin` on."""
    day = begin[:10]
    while day <= until[:10]:
        behind = after if after[:10] == day else ""
        while rows := runs.log.started(day, UploadStatus.TRIGGERED, behind, until, ASKED_OF_ONE_RUN):
            yield from rows
            behind = rows[-1]["timestamp"]
        day = (date.fromisoformat(day) + ONE_DAY).isoformat()


def _asked(runs: Runs, row: Row, counts: Counts) -> bool:
    """Ask for one execution and record its end; tell whether it is without one for now."""
    counts["asked"] += 1
    name = row["execution"]
    try:
        found = runs.landing.machine.find(name)
        if found is None or found["status"] not in {*RunStatus}:
            return True
        end = read_end({"error": "", "cause": "", **found}, name, found["stopDate"])
        if isinstance(end, Ignored):
            log.warning("end of a run not readable", extra={"execution": name, "reason": str(end)})
            return True
        end_run(runs, end)
    except Exception:
        counts["errors"] += 1
        log.exception("run not asked for", extra={"execution": name, "key": row["file_key"]})
        return True
    counts["ended"] += 1
    return False
