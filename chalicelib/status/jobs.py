"""`GET /jobs`: the job config as it stands, beside each job its faults and what came of its files."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.api.answers import Body
from chalicelib.api.cursors import Position, decode_cursor, encode_cursor, refusal
from chalicelib.api.parameters import NUMBER, PAGING, Given, read_limit, read_parameters
from chalicelib.aws.bucket import Bucket
from chalicelib.aws.expected_files import ExpectedReader
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.items import Row
from chalicelib.events import LONE_SURROGATE
from chalicelib.expected.state import shown
from chalicelib.expected.watch import arrival_of, watch_of
from chalicelib.landing.config import Config, ConfigReader
from chalicelib.landing.entries import FIELDS, entries_of
from chalicelib.landing.jobs import Job
from chalicelib.parallel import each
from chalicelib.status.files import Uploads
from chalicelib.status.job_history import read_history
from chalicelib.tables.manifests import manifest_key

NO_IS_ACTIVE = "It has no is_active, so it is inactive: add it, true, to have files start it."
FAULTED = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class JobLists:
    """What jobs are listed from: the config, their files, and what is remembered of expected ones."""

    config: ConfigReader
    uploads: Uploads
    expected: ExpectedReader
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def list_jobs(lists: JobLists, given: Given) -> Body:
    """Answer `GET /jobs`: jobs in the config's order; the next page goes on behind the last position.

    Of a config that is not a list at all, the jobs of the last good version are shown instead.
    """
    values = read_parameters(given, *PAGING)
    limit = read_limit(values)
    start = _start(decode_cursor("jobs", values.get("cursor", "")))
    reader = lists.config
    in_force = reader.read()
    entries = _entries(in_force.current.body)
    if entries is None:
        entries = _entries(in_force.config.body) or []
    page = list(enumerate(entries))[start : start + limit]
    more = start + limit < len(entries)
    expectations = _expectations(lists, page, in_force.config)
    named = {index: job_id for index, entry in page if (job_id := _job_id(entry))}
    history = read_history(lists.uploads, sorted({*named.values()}))
    by_index = faults_by_index(in_force.current.faults)
    return {
        "config": f"s3://{reader.bucket.name}/{reader.key}",
        **in_force.told(),
        "valid": in_force.source == "current",
        "history": {"since": history.since, "complete": history.complete},
        "items": [
            {
                **_shown(index, entry, by_index.get(index, [])),
                **history.of_job(named.get(index, "")),
                "table_manifest": manifest,
                "expectation": expectations.get(index),
            }
            for (index, entry), manifest in zip(page, _table_manifests(reader.bucket, page), strict=True)
        ],
        "next_cursor": encode_cursor("jobs", Position(str(start + limit)) if more else None),
    }


def _table_manifests(bucket: Bucket, page: list[tuple[int, Any]]) -> list[str | None]:
    """Tell of each job whether any file of its table was found yet: `present`, `absent`, None if unknown."""

    def look(entry: tuple[int, Any]) -> str | None:
        table = entry[1].get("target_table") if isinstance(entry[1], dict) else None
        if not isinstance(table, str) or not table.strip():
            return None
        try:
            found = bucket.head(manifest_key(table.strip().lower()))
        except AWS_ERRORS:  # or a name that no key can have
            return None
        return "present" if found else "absent"

    return each(look, page)


def _expectations(lists: JobLists, page: list[tuple[int, Any]], config: Config) -> dict[int, Body]:
    """Return how the expected files of active jobs in force stand, by their place in the page."""
    jobs = config.jobs.all if config.jobs else ()
    active = {job.job_id: job for job in jobs if job.expected and job.is_active}
    asked = {index: active[name] for index, entry in page if (name := _job_id(entry)) in active}
    if not asked:
        return {}
    known, now = lists.expected.read(), lists.clock()
    return {index: _expectation(job, known.get(job.job_id, {}), now) for index, job in asked.items()}


def _expectation(job: Job, row: Row, now: datetime) -> Body:
    return shown(job.expected or {}, watch_of(row), arrival_of(row), now)


def _job_id(entry: Any) -> str:
    name = entry.get("job_id") if isinstance(entry, dict) else None
    return name if isinstance(name, str) and not LONE_SURROGATE.search(name) else ""


def _start(after: Position | None) -> int:
    if after is None:
        return 0
    if not NUMBER.fullmatch(after.at):
        raise refusal()
    return int(after.at)


def faults_by_index(faults: Iterable[str]) -> dict[int, list[str]]:
    """Group faults by the entry that each names first."""
    sorted_: defaultdict[int, list[str]] = defaultdict(list)
    for fault in faults:
        if named := FAULTED.match(fault):
            sorted_[int(named[1])].append(fault)
    return dict(sorted_)


def _entries(body: bytes) -> list[Any] | None:
    """Return the entries of a config, usable or not; None when it is not a list at all."""
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return entries_of(document)


def _shown(index: int, entry: Any, faults: list[str]) -> Body:
    given = entry if isinstance(entry, dict) else {}
    fields = {name: given[name] for name in FIELDS if name in given}
    extra = {name: given[name] for name in given if name not in FIELDS}
    hints = [] if "is_active" in given else [NO_IS_ACTIVE]
    return {"index": index, "is_active": False, **fields, "extra": extra, "faults": faults, "hints": hints}
