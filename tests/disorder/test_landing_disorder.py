"""Any order of uploads, events, configs, clocks and deaths leaves the landing lane's promise whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import app
from chalicelib.errors import ConfigError
from tests.disorder.depth import tell
from tests.disorder.landing_model import Upload, broken_promises
from tests.disorder.landing_users import LandingUsers
from tests.faults.dying import Death, Failure, Fault, Meanwhile, Moment, calls_of, no_fault, run
from tests.support.builders import eventbridge_event, s3_event
from tests.support.world import World

KEYS = [
    "data/in/orders.csv",
    "data/in/idle.csv",
    "data/in/a/mystery.csv",
    "data/in/b/mystery.csv",
    "notes/n.txt",
]
BODIES = [b"one", b"two", b"", b"0123456789" * 500]
WORKERS = 3
WIRED = app.landing.__wrapped__
FAULTS = ["none", "none", "dies", "fails", "repeats", "overwritten", "deleted", "reconciled"]


class LandingDisorder(LandingUsers):
    """Users, S3's events, three workers with clocks of their own, and everything that may go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Upload] = []
        self.lanes = [self.on_time(WIRED(), timedelta(seconds=skew)) for skew in (0, 45, -45)]
        self.configure("as usual")

    @rule(key=st.sampled_from(KEYS), body=st.sampled_from(BODIES), lost=st.integers(0, 5))
    def upload(self, key: str, body: bytes, lost: int = 1) -> None:
        upload = self.put(key, body)
        if lost or not key.startswith("data/in/"):  # reconcile looks nowhere else
            self.events.append(upload)

    @rule(key=st.sampled_from(KEYS))
    def delete(self, key: str) -> None:
        super().delete(key)

    @rule()
    def executions_end(self) -> None:
        self.world.stop_executions()

    @precondition(lambda self: self.events)
    @rule(
        which=st.integers(0, 50),
        worker=st.integers(0, WORKERS - 1),
        fault=st.sampled_from(FAULTS),
        number=st.integers(1, 9),
        moment=st.sampled_from(Moment),
        again=st.booleans(),
    )
    def event_comes(
        self, which: int, worker: int, fault: str, number: int, moment: Moment, again: bool
    ) -> None:
        upload = self.events.pop(which % len(self.events))
        handled = self._deliver(upload, worker, self._fault(fault, upload, worker, number, moment))
        if again or not handled:
            self.events.append(upload)

    @rule(
        worker=st.integers(0, WORKERS - 1), fault=st.sampled_from(["none", "dies"]), number=st.integers(1, 20)
    )
    def reconcile_runs(self, worker: int, fault: str, number: int) -> None:
        self.story.died |= run(
            lambda: self._reconcile(worker), Death(number, Moment.AFTER) if fault == "dies" else no_fault
        )

    def _fault(self, name: str, upload: Upload, worker: int, number: int, moment: Moment) -> Fault:
        other = (worker + 1) % WORKERS
        meanwhile = {
            "repeats": lambda: self._handle(upload, other),
            "overwritten": lambda: self.upload(upload.key, b"newer"),
            "deleted": lambda: self.delete(upload.key),
            "reconciled": lambda: self._reconcile(other),
        }
        if name in meanwhile:
            return Meanwhile(number, meanwhile[name], moment)
        faults: dict[str, Fault] = {
            "none": no_fault,
            "dies": Death(number, moment),
            "fails": Failure(number, "ThrottlingException", moment),
        }
        return faults[name]

    def _deliver(self, upload: Upload, worker: int, fault: Fault) -> bool:
        done: list[bool] = []
        died = run(lambda: done.append(self._handle(upload, worker)), fault)
        self.story.died |= died or isinstance(fault, (Failure, Meanwhile))
        upload.delivered |= bool(done and done[0])
        return bool(done and done[0])

    def _handle(self, upload: Upload, worker: int) -> bool:
        with self._as(worker), suppress(ClientError, ConfigError):
            shape = s3_event if worker else eventbridge_event
            app.object_created(shape(upload.key, etag=upload.etag, size=len(upload.body)), None)
            return True
        return False

    def _reconcile(self, worker: int) -> dict[str, Any]:
        with self._as(worker):
            return dict(app.reconcile({}, None)["landing"])

    @contextmanager
    def _as(self, worker: int) -> Iterator[None]:
        with patch.object(app, "landing", lambda: self.lanes[worker]):
            yield

    def settle(self) -> None:
        self.configure("as usual")
        for upload in self.events:
            self.now += timedelta(seconds=1)
            assert self._deliver(upload, 0, no_fault)
        for _ in range(2):
            self.now += timedelta(minutes=10)
            self._reconcile(0)

    def faults(self) -> list[str]:
        calls = calls_of(lambda: self._reconcile(0))
        reads = ("Get", "Batch", "Describe", "List", "Query", "Scan")
        return broken_promises(self.world, self.story) + [
            f"a settled system's reconcile calls {call}"
            for call in calls
            if not call.operation.startswith(reads)
        ]


def test_any_story_of_the_landing_lane_ends_well(shared_aws: None) -> None:
    app.landing.cache_clear()
    LandingDisorder.world = World()
    judged, wanted = tell(LandingDisorder, stories=30, steps=25)
    assert judged >= wanted, "a story ended without being judged"
