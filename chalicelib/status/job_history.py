"""What came of each job's files, for `GET /jobs`: read from the index by date, in bounded work.

All jobs of a page share their queries: one for each status of today, then one for each earlier day while some
job lacks an answer. `DAYS` bounds how far back they go.
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
SPANS = ((0, 1), (1, 7), (7, DAYS))  # days back: what a span answers, the next one does not ask
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
    """The newest time found so far of each job in each of `LASTS`, and today's files by job and status."""

    since: str
    complete: bool = True
    lasts: dict[tuple[str, str], str] = field(default_factory=dict)
    today: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of_job(self, job_id: str) -> Body:
        """Return what is known of one job."""
        counts = {str(status): self.today[job_id, status] for status in ARRIVED}
        lasts = {name: self.lasts.get((name, job_id)) for name in LASTS}
        return {**lasts, "today": {"files": sum(counts.values()), **counts}}

    def lacking(self, jobs: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return the jobs of which something is not found yet, and the statuses that tell it, sorted."""
        missing = {(name, job) for name in LASTS for job in jobs} - self.lasts.keys()
        statuses = {str(status) for name, _ in missing for status in LASTS[name]}
        return sorted({job for _, job in missing}), sorted(statuses)

    def note(self, row: Row) -> None:
        """Keep the newest moment of each job."""
        for name in (name for name, statuses in LASTS.items() if row["status"] in statuses):
            place = name, row["job_id"]
            self.lasts[place] = max(row["timestamp"].partition("#")[0], self.lasts.get(place, ""))


def read_history(uploads: Uploads, jobs: Collection[str]) -> History:
    """Read of up to 100 jobs when a file last came, succeeded and failed, and how many came today."""
    last = calendar_date.fromisoformat(uploads.today())
    days = [(last - timedelta(days=back)).isoformat() for back in range(DAYS)]
    history = History(since=days[-1])
    for begin, end in SPANS:
        lacking, statuses = history.lacking(jobs)
        if not lacking:
            break
        ranges = [(one, one) for one in statuses] if begin == 0 else [(statuses[0], statuses[-1])]
        asked = [(day, *one) for day in days[begin:end] for one in ranges]
        for rows, complete in each(partial(_of_day, uploads, lacking), asked):
            history.complete &= complete
            for row in rows:
                history.note(row)
                history.today[row["job_id"], row["status"]] += begin == 0
    return history


def _of_day(uploads: Uploads, jobs: list[str], asked: tuple[str, str, str]) -> tuple[list[Row], bool]:
    rows, complete = uploads.catalog.of_jobs(*asked, jobs)
    return [row for row in rows if row["status"] in ARRIVED], complete
