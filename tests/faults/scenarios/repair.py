"""What reconcile finds undone: the repair itself meets the fault, and the event comes late or never."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

import app
from chalicelib.ndjson import repair_arrivals
from tests.faults.dying import Death, Failure, Fault, Moment, Nth, run
from tests.faults.invariants.landing import landing_faults
from tests.faults.matrix import Case, Scenario
from tests.faults.scenarios.landing import LARGE, Landed
from tests.faults.scenarios.ndjson import UNANNOUNCED, VALID, Arrived
from tests.support.builders import LANDING
from tests.support.lanes.ndjson import items
from tests.support.lanes.scans import LambdaContext
from tests.support.reset import stored

ONE_KEY = {"MOTO_S3_DEFAULT_MAX_KEYS": "1"}  # a page has one key, so each file takes a run
UNTOLD = ("gone without a row", "recorded Counter", "no row says so")  # faults that only an event could mend
LOOKS = 3  # looks at the clock: before the NDJSON bucket's page, a page, and its file


def dies_at(operation: str) -> Callable[[], Fault]:
    """Have the process die before its first call of `operation`."""
    return partial(Nth, operation, 1, partial(Death, moment=Moment.BEFORE))


def refused_at(operation: str) -> Callable[[], Fault]:
    """Have the first call of `operation` fail."""
    return partial(Nth, operation, 1, partial(Failure, code="InternalFailure"))


@dataclass
class Undone(Landed):
    """Reconcile finds an upload whose event never came, or whose process met the fault `left_by`."""

    left_by: Callable[[], Fault] | None = None
    jobs_then: list[Any] | None = None  # the config when reconcile runs
    beside: str = ""  # a second such file: one run of reconcile sees only one of them

    def begin(self) -> None:
        """Leave the upload undone, and let the grace pass."""
        super().begin()
        if self.left_by:
            with suppress(ClientError):
                run(self.event_comes, self.left_by())
        if self.beside:
            self.seen().upload(self.beside, self.body)
        if self.jobs_then is not None:
            self.seen().configure(self.jobs_then)
        self.pass_time()

    def trigger(self) -> None:
        """Run reconcile as its schedule does."""
        if self.beside:
            with patch.dict(os.environ, ONE_KEY):
                self._run(LambdaContext(LOOKS))
                self._run(LambdaContext(LOOKS))
        else:
            self._run(None)

    def faults(self, case: Case) -> list[str]:
        """Judge the other file as well, and that reconcile has listed everything."""
        found = [f"left: {cursor}" for cursor in _cursors()]
        found += landing_faults(self.seen(), self.beside, self.status) if self.beside else []
        untold = UNTOLD if self._is_unknowable(case) else ()
        return found + [fault for fault in super().faults(case) if not any(each in fault for each in untold)]

    def _is_unknowable(self, case: Case) -> bool:
        """Tell whether the user deleted the upload before any call named it, and its event never comes."""
        there = stored(LANDING, self.key)
        taken = there is None or there.etag.strip('"') != self.etag
        return taken and not case.repeated and self.key not in str(case.call.parameters)

    def _run(self, context: LambdaContext | None) -> None:
        with self.process():
            app.reconcile({}, context)


@dataclass
class Unlisted(Arrived):
    """The messages of NDJSON files never came; one run of reconcile lists one file.

    Their batch is full at once, so its Glue run starts while only the grace of events has passed. The
    emulated Glue knows no other clock than the machine's, and runs are looked up an hour back.
    """

    def begin(self) -> None:
        """Let less than that hour pass."""
        super().begin()
        self.ahead = timedelta(minutes=50)

    def trigger(self) -> None:
        """Run reconcile as often as there are files."""
        with patch.dict(os.environ, ONE_KEY), patch.object(repair_arrivals, "PAGES_OF_ONE_RUN", 1):
            for _ in self.files:
                super().trigger()

    def faults(self, case: Case) -> list[str]:
        """Judge also that reconcile has listed everything."""
        return super().faults(case) + [f"left: {cursor}" for cursor in _cursors()]


ACTIVE, MYSTERY = "data/in/active.csv", "data/in/mystery.csv"
UNDONE: list[Scenario] = [
    Undone("its event was lost", ACTIVE, "triggered"),
    Undone("its event was lost, no job", MYSTERY, "not_configured", LARGE),
    Undone("two events were lost, one run sees one", ACTIVE, "triggered", beside="data/in/b/active.csv"),
    Undone("died before its row", ACTIVE, "triggered", left_by=dies_at("PutItem")),
    Undone(
        "died before its row, its job went", ACTIVE, "triggered", left_by=dies_at("PutItem"), jobs_then=[]
    ),
    Undone("died between copy and row", MYSTERY, "not_configured", LARGE, left_by=dies_at("PutItem")),
    Undone("died before it deleted the source", MYSTERY, "not_configured", left_by=dies_at("DeleteObject")),
    Undone("failed, is tried again", ACTIVE, "triggered", left_by=refused_at("StartExecution")),
    Unlisted("two messages were lost, one run sees one", VALID[:2], **UNANNOUNCED),
]


def _cursors() -> list[dict[str, Any]]:
    """Return the places where walks are to go on, but not the execution that still runs a day later."""
    return [cursor for cursor in items("CURSOR#") if cursor["date_prefix"] != "CURSOR#runs"]
