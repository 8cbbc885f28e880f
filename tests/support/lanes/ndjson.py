"""The NDJSON lane in tests: files as users upload them, events as S3 sends them, and what is stored."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.clients import client
from chalicelib.aws.items import from_item
from chalicelib.ndjson import wiring
from chalicelib.ndjson.arrivals import ndjson_arrived
from chalicelib.ndjson.batches import from_json
from chalicelib.ndjson.lane import Asking, Ndjson
from chalicelib.ndjson.repair_batches import repair_batches
from chalicelib.settings import Settings
from tests.support.builders import NDJSON, s3_record, sqs_event

MB = 1024**2
TABLE = "sluice-local-tracking"
ARTIFACTS = "sluice-local-artifacts"
QUARANTINE = "sluice-local-quarantine"
DATE = "2026-01-15"
LINES = b'{"a": 1}\n{"b": [2, null]}\n'

_sequence = itertools.count(1)


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def upload(key: str, *, size: int = 0, body: bytes = LINES, **properties: Any) -> dict[str, Any]:
    """Put an object, with blank lines after `body` up to `size`, and return S3's record of it."""
    body = body.ljust(size, b"\n")
    put = client("s3", "").put_object(Bucket=NDJSON, Key=key, Body=body, **properties)
    return record_of(key, put["ETag"].strip('"'), len(body))


def record_of(key: str, etag: str, size: int = 10 * MB) -> dict[str, Any]:
    """Build S3's record of an object that is newer than all before."""
    record: dict[str, Any] = s3_record(key, bucket=NDJSON, etag=etag, size=size)
    record["s3"]["object"]["sequencer"] = f"{next(_sequence):016X}"
    record["eventTime"] = f"{DATE}T01:00:00.000Z"
    return record


def unseen(name: str, size: int = 10 * MB) -> dict[str, Any]:
    """Build S3's record of a file that is not stored, for runs without the content check."""
    key = f"in/{DATE}/{name}.ndjson"
    return record_of(key, hashlib.sha256(key.encode()).hexdigest()[:32], size)


def messages(*records: Any, each: int = 10) -> list[dict[str, Any]]:
    """Group records into SQS events of up to `each` messages of one record."""
    bodies = [{"Records": [record]} for record in records]
    return [sqs_event(*bodies[start : start + each]) for start in range(0, len(bodies), each)]


def items(prefix: str = "") -> list[dict[str, Any]]:
    """Read every item whose partition key starts with `prefix`; the secret of moves is no lane's."""
    found: list[dict[str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = client("dynamodb", "").scan(TableName=TABLE, ConsistentRead=True, **start)
        found += [from_item(item) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return _below(prefix, [item for item in found if item["date_prefix"] != "MOVES#secret"])
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _below(prefix: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in found if item["date_prefix"].startswith(prefix)]


def _files(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item for item in found if "#" not in item["date_prefix"]]


def rows() -> list[dict[str, Any]]:
    """Read the files' rows, without locks, counters and records."""
    return _files(items())


def row(name: str, date: str = DATE) -> dict[str, Any]:
    """Read one row."""
    return next(row for row in rows() if (row["date_prefix"], row["file_name"]) == (date, name))


def statuses() -> Counter[str]:
    """Count the files' rows by status."""
    return Counter(row["status"] for row in rows())


def manifests() -> dict[str, list[str]]:
    """Read every batch manifest: its key and the files it lists."""
    s3 = client("s3", "")
    keys = [found.key for found in Bucket(s3, ARTIFACTS).list_objects("manifests/")]
    bodies = {key: s3.get_object(Bucket=ARTIFACTS, Key=key)["Body"].read() for key in keys}
    return {key: json.loads(body)["fileLocations"][0]["URIPrefixes"] for key, body in bodies.items()}


def keys_in(bucket: str) -> list[str]:
    """List a bucket."""
    return [found.key for found in Bucket(client("s3", ""), bucket).list_objects("")]


def imbalance() -> list[str]:
    """Return where stored rows, records and manifests contradict each other; empty when all is right."""
    found = items()
    files, records = _files(found), _below("MANIFEST#", found)
    listed = Counter((key, path) for key, paths in manifests().items() for path in paths)
    claimed = Counter((row["manifest_key"], row["file_path"]) for row in files if "manifest_key" in row)
    wrong = [f"listed {n - claimed[it]} times too often: {it}" for it, n in listed.items() if n > claimed[it]]
    wrong += [f"claimed but not listed: {it}" for it, n in claimed.items() if n > listed[it]]
    wrong += [
        f"{row['status']} row with manifest {row.get('manifest_key')}: {row['file_path']}"
        for row in files
        if (row["status"] == "manifested") != ("manifest_key" in row)
    ]
    named = _named(found)
    wrong += [
        f"pending and in no list: {row['file_path']}"
        for row in files
        if row["status"] == "pending" and (row["date_prefix"], row["file_name"], row["revision"]) not in named
    ]
    wrong += [f"record not done: {it}" for it in records if it["status"] != "done"]
    awaited = {mark["file_name"] for mark in _below("RUN#", found)}
    wrong += [
        f"nobody asks for the end of {it['job_run_id']}"
        for it in records
        if "job_run_id" in it and "run_status" not in it and it["job_run_id"] not in awaited
    ]
    return wrong


def _named(found: list[dict[str, Any]]) -> set[tuple[str, str, int]]:
    """Return the dates, names and revisions of what stands in a list, or in the plan of an open record."""
    is_open = {item["file_name"] for item in _below("MANIFEST#", found) if item["status"] != "done"}
    naming = [
        *_below("PENDING#", found),
        *(item for item in _below("MEMBERS#", found) if item["file_name"] in is_open),
    ]
    return {
        (item["date_prefix"].partition("#")[2], member.row_name, member.revision)
        for item in naming
        for member in from_json(item["members"])
    }


def run_faults(glue_job: str) -> list[str]:
    """Return what is wrong with the Glue runs: each written manifest must have exactly one."""
    runs = client("glue", "").get_job_runs(JobName=glue_job)["JobRuns"]
    started = Counter(run["Arguments"]["--manifest_path"] for run in runs)
    written = Counter(f"s3://{ARTIFACTS}/{key}" for key in manifests())
    return [] if started == written else [f"Glue was started for {started}, the manifests are {written}"]


def lane_with(clock: Callable[[], datetime] | None = None, /, **environment: str) -> Ndjson:
    """Wire the lane as the app does, with variables of the environment changed."""
    settings = Settings.from_environ({**os.environ, **environment})
    return replace(wiring.ndjson(settings), clock=clock or Clock())


def deliver(lane: Ndjson, *records: Any) -> None:
    """Deliver S3's records through the queue, ten messages at a time, and expect no failure."""
    for event in messages(*records):
        assert ndjson_arrived(lane, event) == {"batchItemFailures": []}


def one_by_one(function: Callable[[Any], Any], inputs: Sequence[Any]) -> list[Any]:
    """Make parallel calls one by one, so that every run of a story makes the same calls."""
    return [function(one) for one in inputs]


def create_glue_job(name: str) -> None:
    """Create the Glue job unless it exists; it allows any number of runs."""
    glue = client("glue", "")
    if name not in glue.list_jobs()["JobNames"]:
        command: Any = {"Name": "glueetl", "ScriptLocation": "s3://scripts/load.py"}
        limits: Any = {"MaxConcurrentRuns": 1000}
        glue.create_job(Name=name, Role="etl", Command=command, ExecutionProperty=limits)


def repair(lane: Ndjson) -> dict[str, int]:
    """Run reconcile's share of the lane."""
    return repair_batches(replace(lane, asking=Asking()), lambda: True)
