"""Any order of uploads, scans, messages, configs and deaths leaves discovery's promise whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import app
from chalicelib.aws import queue
from chalicelib.errors import ConfigError
from tests.disorder.depth import tell
from tests.disorder.discovery_model import Discovered, broken_discovery, state_document
from tests.disorder.landing_model import Upload
from tests.disorder.landing_users import LandingUsers
from tests.faults.dying import Call, Death, Fault, Meanwhile, Moment, Nth, Send, no_fault, run
from tests.faults.partial import HalfSent
from tests.support.builders import s3_event, sqs_event
from tests.support.lanes.scans import ARTIFACTS, STATE_KEY, LambdaContext, Scans
from tests.support.world import World

KEYS = [
    "incoming/a/orders.csv",
    "incoming/a/idle.csv",
    "incoming/b/mystery.CSV",
    "incoming/b/orders.csv",
    "incoming/c+%41 é/orders.csv",
]
BESIDE = ["incoming/Logs/orders.csv", "incoming/a/deep/orders.csv", "incoming/orders.csv", "incoming/a/o.txt"]
SIZES = [0, 5000]  # parking puts a small file and copies a large one in parts
WIRED = app.discovered.__wrapped__
FAULTS = [
    "none",
    "none",
    "dies",
    "refused",
    "refused",
    "state lost",
    "another scan",
    "overwritten",
    "deleted",
]


class DiscoveryDisorder(LandingUsers):
    """Users, overlapping scans that die or run out of time, a queue, and its consumers."""

    story: Discovered

    def __init__(self) -> None:
        super().__init__()
        self.story = Discovered()
        self.queue: list[Any] = []
        self.scans = Scans()
        self.lane = self.on_time(WIRED())
        self.configure("as usual")

    @rule(
        keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True),
        size=st.sampled_from(SIZES),
    )
    def users_upload(self, keys: list[str], size: int) -> None:
        for key in keys:
            self.upload(key, size)

    @rule(key=st.sampled_from([*KEYS, *BESIDE]), size=st.sampled_from(SIZES))
    def an_upload_is_announced_by_s3(self, key: str, size: int) -> None:
        upload = self.upload(key, size)
        with self._alone():
            app.object_created(s3_event(key, etag=upload.etag, size=len(upload.body)), None)

    def upload(self, key: str, size: int) -> Upload:
        body = f"{len(self.story.uploads)}\n".encode() + b"x" * size
        return self.put(key, body)

    @rule(key=st.sampled_from(KEYS))
    def delete(self, key: str) -> None:
        super().delete(key)

    @rule(
        keys=st.lists(st.sampled_from(KEYS), max_size=5, unique=True),
        fault=st.sampled_from(FAULTS),
        number=st.integers(1, 12),
        moment=st.sampled_from(Moment),
        looks=st.sampled_from([1, 2, 3, 99, 99]),
        key=st.sampled_from(KEYS),
    )
    def a_scan_runs(
        self, keys: list[str], fault: str, number: int, moment: Moment, looks: int, key: str
    ) -> None:
        self.users_upload(keys, 0)
        run(lambda: self._scan(looks), self._fault(fault, number, moment, key))
        self._take_messages()

    @precondition(lambda self: self.queue)
    @rule(
        which=st.lists(st.integers(0, 50), min_size=1, max_size=5),
        fault=st.sampled_from(["none", "dies", "another scan", "overwritten", "deleted"]),
        number=st.integers(1, 12),
        moment=st.sampled_from(Moment),
        again=st.booleans(),
    )
    def messages_come(self, which: list[int], fault: str, number: int, moment: Moment, again: bool) -> None:
        bodies = [self.queue.pop(each % len(self.queue)) for each in which if self.queue]
        left: list[Any] = []
        meant = self._fault(fault, number, moment, bodies[0]["key"])
        died = run(lambda: left.extend(self._consume(bodies)), meant)
        self.story.died |= died or fault != "none"
        self.queue += bodies if died or again else left

    def _fault(self, name: str, number: int, moment: Moment, key: str) -> Fault:
        meanwhile: dict[str, Callable[[], object]] = {
            "another scan": lambda: self._scan(99),
            "overwritten": lambda: self.upload(key, 0),
            "deleted": lambda: self.delete(key),
            "state lost": lambda: self.world.s3.delete_object(Bucket=ARTIFACTS, Key=STATE_KEY),
        }
        if name in meanwhile:
            return Nth("", number, lambda n: Meanwhile(n, meanwhile[name], moment))
        faults: dict[str, Callable[[int], Fault]] = {
            "none": lambda _: no_fault,
            "dies": lambda n: Death(n, moment),
        }
        return _half_refused if name == "refused" else Nth("", number, faults[name])

    def _scan(self, looks: int) -> dict[str, Any]:
        """Scan with time for so many looks at the clock."""
        result: dict[str, Any] = app.discover_csv({}, LambdaContext(looks))
        return result

    def _take_messages(self) -> None:
        found = self.scans.messages()
        self.story.announced.update((each["key"], each["etag"]) for each in found)
        self.queue += found

    def _consume(self, bodies: list[Any]) -> list[Any]:
        with self._alone():
            failed = {
                each["itemIdentifier"]
                for each in app.csv_discovered(sqs_event(*bodies), None)["batchItemFailures"]
            }
            return [body for number, body in enumerate(bodies) if f"message-{number}" in failed]
        return bodies

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (
            suppress(ClientError, ConfigError),
            patch.object(app, "discovered", lambda: self.lane),
            patch.object(app, "landing", lambda: self.lane),
        ):
            yield

    def settle(self) -> None:
        self.configure("as usual")
        for _ in range(2):
            self.now += timedelta(minutes=10)
            while not self._scan(99)["complete"]:
                continue
            self._take_messages()
            while self.queue:
                bodies, self.queue = self.queue[:10], self.queue[10:]
                assert self._consume(bodies) == [], "a message is failed without a fault"
            with self._alone():
                app.reconcile({}, None)
        assert self._scan(99)["errors"] == 0

    def faults(self) -> list[str]:
        before = state_document()
        result = self._scan(99)
        quiet = (result["statusCode"], result["queued"], result["removed"]) == (200, 0, 0)
        unchanged = quiet and state_document() == before and not self.scans.messages()
        found = broken_discovery(self.world, self.story)
        return found if unchanged else [*found, f"a settled system's scan did {result}"]


def _half_refused(call: Call, send: Send) -> Any:
    """Let the queue refuse half of every batch, also of repeated ones."""
    return HalfSent(call.number)(call, send)


def test_any_story_of_discovery_ends_well(shared_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")  # pages so small that a scan has many
    monkeypatch.setattr(queue, "BACKOFF_SECONDS", 0)
    DiscoveryDisorder.world = World()
    judged, wanted = tell(DiscoveryDisorder, stories=12, steps=25)
    assert judged >= wanted, "a story ended without being judged"
