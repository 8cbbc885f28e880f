"""Any order of uploads, events, configs, clocks and deaths leaves the landing lane's promise whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
from tests.faults.dying import Death, Failure, Fault, Meanwhile, Moment, Nth, calls_of, no_fault, run
from tests.support.builders import eventbridge_event, s3_event
from tests.support.lanes import runs
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
RUN_ENDS = ["SUCCEEDED", "FAILED", "FAILED", "ABORTED"]
FAULTS = [
    "none",
    "none",
    "dies",
    "fails",
    "stays",
    "repeats",
    "overwritten",
    "deleted",
    "reconciled",
    "replayed",
]


class LandingDisorder(LandingUsers):
    """Users, S3's events, three workers with clocks of their own, and everything that may go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Upload] = []
        self.ends: list[dict[str, Any]] = []
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

    @precondition(lambda _: bool(runs.running()))
    @rule(which=st.integers(0, 50), status=st.sampled_from(RUN_ENDS), lost=st.integers(0, 3))
    def an_execution_ends(self, which: int, status: str, lost: int) -> None:
        names = runs.running()
        event = runs.end(names[which % len(names)], status)
        self.story.ends[event["detail"]["name"]] = status
        if lost:
            self.ends.append(event)

    @precondition(lambda self: self.ends)
    @rule(
        which=st.integers(0, 50),
        worker=st.integers(0, WORKERS - 1),
        fault=st.sampled_from(["none", "none", "dies", "fails", "repeats", "reconciled"]),
        number=st.integers(1, 9),
        moment=st.sampled_from(Moment),
        again=st.booleans(),
    )
    def an_end_is_told(
        self, which: int, worker: int, fault: str, number: int, moment: Moment, again: bool
    ) -> None:
        event, other = self.ends.pop(which % len(self.ends)), (worker + 1) % WORKERS
        meanwhile = {
            "repeats": lambda: self._tell(event, other),
            "reconciled": lambda: self._reconcile(other),
        }
        injected = self._fault(fault, meanwhile, number, moment)
        done: list[bool] = []
        self.story.died |= run(lambda: done.append(self._tell(event, worker)), injected)
        self.story.died |= fault != "none"
        if again or not any(done):
            self.ends.append(event)

    def _tell(self, event: dict[str, Any], worker: int) -> bool:
        """Deliver the event of an end; return False when EventBridge is to deliver it again."""
        with self._as(worker), suppress(ClientError, ConfigError, LookupError):
            runs.deliver(event)
            return True
        return False

    @rule(key=st.sampled_from(KEYS))
    def operator_replays(self, key: str) -> None:
        self._replay(key, 0)

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
        other = (worker + 1) % WORKERS
        meanwhile = {
            "repeats": lambda: self._handle(upload, other),
            "overwritten": lambda: self.upload(upload.key, b"newer"),
            "deleted": lambda: self.delete(upload.key),
            "reconciled": lambda: self._reconcile(other),
            "replayed": lambda: self._move_and_replay(upload, other),
        }
        handled = self._deliver(upload, worker, self._fault(fault, meanwhile, number, moment))
        if again or not handled:
            self.events.append(upload)

    @rule(
        worker=st.integers(0, WORKERS - 1), fault=st.sampled_from(["none", "dies"]), number=st.integers(1, 20)
    )
    def reconcile_runs(self, worker: int, fault: str, number: int) -> None:
        self.story.died |= run(
            lambda: self._reconcile(worker), Death(number, Moment.AFTER) if fault == "dies" else no_fault
        )

    def _fault(
        self, name: str, meanwhile: Mapping[str, Callable[[], object]], number: int, moment: Moment
    ) -> Fault:
        if name in meanwhile:
            return Meanwhile(number, meanwhile[name], moment)
        faults: dict[str, Fault] = {
            "none": no_fault,
            "dies": Death(number, moment),
            "fails": Failure(number, "ThrottlingException", moment),
            "stays": Nth("DeleteObject", 1, lambda each: Failure(each, "AccessDenied", http_status=403)),
        }
        return faults[name]

    def _move_and_replay(self, upload: Upload, worker: int) -> None:
        self._handle(upload, worker)
        self.now += timedelta(seconds=90)  # an operator takes a while
        self.configure("wild")
        self._replay(upload.key, worker)

    def _replay(self, key: str, worker: int) -> None:
        with self._as(worker):
            back = self.replay(key)
        if back:
            self.events.append(back)

    def _deliver(self, upload: Upload, worker: int, fault: Fault) -> bool:
        done: list[bool] = []
        died = run(lambda: done.append(self._handle(upload, worker)), fault)
        self.story.died |= died or isinstance(fault, (Failure, Meanwhile))
        if done and done[0]:
            upload.delivered = upload.delivered or self.now
        return bool(done and done[0])

    def _handle(self, upload: Upload, worker: int) -> bool:
        with self._as(worker), suppress(ClientError, ConfigError):
            app.object_created(self._event(upload, worker), None)
            return True
        return False

    def _event(self, upload: Upload, worker: int) -> dict[str, Any]:
        about: Any = {"etag": upload.etag, "size": len(upload.body)}
        if worker:
            return s3_event(upload.key, eventTime=f"{upload.modified:%Y-%m-%dT%H:%M:%S}.500Z", **about)
        return eventbridge_event(upload.key, **about) | {"time": f"{upload.modified:%Y-%m-%dT%H:%M:%SZ}"}

    def _reconcile(self, worker: int) -> dict[str, Any]:
        with self._as(worker):
            return dict(app.reconcile({}, None)["landing"])

    def _tell_all(self) -> None:
        """Deliver every end that is not lost, out of order and each twice."""
        for event in [*reversed(self.ends), *self.ends]:
            self._tell(event, 0)

    @contextmanager
    def _as(self, worker: int) -> Iterator[None]:
        with patch.object(app, "landing", lambda: self.lanes[worker]):
            yield

    def settle(self) -> None:
        self.configure("as usual")
        for upload in self.events:
            self.now += timedelta(seconds=1)
            assert self._deliver(upload, 0, no_fault)
        self._tell_all()
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
