"""`GET /alerts`: what people were told of a day, and what they are still to be told. Reads only.

No alert is written down for this list: it is read off the rows, records and marks by which the lanes know
what is to be told. So it shows what these tell now. What was replayed or released since is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from chalicelib.api.answers import Body
from chalicelib.api.cursors import decode_cursor, encode_cursor, read_day
from chalicelib.api.paging import Order, newest_first
from chalicelib.api.parameters import PAGING, Given, read_limit, read_parameters
from chalicelib.aws.catalog_table import RUN_DUE
from chalicelib.aws.expected_files import ExpectedReader
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import SURGE, UNTOLD
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.expected.due import grace_of
from chalicelib.expected.state import State
from chalicelib.expected.watch import COME_SUBJECT, LATE_SUBJECT, watch_of
from chalicelib.landing.catalog import UploadStatus, iso
from chalicelib.landing.outcomes import CONFIG_SUBJECT, INACTIVE_SUBJECT
from chalicelib.landing.parking import NOT_CONFIGURED_SUBJECT, REJECTED_SUBJECT, SOURCE_STAYS_SUBJECT
from chalicelib.ndjson.quarantine import STAYS_SUBJECT
from chalicelib.ndjson.quarantine import SUBJECT as QUARANTINED_SUBJECT
from chalicelib.ndjson.repair_batches import SURGE_SUBJECT
from chalicelib.ndjson.rows import MAX_ATTEMPTS
from chalicelib.ndjson.tracking import file_at
from chalicelib.parallel import each
from chalicelib.runs.finishing import JOB_FAILED_SUBJECT
from chalicelib.runs.manifest_runs import FORGOTTEN_AFTER, GLUE_RUN_FAILED_SUBJECT
from chalicelib.status.explain_ndjson import key_in
from chalicelib.status.files import Uploads

OF_UPLOADS = {
    UploadStatus.NOT_CONFIGURED: NOT_CONFIGURED_SUBJECT,
    UploadStatus.REJECTED: REJECTED_SUBJECT,
    UploadStatus.INACTIVE: INACTIVE_SUBJECT,
    UploadStatus.JOB_FAILED: JOB_FAILED_SUBJECT,
}
MARKS = ("status", "unreported", "retry", "source_stays", "run_alerted")  # no index has them
CONFIGS_LOOKED_AT = 1_000  # versions that could not be used
RECORDS_WALKED = 4  # megabytes of a date's manifest records
NEWEST_FIRST = Order("order", ("id",))


class Telling(StrEnum):
    """How far an alert is: `unsent` is given up, `unknown` may be either."""

    SENT = "sent"
    DUE = "due"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Alerts:
    """What the list of alerts is read from."""

    uploads: Uploads
    tracking: TrackingReader
    expected: ExpectedReader
    config_key: str


def list_alerts(lists: Alerts, given: Given) -> Body:
    """Answer `GET /alerts`: the alerts of a date, newest first; `complete` if all manifests were looked at.

    Of uploads and of quarantined files only a page is read, and how far its alerts are. All else is few.
    """
    values = read_parameters(given, "date", *PAGING)
    date, limit = read_day(values, lists.uploads.today()), read_limit(values)
    query = f"alerts?date={date}"
    after = decode_cursor(query, values.get("cursor", ""))
    runs = lists.tracking.failed_runs(date, RECORDS_WALKED)
    of_a_day = [*_configs(lists), *_expectations(lists), *_surge(lists)]
    few = [*map(_failed_run, runs.rows), *(one for one in of_a_day if one["alert"]["at"][:10] == date)]
    sources = [
        *(partial(_uploads, lists, date, status) for status in OF_UPLOADS),
        partial(_quarantined, lists, date),
        partial(_few, sorted(few, key=lambda one: str(one["order"]), reverse=True)),
    ]
    page, position = newest_first(sources, NEWEST_FIRST, after, limit)
    return {
        "date": date,
        "items": _told(lists, page),
        "complete": runs.complete,
        "next_cursor": encode_cursor(query, position, date),
    }


def _alert(subject: str, about: str, at: datetime, **details: Any) -> Row:
    """Return an alert: `about` names the kind of thing that it tells of, `at` is when that came about."""
    shown = {"subject": subject, "about": about, "at": iso(at), **details}
    return {name: value for name, value in shown.items() if value is not None}


def _listed(alert: Row) -> Row:
    names = ("subject", "manifest_key", "job_id", "version")
    return {"order": alert["at"], "id": json.dumps([alert.get(name) for name in names]), "alert": alert}


def _few(alerts: list[Row], until: str, count: int) -> list[Row]:
    return [one for one in alerts if not until or one["order"] <= until][:count]


def _uploads(lists: Alerts, date: str, status: UploadStatus, until: str, count: int) -> list[Row]:
    rows = lists.uploads.catalog.uploads(date, status, until, count)
    return [{"order": row["timestamp"], "id": row["file_key"], "upload": row} for row in rows]


def _quarantined(lists: Alerts, date: str, until: str, count: int) -> list[Row]:
    last = min(until or f"{date}~", f"{date}~")
    rows = lists.tracking.quarantined(last, count, date) if last >= date else []
    return [
        {"order": row["quarantined_at"], "id": f"{row['date_prefix']}/{row['file_name']}", "file": row}
        for row in rows
    ]


def _told(lists: Alerts, page: list[Row]) -> list[Row]:
    """Return the alerts of a page, each with how far it is."""
    uploads = [one["upload"] for one in page if "upload" in one]
    marked = lists.uploads.catalog.attributes(uploads, MARKS) if uploads else []
    marks = {(row["file_key"], row["timestamp"]): row for row in marked}

    def told(one: Row) -> Row:
        if row := one.get("upload"):
            return _of_upload(row, marks.get((row["file_key"], row["timestamp"]), {}))
        return _of_quarantined(lists.tracking, one["file"]) if "file" in one else dict(one["alert"])

    return each(told, page)


def _of_upload(row: Row, marks: Row) -> Row:
    return _alert(
        OF_UPLOADS[row["status"]],
        "file",
        _moment(row["timestamp"].partition("#")[0]),
        state=_state_of(row, marks),
        sent_at=marks.get("run_alerted"),
        lane="landing",
        key=row["file_key"],
        timestamp=row["timestamp"],
        job_id=row.get("job_id"),
        reason=row.get("reason"),
        also=SOURCE_STAYS_SUBJECT if "source_stays" in marks and "retry" not in marks else None,
    )


def _state_of(row: Row, marks: Row) -> Telling:
    if marks.get("status") != row["status"]:  # it has changed since the index was written, or was not read
        return Telling.UNKNOWN
    if row["status"] != UploadStatus.JOB_FAILED:
        return Telling.DUE if "unreported" in marks else Telling.SENT
    if "run_alerted" in marks:
        return Telling.SENT
    return Telling.DUE if marks.get("retry") == RUN_DUE else Telling.UNSENT


def _of_quarantined(tracking: TrackingReader, row: Row) -> Row:
    file = file_at(row["file_path"], row["etag"], row["date_prefix"])
    is_due = tracking.find(UNTOLD + file.date_prefix, file.identity) is not None
    is_left = "source_stays" in row and row.get("attempts", 0) >= MAX_ATTEMPTS
    return _alert(
        QUARANTINED_SUBJECT,
        "file",
        _moment(row["quarantined_at"]),
        state=Telling.DUE if is_due else Telling.SENT,
        lane="ndjson",
        key=key_in(row["file_path"]),
        reason=row.get("reason"),
        also=STAYS_SUBJECT if is_left else None,
    )


def _failed_run(record: Row) -> Row:
    """Return a failed Glue run's alert; of one that SNS refused for a day its record does not tell."""
    sent_at, at = record.get("run_alerted"), _moment(record["run_stopped_at"])
    is_late = sent_at is not None and _moment(sent_at) > at + FORGOTTEN_AFTER
    state = Telling.SENT if sent_at else Telling.DUE
    return _listed(
        _alert(
            GLUE_RUN_FAILED_SUBJECT,
            "manifest",
            at,
            state=Telling.UNKNOWN if is_late else state,
            sent_at=sent_at,
            manifest_key=record["file_name"],
            reason=record.get("run_error"),
        ),
    )


def _configs(lists: Alerts) -> Iterator[Row]:
    for mark in lists.uploads.catalog.alerted(lists.config_key, CONFIGS_LOOKED_AT):
        if "alerted_at" in mark:  # 0.1.0 forgot it when the config was mended
            at = _moment(mark["alerted_at"])
            told = {"state": Telling.SENT, "sent_at": iso(at), "key": lists.config_key}
            ended_at = iso(_moment(mark["cleared_at"])) if "cleared_at" in mark else None
            version = mark["timestamp"].partition("#")[2]
            yield _listed(_alert(CONFIG_SUBJECT, "config", at, **told, version=version, ended_at=ended_at))


def _expectations(lists: Alerts) -> Iterator[Row]:
    """Yield what is late, and what came then and is not told yet: of what was told no mark is left."""
    for job_id, row in lists.expected.read().items():
        watch, state = watch_of(row), _telling_of(row)
        if watch is None or watch.due is None:
            continue
        if watch.state is State.LATE:
            at = watch.due + grace_of(json.loads(watch.expectation))
            yield _listed(_alert(LATE_SUBJECT, "job", at, state=state, job_id=job_id))
        elif state is not Telling.SENT and watch.used:
            yield _listed(_alert(COME_SUBJECT, "job", watch.used, state=state, job_id=job_id))


def _telling_of(row: Mapping[str, Any]) -> Telling:
    if "telling" in row:
        return Telling.UNKNOWN
    return Telling.DUE if "untold" in row else Telling.SENT


def _surge(lists: Alerts) -> Iterator[Row]:
    if mark := lists.tracking.find(SURGE, "SURGE"):
        at = _moment(mark["pending_since"])
        yield _listed(_alert(SURGE_SUBJECT, "batches", at, state=Telling.SENT, sent_at=iso(at)))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
