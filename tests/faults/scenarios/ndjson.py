"""What happens to the NDJSON lane: messages arrive, batches fill, reconcile flushes them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError

import app
from chalicelib import parallel
from chalicelib.ndjson import quarantine
from tests.faults.invariants.ndjson import ndjson_faults
from tests.faults.matrix import Case
from tests.support.api import OPERATOR, Api
from tests.support.aws_calls import failing
from tests.support.builders import NDJSON, sqs_event
from tests.support.lanes import ndjson as lane
from tests.support.reset import date_object, forget_everything, stored

DAY = lane.DATE
LIMIT_OF_TWO_FILES = f"{2 * len(lane.LINES) / 1024**3:.30f}"  # GB
GLUE_JOB = "load-batches"
ENVIRONMENT = {
    "MAX_BATCH_SIZE_GB": LIMIT_OF_TWO_FILES,
    "SIZE_TOLERANCE_PERCENT": "100",  # from nothing to 20 MB
    "GLUE_JOB_NAME": GLUE_JOB,
    "MAX_BATCH_AGE_SECONDS": "2400",
}
RECEIVES = 4  # of a message after its first, before it is dead-lettered
FLUSH = timedelta(minutes=50)  # within an hour of the emulated Glue's clock, which nobody turns
UNANNOUNCED: Any = {"by_reconcile": True, "announced": False, "reconcile_alone": True}
LOCK_EXPIRED = timedelta(minutes=6)

Body = tuple[str, bytes]  # key and content


@dataclass
class Arrived:
    """Files arrive in one batch of messages; every current version must have `status` in the end."""

    name: str
    files: list[Body]
    status: str = "manifested"
    before: list[Body] = field(default_factory=list)  # files that arrived and were handled earlier
    earlier: list[list[Body]] = field(default_factory=list)  # batches that were handled one after the other
    environment: dict[str, str] = field(default_factory=dict)
    by_reconcile: bool = False  # whether reconcile meets the fault, after the files have arrived
    announced: bool = True  # whether events come; else reconcile finds the files
    reconcile_alone: bool = False  # a queue keeps its messages, so they come again
    waiting: list[Any] = field(default_factory=list)
    ahead: timedelta = timedelta(0)

    def begin(self) -> None:
        """Set up an empty AWS with a Glue job, and upload the files."""
        forget_everything()
        lane.create_glue_job(GLUE_JOB)
        self.ahead = timedelta(0)
        for batch in [*self.earlier, self.before]:
            self._handle([self._uploaded(*file) for file in batch])
        self.waiting = [self._uploaded(*file) for file in self.files]
        if self.by_reconcile:
            if self.announced:
                self._take(self.waiting)
            self.ahead = FLUSH

    def trigger(self) -> None:
        """Receive the messages, or run reconcile where reconcile meets the fault."""
        self._reconcile() if self.by_reconcile else self._take(self.waiting)

    def redeliver(self) -> None:
        """Receive what was not acknowledged, as SQS does."""
        for _ in range(RECEIVES):
            if self.waiting:
                self._take(self.waiting)
        assert not self.waiting, "messages would be dead-lettered"

    def reconcile(self) -> None:
        """Run reconcile when partial batches are due."""
        self.ahead += FLUSH
        assert self._reconcile() == 0, "reconcile reports errors"

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another worker has the same messages; one comes late; a user overwrites or deletes a file."""
        key = self.files[0][0]
        return {
            "the same messages": lambda: self._once_more(self.waiting),
            "a worker after the lock expired": self._late_worker,
            "an overwrite": lambda: self._once_more([self._uploaded(key, b'{"newer": true}\n')]),
            "a deletion": lambda: boto3.client("s3").delete_object(Bucket=NDJSON, Key=key) and None,
        }

    def faults(self, _: Case) -> list[str]:
        """Judge what is stored."""
        key, body = self.files[0]
        twice = (key, hashlib.md5(body, usedforsecurity=False).hexdigest()) if self.earlier else None
        return ndjson_faults(self.status, GLUE_JOB, datetime.now(UTC) + self.ahead, twice)

    def _take(self, records: list[Any]) -> None:
        self.waiting = list(records)
        failed = {each["itemIdentifier"] for each in self._handle(records)}
        self.waiting = [one for number, one in enumerate(records) if f"message-{number}" in failed]

    def _handle(self, records: list[Any]) -> list[dict[str, str]]:
        if not records:
            return []
        with self.process():
            answer = app.ndjson_arrived(sqs_event(*({"Records": [one]} for one in records)), None)
        failures: list[dict[str, str]] = answer["batchItemFailures"]
        return failures

    def _once_more(self, records: list[Any]) -> None:
        assert not self._handle(records), "nothing is wrong with these messages"

    def _late_worker(self) -> None:
        passed, self.ahead = self.ahead, self.ahead + LOCK_EXPIRED
        with suppress(ClientError):
            self._handle([self._uploaded(f"in/{DAY}/late-{number}.ndjson", lane.LINES) for number in (1, 2)])
        self.ahead = passed

    def _uploaded(self, key: str, body: bytes) -> Any:
        return lane.upload(key, body=body, size=len(body))

    def _reconcile(self) -> int:
        with self.process():
            counts = app.reconcile({}, None)
        return int(sum(counts[part]["errors"] for part in ("ndjson", "arrivals", "glue_runs", "failed")))

    @contextmanager
    def process(self) -> Iterator[None]:
        """Begin a fresh process whose clock shows the time that has passed."""
        wired = lane.lane_with(lane.Clock(), **ENVIRONMENT, **self.environment)
        wired = replace(wired, clock=lambda: datetime.now(UTC) + self.ahead)
        with patch.object(app, "ndjson", lambda: wired), patch.object(parallel, "each", lane.one_by_one):
            yield


@dataclass
class ReleasedMeanwhile(Arrived):
    """An invalid file of an hour ago; meanwhile another worker moves it and an operator releases it."""

    released: bool = False

    def begin(self) -> None:
        """Let the file be older than whatever comes now."""
        super().begin()
        self.released = False
        date_object(NDJSON, self.files[0][0], datetime.now(UTC) - timedelta(hours=1))

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Let another worker have the same message, and an operator release what it moved."""
        return {"a move and a release": self._move_and_release}

    def _move_and_release(self) -> None:
        self._once_more(self.waiting)
        with self.process():
            answer = Api(OPERATOR).post("/quarantine/release", {"key": self.files[0][0]})
        self.released = answer.status == 200

    def faults(self, case: Case) -> list[str]:
        """Judge that a released file lies where it was, once, and that its one row says so."""
        if not self.released:
            return super().faults(case)
        key, body = self.files[0]
        there, statuses = stored(NDJSON, key), lane.statuses()
        faults = [] if there and there.value == body else [f"its bytes are gone: {key}"]
        faults += [f"and in quarantine: {one}" for one in lane.keys_in(lane.QUARANTINE)]
        return faults + lane.imbalance() + ([] if statuses == {"manifested": 1} else [f"rows: {statuses}"])


@dataclass
class Undeletable(Arrived):
    """S3 refuses to delete an invalid file where it landed, as under an object lock; it is tried twice."""

    @contextmanager
    def process(self) -> Iterator[None]:
        """Begin a fresh process, to which S3 refuses that one delete."""
        refused = failing("DeleteObject", "AccessDenied", 403, self.files[0][0])
        with super().process(), refused, patch.object(quarantine, "MAX_ATTEMPTS", 2):
            yield

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Let another worker have the same message."""
        return {"the same messages": lambda: self._once_more(self.waiting)}

    def faults(self, _: Case) -> list[str]:
        """Judge that one row tells of the one copy and why the source stays, and that attempts end."""
        (row,) = lane.rows()
        told = (row["status"], "AccessDenied" in row.get("source_stays", ""), row.get("attempts", 0) >= 2)
        faults = [] if told == (self.status, True, True) else [f"its row tells {row}"]
        places = [
            lane.keys_in(NDJSON),
            [f"s3://{lane.QUARANTINE}/{key}" for key in lane.keys_in(lane.QUARANTINE)],
        ]
        return faults + (
            [] if places == [[self.files[0][0]], [row.get("moved_to")]] else [f"it lies at {places}"]
        )


def _key(name: str, folder: str = "in") -> str:
    return f"{folder}/{DAY}/{name}"


VALID = [(_key(f"{name}.ndjson"), lane.LINES) for name in "abc"]
BAD = b'{"a": 1}\nno json\n'
INVALID = [(_key("bad.ndjson"), BAD)]
OTHER = lane.LINES.replace(b"1", b"2")
A_THEN_B: Any = [[VALID[0], (_key("d.ndjson"), OTHER)], [(VALID[0][0], OTHER), (_key("e.ndjson"), OTHER)]]
ARRIVED = [
    ReleasedMeanwhile("invalid, released meanwhile", INVALID, "quarantined"),
    Undeletable("invalid, its source stays", INVALID, "quarantined"),
    Arrived("a batch and a file that waits", VALID),
    Arrived("one file, flushed by age", VALID[:1]),
    Arrived("a full batch is flushed by reconcile", VALID[:1], by_reconcile=True),
    Arrived("invalid", INVALID, "quarantined"),
    Arrived("invalid, large", [(_key("bad.ndjson"), BAD + b" " * 70_000)], "quarantined"),
    Arrived(
        "invalid, no quarantine",
        [(_key("bad.ndjson"), BAD)],
        "quarantined",
        environment={"QUARANTINE_BUCKET": ""},
    ),
    Arrived("no event came", VALID[:1], **UNANNOUNCED),
    Arrived("no event came, invalid", INVALID, "quarantined", **UNANNOUNCED),
    Arrived("one name, two paths", [VALID[0], (_key("a.ndjson", "out"), lane.LINES)]),
    Arrived("a newer version of a waiting file", [(VALID[0][0], b'{"v": 2}\n')], before=VALID[:1]),
    Arrived("content that comes back", VALID[:1], earlier=A_THEN_B),
    Arrived("content that comes back, no event came", VALID[:1], earlier=A_THEN_B, **UNANNOUNCED),
    Arrived("valid after quarantined", [(INVALID[0][0], lane.LINES)], "either", before=INVALID),
    Arrived("a newer version of a manifested file", [(VALID[0][0], b'{"v": 2}\n')], before=VALID[:2]),
]
