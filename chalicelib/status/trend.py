"""`GET /trend`: what landed on each of the last days, what became of it and how long that took.

The work is bounded. A day of up to `SUMMED` uploads costs one query. Of a busier one the sizes of the newest
`SUMMED` of each status are read, and the others are counted up to `COUNT_BOUND`. Times are read of the newest
`TIMED` of each day and status. The hours of a busy day are counted by status, each up to `COUNT_BOUND`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date as calendar_date
from datetime import datetime, timedelta
from functools import partial
from statistics import median

from chalicelib.api.answers import Body
from chalicelib.api.parameters import Given, read_date, read_number, read_parameters
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.items import Row
from chalicelib.errors import RequestError
from chalicelib.landing.catalog import UploadStatus
from chalicelib.parallel import each
from chalicelib.status.files import HOURS, MAX_DAYS, Uploads

DEFAULT_DAYS = 14
SUMMED = 1_000
COUNT_BOUND = 10_000
TIMED = 100
TIMES = ("processed_at", "run_stopped_at")
NO_OUTCOME = frozenset({UploadStatus.RECEIVED, UploadStatus.VANISHED, UploadStatus.FAILED})


def show_trend(uploads: Uploads, given: Given) -> Body:
    """Answer `GET /trend`: the last days, oldest first; `complete` if the bytes are of all uploads.

    With `date` the hours of that day instead, with the number of files alone.
    """
    values = read_parameters(given, "days", "date")
    if "date" in values:
        return _hours(uploads.catalog, read_date(values, ""), values)
    days = read_number(values, "days", DEFAULT_DAYS, MAX_DAYS)
    last = calendar_date.fromisoformat(uploads.today())
    dates = [(last - timedelta(days=back)).isoformat() for back in reversed(range(days))]
    items = each(lambda date: _day(uploads.catalog, date), dates)
    return {"days": days, "items": items, "complete": all(item["complete"] for item in items)}


def _day(catalog: CatalogReader, date: str) -> Body:
    rows = catalog.measures(date, SUMMED + 1)
    parts = _by_status(rows) if len(rows) <= SUMMED else _newest_by_status(catalog, date)
    landing = {status: _told(catalog, date, status, part) for status, part in parts.items()}
    complete = all(one["files"] == one["summed"] for one in landing.values())
    return {"date": date, "landing": landing, "complete": complete}


def _hours(catalog: CatalogReader, date: str, values: Mapping[str, str]) -> Body:
    if "days" in values:
        raise RequestError("give either days, or the date whose hours are asked for")
    rows = catalog.measures(date, SUMMED + 1)
    counts = _counts(rows) if len(rows) <= SUMMED else _counted(catalog, date)
    items = [{"hour": hour, "landing": _of_hour(counts, hour)} for hour in HOURS]
    return {"date": date, "items": items, "complete": all(count <= COUNT_BOUND for count in counts.values())}


def _counts(rows: Iterable[Row]) -> dict[tuple[str, str], int]:
    return Counter((row["timestamp"][11:13], row["status"]) for row in rows)


def _counted(catalog: CatalogReader, date: str) -> dict[tuple[str, str], int]:
    asked = [(hour, status) for hour in HOURS for status in UploadStatus]
    counted = each(partial(_in_hour, catalog, date), asked)
    return {(hour, str(status)): count for (hour, status), count in zip(asked, counted, strict=True)}


def _in_hour(catalog: CatalogReader, date: str, asked: tuple[str, str]) -> int:
    hour, status = asked
    return catalog.count(date, status, COUNT_BOUND, f"{date}T{hour}")


def _of_hour(counts: Mapping[tuple[str, str], int], hour: str) -> Body:
    found = {status: counts.get((hour, status), 0) for status in map(str, UploadStatus)}
    return {status: {"files": min(count, COUNT_BOUND)} for status, count in found.items() if count}


def _by_status(rows: Iterable[Row]) -> dict[str, list[Row]]:
    parts: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        parts[row["status"]].append(row)
    return parts


def _newest_by_status(catalog: CatalogReader, date: str) -> dict[str, list[Row]]:
    parts = {str(status): catalog.measures(date, SUMMED, status) for status in UploadStatus}
    return {status: rows for status, rows in parts.items() if rows}


def _told(catalog: CatalogReader, date: str, status: str, rows: list[Row]) -> Body:
    files = catalog.count(date, status, COUNT_BOUND) if len(rows) == SUMMED else len(rows)
    timed = [] if status in NO_OUTCOME else catalog.attributes(rows[:TIMED], TIMES)
    return {
        "files": min(files, COUNT_BOUND),
        "summed": len(rows),
        "bytes": sum(row.get("file_size", 0) for row in rows),
        "timed": len(timed),
        "seconds_to_outcome": spread(seconds_to(row, "processed_at") for row in timed),
        "seconds_to_end": spread(
            seconds_to(row, "run_stopped_at") for row in timed if "run_stopped_at" in row
        ),
    }


def spread(seconds: Iterable[float]) -> Body | None:
    """Return median and longest, None of nothing."""
    given = list(seconds)
    return {"median": round(median(given), 1), "longest": round(max(given), 1)} if given else None


def seconds_to(row: Row, name: str) -> float:
    """Return the time from upload to a moment of its row, never below zero: S3's clock is not ours."""
    uploaded = datetime.fromisoformat(row["timestamp"].partition("#")[0])
    return max(0.0, (datetime.fromisoformat(row[name]) - uploaded).total_seconds())
