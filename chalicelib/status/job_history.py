"""What came of each job's files, for `GET /jobs`: read from the index by date, in bounded work.

All jobs of a page share their queries: one for each status of today, one for each day of the last two weeks,
then one for each earlier day while some job lacks an answer. `DAYS` bounds how far back they go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date as calendar_date
from datetime import timedelta
from functools import partial

from chalicelib.api.answers import Body
from chalicelib.aws.items import Row
from chalicelib.landing.catalog import UploadStatus
from chalicelib.parallel import each
from chalicelib.status.files import Uploads

DAYS = 31
SERIES = 14  # days that are counted for every job
SPANS = ((0, 1), (1, SERIES), (SERIES, DAYS))  # days back: what is known by then, the last one does not ask
JOBLESS = frozenset(
    {UploadStatus.RECEIVED, UploadStatus.NOT_CONFIGURED, UploadStatus.FAILED, UploadStatus.VANISHED}
)
ARRIVED = tuple(status for status in UploadStatus if status not in JOBLESS)
LASTS = {
    "last_arrival": ARRIVED,
    "last_success": (UploadStatus.SUCCEEDED,),
    "last_failure": (UploadStatus.JOB_FAILED,),
}


@dataclass
class History:
    """The newest time found so far of each job in each of `LASTS`, and its files by day and status."""

    since: str
    complete: bool = True
    lasts: dict[tuple[str, str], str] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def of_job(self, job_id: str) -> Body:
        """Return what is known of one job."""
        lasts = {name: self.lasts.get((name, job_id)) for name in LASTS}
        series = [{"date": day, **self._of_day(job_id, day)} for day in reversed(self.days[:SERIES])]
        return {**lasts, "today": self._of_day(job_id, self.days[0]), "days": series}

    def _of_day(self, job_id: str, day: str) -> dict[str, int]:
        counts = {str(status): self.counts[job_id, day, status] for status in ARRIVED}
        return {"files": sum(counts.values()), **counts}

    def lacking(self, jobs: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return the jobs of which something is not found yet, and the statuses that tell it, sorted."""
        missing = {(name, job) for name in LASTS for job in jobs} - self.lasts.keys()
        statuses = {str(status) for name, _ in missing for status in LASTS[name]}
        return sorted({job for _, job in missing}), sorted(statuses)

    def note(self, row: Row) -> None:
        """Count a row, and keep the newest moment of each job."""
        self.counts[row["job_id"], row["timestamp"][:10], row["status"]] += 1
        for name in (name for name, statuses in LASTS.items() if row["status"] in statuses):
            place = name, row["job_id"]
            self.lasts[place] = max(row["timestamp"].partition("#")[0], self.lasts.get(place, ""))


def read_history(uploads: Uploads, jobs: Collection[str]) -> History:
    """Read of up to 100 jobs when a file last came, succeeded and failed, and how many came today."""
    last = calendar_date.fromisoformat(uploads.today())
    days = tuple((last - timedelta(days=back)).isoformat() for back in range(DAYS))
    history = History(since=days[-1], days=days)
    for begin, end in SPANS:
        lacking, statuses = history.lacking(jobs) if begin == SERIES else (sorted(jobs), sorted(ARRIVED))
        if not lacking:
            break
        ranges = [(one, one) for one in statuses] if begin == 0 else [(statuses[0], statuses[-1])]
        asked = [(day, *one) for day in days[begin:end] for one in ranges]
        for rows, complete in each(partial(_of_day, uploads, lacking), asked):
            history.complete &= complete
            for row in rows:
                history.note(row)
    return history


def _of_day(uploads: Uploads, jobs: list[str], asked: tuple[str, str, str]) -> tuple[list[Row], bool]:
    rows, complete = uploads.catalog.of_jobs(*asked, jobs)
    return [row for row in rows if row["status"] in ARRIVED], complete
