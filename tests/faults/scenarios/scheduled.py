"""What happens to the scheduled lanes: a scan, the messages it queued, the tables' manifests."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3

import app
from chalicelib.errors import StateError
from tests.faults.invariants.landing import landing_faults
from tests.faults.matrix import Case, Scenario
from tests.faults.scenarios.landing import JOBS, fresh_process
from tests.support.builders import CONFIG_KEY, LANDING, job, sqs_event
from tests.support.lanes.scans import Scans
from tests.support.reset import forget_everything, stored
from tests.support.world import World

OUTCOMES = {
    "incoming/a/active.csv": "triggered",
    "incoming/b/idle.csv": "inactive",
    "incoming/b/mystery.csv": "not_configured",
}
GONE = "incoming/a/gone.csv"
RECEIVES = 4  # of a message after its first, before it is dead-lettered
TABLE_FILES = {"data/orders/1.csv": b"1", "data/orders/2.csv": b"22", "data/customers.csv": b"333"}


@dataclass
class Scheduled:
    """No event announced some CSV files; the scan, or the consumer of its messages, meets the fault."""

    name: str
    consumer: bool = False
    reconcile_alone: bool = False  # the next scan, or the queue, brings the outcome
    world: World | None = None
    waiting: list[Any] = field(default_factory=list)

    def begin(self) -> None:
        """Set up an empty AWS with files and an older state; scan already if the consumer meets the fault."""
        forget_everything()
        self.world = self.world or World()
        self.world.configure(JOBS)
        self.waiting = []
        scans = Scans()
        scans.put_state(scans.document(GONE))
        scans.upload(*OUTCOMES)
        if self.consumer:
            scans.scan()
            self.waiting = scans.messages()

    def trigger(self) -> None:
        """Scan, or consume what was queued."""
        if self.consumer:
            self._consume()
            return
        with suppress(StateError):  # what a scan raises when it cannot read its document
            app.discover_csv({}, None)

    def redeliver(self) -> None:
        """Scan again, as the schedule does, or receive again what was not acknowledged."""
        for _ in range(RECEIVES if self.consumer else 1):
            self.trigger()

    def reconcile(self) -> None:
        """Consume what is queued, scan once more, and consume that; then reconcile ends what was moved."""
        for _ in range(2):
            self.waiting += Scans().messages()
            for _ in range(RECEIVES):
                self._consume()
            assert not self.waiting, "messages would be dead-lettered"
            result = app.discover_csv({}, None)
            assert result["statusCode"] == 200, result
        with fresh_process(lambda: timedelta(minutes=10)):
            counts = app.reconcile({}, None)["landing"]
        assert not counts["errors"], counts

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another scan overlaps; another worker has the messages; a user overwrites or deletes a file."""
        scans, key = Scans(), "incoming/a/active.csv"
        return {
            "a scan": self._scan,
            "the consumer": lambda: self._drain(scans.messages()),
            "an overwrite": lambda: scans.upload(key, body=b"newer"),
            "a deletion": lambda: scans.delete(key),
        }

    def faults(self, _: Case) -> list[str]:
        """Judge the state document, and the outcome of every file."""
        recorded = Scans().recorded()
        there = {key: stored(LANDING, key).etag.strip('"') for key in OUTCOMES if stored(LANDING, key)}
        found = [] if recorded == there else [f"the state holds {recorded}, there is {there}"]
        deleted = {key for key in OUTCOMES if key not in there and not self._rows(key)}
        found += [f"left in the queue: {key}" for key in Scans().queued_keys()]
        judged = {key: status for key, status in OUTCOMES.items() if key not in deleted}
        assert self.world is not None
        for key, status in judged.items():
            found += landing_faults(self.world, key, status)
        return found + [f"{key} went missing" for key in deleted - {"incoming/a/active.csv"}]

    def _rows(self, key: str) -> list[Any]:
        assert self.world is not None
        return self.world.rows(key)

    def _scan(self) -> None:
        app.discover_csv({}, None)

    def _drain(self, messages: list[Any]) -> None:
        assert not self._handle(messages), "nothing is wrong with these messages"

    def _consume(self) -> None:
        failed = {each["itemIdentifier"] for each in self._handle(self.waiting)}
        self.waiting = [each for number, each in enumerate(self.waiting) if f"message-{number}" in failed]

    def _handle(self, messages: list[Any]) -> list[dict[str, str]]:
        failures: list[dict[str, str]] = []
        if messages:
            failures = app.csv_discovered(sqs_event(*messages), None)["batchItemFailures"]
        return failures


@dataclass
class TableManifests:
    """Tables have files, one of them new; every manifest must list exactly the stored files."""

    name: str = "table manifests"
    reconcile_alone: bool = False

    def begin(self) -> None:
        """Write manifests of older files, then upload another."""
        forget_everything()
        s3 = boto3.client("s3")
        jobs = [job(), job(job_id="2", source_file_name="orders.csv", target_table="orders")]
        s3.put_object(Bucket=LANDING, Key=CONFIG_KEY, Body=json.dumps(jobs))
        for key, body in list(TABLE_FILES.items())[1:]:
            s3.put_object(Bucket=LANDING, Key=key, Body=body)
        app.write_table_manifests({}, None)
        key, body = next(iter(TABLE_FILES.items()))
        s3.put_object(Bucket=LANDING, Key=key, Body=body)

    def trigger(self) -> None:
        """Run as the schedule does."""
        app.write_table_manifests({}, None)

    def redeliver(self) -> None:
        """Run an hour later."""
        self.trigger()

    def reconcile(self) -> None:
        """Run another hour later, when nothing may go wrong any more."""
        assert app.write_table_manifests({}, None)["statusCode"] == 200

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Another run overlaps."""
        return {"another run": self.trigger}

    def faults(self, _: Case) -> list[str]:
        """Compare the manifests with the stored files."""
        expected = {"orders": ["data/orders/1.csv", "data/orders/2.csv"], "customers": ["data/customers.csv"]}
        found = []
        for table, keys in expected.items():
            manifest = stored(LANDING, f"manifests/tables/{table}.manifest")
            entries = json.loads(manifest.value)["entries"]
            listed = [(entry["url"], entry["meta"]["content_length"]) for entry in entries]
            wanted = [(f"s3://{LANDING}/{key}", len(TABLE_FILES[key])) for key in keys]
            found += [] if listed == wanted else [f"{table} lists {listed}"]
        return found


SCHEDULED: list[Scenario] = [
    Scheduled("a scan"),
    Scheduled("the consumer of a scan's messages", consumer=True),
    TableManifests(),
]
