"""Any order of uploads, messages, thresholds, clocks and deaths leaves the NDJSON lane's promise whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import app
from chalicelib import parallel
from chalicelib.ndjson.lane import Ndjson
from tests.disorder.depth import Disorder, tell
from tests.disorder.ndjson_model import INVALID, File, Story, broken_promises
from tests.faults.dying import Death, Failure, Fault, Meanwhile, Moment, Nth, calls_of, no_fault, run
from tests.support.api import OPERATOR, Api
from tests.support.builders import NDJSON
from tests.support.lanes import ndjson
from tests.support.reset import date_object, forget_everything, stored

START = datetime(2026, 1, 15, 8, tzinfo=UTC)
DATED = [f"{folder}/2026-01-15/{name}.ndjson" for folder in "io" for name in "abcd"]
UNDATED = "in/plain.ndjson"
BODIES = [b'{"v": %d}\n' % n * 10 for n in range(3)] + [INVALID]
BATCHES = {"two files": 180, "three files": 270, "never": 10**9}  # the limit in bytes
WORKERS = 3
Place = tuple[str, int]  # the operation that meets a fault, and at which of its calls
GLUE_JOB = "load-batches"
SETTINGS = {
    "EXPECTED_FILE_SIZE_MB": "0.001",
    "SIZE_TOLERANCE_PERCENT": "100",
    "GLUE_JOB_NAME": GLUE_JOB,
    "LOCK_TTL_SECONDS": "30",  # the clocks differ by more, so a lock expires under its holder
    "RECONCILE_WINDOW_SECONDS": "604800",
}
PLACES = st.one_of(
    st.tuples(st.just(""), st.integers(1, 20)),
    st.tuples(st.sampled_from(["PutItem", "UpdateItem"]), st.integers(1, 6)),
    st.tuples(st.sampled_from(["PutObject", "StartJobRun"]), st.just(1)),
)
OF_A_BATCH = st.one_of(  # its plan, its claims, its manifest, its Glue run
    st.tuples(st.just("PutItem"), st.just(6)),
    st.tuples(st.just("UpdateItem"), st.integers(2, 4)),
    st.tuples(st.sampled_from(["PutObject", "StartJobRun", "StartJobRun"]), st.just(1)),
)
FAULTS = [
    "none",
    "none",
    "dies",
    "dies",
    "fails",
    "stays",
    "repeats",
    "overwritten",
    "deleted",
    "reconciled",
    "released",
]


class NdjsonDisorder(Disorder):
    """Users, a queue, three workers with clocks of their own, and everything that may go wrong."""

    def __init__(self) -> None:
        super().__init__()
        forget_everything()
        self.now = START
        self.story = Story()
        self.queue: list[File] = []
        self.configure("two files", checked=True)

    @rule(batch=st.sampled_from(sorted(BATCHES)), checked=st.sampled_from([True, True, True, False]))
    def configure(self, batch: str, checked: bool) -> None:
        self.story.unchecked |= not checked
        changes = {
            **SETTINGS,
            "MAX_BATCH_SIZE_GB": f"{BATCHES[batch] / 1024**3:.12f}",
            "NDJSON_CONTENT_CHECK": str(checked).lower(),
        }
        self.lanes = [self._lane(timedelta(seconds=skew), changes) for skew in (0, 45, -45)]

    def _lane(self, skew: timedelta, changes: dict[str, str]) -> Ndjson:
        return ndjson.lane_with(lambda: self.now + skew, **changes)

    @rule(
        keys=st.lists(st.sampled_from([*DATED, UNDATED]), min_size=1, max_size=4, unique=True),
        body=st.sampled_from(BODIES),
        lost=st.sampled_from([False, False, False, True]),
    )
    def users_upload(self, keys: list[str], body: bytes, lost: bool) -> None:
        for key in keys:
            self.upload(key, body, lost)

    def upload(self, key: str, body: bytes, lost: bool = False) -> None:
        record = ndjson.upload(key, body=body, size=len(body))
        record["eventTime"] = self.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        date_object(NDJSON, key, self.now)
        file = File(key, body, record["s3"]["object"]["eTag"], self.now, record)
        self.story.put(file)
        if not lost or key == UNDATED:  # a file without a date and an event is reported, not tracked
            self.queue.append(file)

    @rule(key=st.sampled_from(DATED))
    def delete(self, key: str) -> None:
        boto3.client("s3").delete_object(Bucket=NDJSON, Key=key)
        self.story.there.pop(key, None)

    @rule(key=st.sampled_from(DATED))
    def operator_releases(self, key: str) -> None:
        before = stored(NDJSON, key)
        with patch("moto.s3.models.utcnow", lambda: self.now.replace(tzinfo=None)):
            Api(OPERATOR).post("/quarantine/release", {"key": key})
        there = stored(NDJSON, key)
        if there and not before:
            etag = there.etag.strip('"')
            record = ndjson.record_of(key, etag, len(there.value))
            record["eventTime"] = self.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            file = File(key, there.value, etag, self.now, record, released=True)
            self.story.put(file)
            self.queue.append(file)

    @rule(seconds=st.sampled_from([1, 40, 301, 3601, 20_000]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(
        worker=st.integers(0, WORKERS - 1),
        fault=st.sampled_from(["dies", "dies", "overwritten", "overwritten", "reconciled", "fails"]),
        place=OF_A_BATCH,
        moment=st.sampled_from(Moment),
    )
    def a_batch_fills(self, worker: int, fault: str, place: Place, moment: Moment) -> None:
        self.configure("three files", checked=True)
        body = b'{"n": %4d}\n' % len(self.story.files) * 8
        for key in DATED[:4]:
            self.upload(key, body)
        files, self.queue = self.queue[-4:], self.queue[:-4]
        self.queue += self._receive(files, worker, self._fault(fault, files, worker, place, moment))

    @precondition(lambda self: self.queue)
    @rule(
        which=st.lists(st.integers(0, 50), min_size=2, max_size=6),
        worker=st.integers(0, WORKERS - 1),
        fault=st.sampled_from(FAULTS),
        place=PLACES,
        moment=st.sampled_from(Moment),
        again=st.booleans(),
    )
    def messages_come(
        self, which: list[int], worker: int, fault: str, place: Place, moment: Moment, again: bool
    ) -> None:
        files = [self.queue.pop(each % len(self.queue)) for each in which if self.queue]
        self.queue += self._receive(files, worker, self._fault(fault, files, worker, place, moment))
        self.queue += files if again else []

    @rule(
        worker=st.integers(0, WORKERS - 1),
        fault=st.sampled_from(["none", "dies", "fails", "repeated"]),
        place=PLACES,
        moment=st.sampled_from(Moment),
    )
    def reconcile_runs(self, worker: int, fault: str, place: Place, moment: Moment) -> None:
        other = (worker + 1) % WORKERS
        faults: dict[str, Callable[[int], Fault]] = {
            "none": lambda _: no_fault,
            "dies": lambda number: Death(number, moment),
            "fails": lambda number: _failure(number, moment),
            "repeated": lambda number: Meanwhile(number, lambda: self._reconcile(other), moment),
        }
        run(lambda: self._reconcile(worker), Nth(*place, faults[fault]))

    def _fault(self, name: str, files: list[File], worker: int, place: Place, moment: Moment) -> Fault:
        other, key = (worker + 1) % WORKERS, files[0].key
        meanwhile = {
            "repeats": lambda: self._handle(files, other),
            "overwritten": lambda: self._overwrite(key, other),
            "deleted": lambda: self.delete(key) if key != UNDATED else None,
            "reconciled": lambda: self._reconcile(other),
            "released": lambda: self._move_and_release(files, other),
        }
        faults: dict[str, Callable[[int], Fault]] = {
            "none": lambda _: no_fault,
            "dies": lambda number: Death(number, moment),
            "fails": lambda number: _failure(number, moment),
        }
        if name == "stays":
            return Nth("DeleteObject", 1, lambda each: Failure(each, "AccessDenied", http_status=403))
        if name in meanwhile:
            return Nth(*place, lambda number: Meanwhile(number, meanwhile[name], moment))
        return Nth(*place, faults[name])

    def _move_and_release(self, files: list[File], worker: int) -> None:
        self._handle(files, worker)
        for file in files:
            if file.key != UNDATED:
                self.operator_releases(file.key)

    def _overwrite(self, key: str, worker: int) -> None:
        self.upload(key, BODIES[2])
        self._handle([self.queue[-1]], worker)

    def _receive(self, files: list[File], worker: int, fault: Fault) -> list[File]:
        """Receive these messages; return those that the queue still holds."""
        left: list[File] = []
        died = run(lambda: left.extend(self._handle(files, worker)), fault)
        return files if died else left

    def _handle(self, files: list[File], worker: int) -> list[File]:
        (event,) = ndjson.messages(*(file.record for file in files))
        with self._as(worker):
            failed = {each["itemIdentifier"] for each in app.ndjson_arrived(event, None)["batchItemFailures"]}
        return [file for number, file in enumerate(files) if f"message-{number}" in failed]

    def _reconcile(self, worker: int) -> dict[str, Any]:
        with self._as(worker):
            return dict(app.reconcile({}, None))

    @contextmanager
    def _as(self, worker: int) -> Iterator[None]:
        with (
            patch.object(app, "ndjson", lambda: self.lanes[worker]),
            patch.object(parallel, "each", ndjson.one_by_one),
        ):
            yield

    def settle(self) -> None:
        self.configure("two files", checked=True)
        while self.queue:
            batch, self.queue = self.queue[:10], self.queue[10:]
            assert self._receive(batch, 0, no_fault) == [], "a message is failed without a fault"
        for hours in (1, 2, 3):
            self.now += timedelta(hours=hours)
            counts = self._reconcile(0)
            assert counts["ndjson"]["errors"] == counts["arrivals"]["errors"] == 0, counts

    def faults(self) -> list[str]:
        reads = ("Get", "Batch", "List", "Query", "Scan")
        calls = [
            call for call in calls_of(lambda: self._reconcile(0)) if not call.operation.startswith(reads)
        ]
        writes = [f"a settled system's reconcile calls {call}" for call in calls]
        return broken_promises(self.story, GLUE_JOB) + writes


def _failure(number: int, moment: Moment) -> Failure:
    """Fail a call by a server's error, before or after its effect."""
    before = moment is Moment.BEFORE
    return Failure(
        number, "ThrottlingException" if before else "InternalError", moment, 400 if before else 500
    )


def test_any_story_of_the_ndjson_lane_ends_well(shared_aws: None) -> None:
    ndjson.create_glue_job(GLUE_JOB)
    judged, wanted = tell(NdjsonDisorder, stories=12, steps=20)
    assert judged >= wanted, "a story ended without being judged"
