"""What started runs come to: their events, and the asking for those that no event told, meet the fault."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import app
from chalicelib.runs import lost, manifest_runs
from chalicelib.settings import Settings
from tests.faults.invariants.ends import archive_faults, end_faults, glue_faults
from tests.faults.matrix import Case, Scenario
from tests.faults.scenarios.landing import Landed
from tests.faults.scenarios.ndjson import ENVIRONMENT, GLUE_JOB, VALID, Arrived
from tests.support.api import OPERATOR, Api
from tests.support.builders import job
from tests.support.lanes import ndjson as lane
from tests.support.lanes import runs
from tests.support.lanes.glue_runs import end_glue_run, run_ids

ACTIVE = "data/in/active.csv"
ARCHIVE = {"ARCHIVE_PREFIX": "archive/"}
OTHERS = b"another's"
ATTEMPTS = 3


@dataclass
class Ended(Landed):
    """The execution of a file ends as `run_status`; `max_retries` of its job are tried and run on."""

    run_status: str = "SUCCEEDED"
    max_retries: int = 0
    event: dict[str, Any] = field(default_factory=dict)
    others: dict[str, bytes] = field(default_factory=dict)

    def begin(self) -> None:
        """Land the file and end its execution; where it would be archived lies another's object."""
        super().begin()
        self.seen().configure([job(source_file_name="active.csv", max_retries=self.max_retries)])
        super().trigger()
        self.event = runs.end(self.seen().row(self.key)["execution"], self.run_status)
        if "ARCHIVE_PREFIX" in self.environment:
            taken = f"archive/{self.uploaded[:10]}/active.csv"
            self.others = {taken: OTHERS}
            self.seen().upload(taken, OTHERS)

    def trigger(self) -> None:
        """Deliver EventBridge's event."""
        with self.process():
            runs.deliver(self.event)

    def redeliver(self) -> None:
        """Deliver the event twice more, and the event of the upload, late."""
        self.trigger()
        self.event_comes()
        self.trigger()

    def reconcile(self) -> None:
        """Run reconcile ten minutes later."""
        self.pass_time()
        with self.process():
            counts = app.reconcile({}, None)
        assert not counts["runs"]["errors"], counts
        assert not counts["landing"]["errors"], counts

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """The same event comes to another worker, and that of the upload; reconcile runs."""
        return {
            "the same event": self._alone(self.trigger),
            "the upload's event": self._alone(self.event_comes),
            "a reconcile": self._alone(self.reconcile),
        }

    def faults(self, case: Case) -> list[str]:
        """Judge the row, its executions, the alerts and the archive."""
        first = self.event["detail"]["name"]
        names = [first, *(f"{first}-r{number + 1}" for number in range(self.max_retries))]
        found = end_faults(self.seen(), self.key, names, self.status)
        if self.others:
            stays = case.says_replaced
            found += archive_faults(self.seen(), self.key, self.body, self.others, stays=stays)
        return found + self._untold(case)

    def _untold(self, case: Case) -> list[str]:
        """Judge the alerts: one, or two around a death; a job that is tried again does not wait for SNS."""
        told = [one["Subject"] for one in self.seen().alerts()]
        excused = bool(self.max_retries) and case.call.operation == "Publish"
        most = 2 if self.run_status == "FAILED" else 0
        least = int(most > 0 and not excused)
        return [] if least <= len(told) <= most else [f"told {told}"]


@dataclass
class Untold(Ended):
    """No event told the end: reconcile asks for it, and meets the fault."""

    def begin(self) -> None:
        """Let the grace pass."""
        super().begin()
        self.pass_time()

    def trigger(self) -> None:
        """Ask, as reconcile does."""
        with self.process():
            lost.repair_runs(runs.runs(), lambda: True)

    def redeliver(self) -> None:
        """Let the event come after all."""
        with self.process():
            runs.deliver(self.event)

    def faults(self, case: Case) -> list[str]:
        """Judge also that nothing more is to be asked for."""
        with self.process():
            left = lost.repair_runs(runs.runs(), lambda: True)
        return super().faults(case) + ([f"still to do: {left}"] if any(left.values()) else [])


@dataclass
class StartedAgain(Ended):
    """The execution of a file failed, and an operator replays the file."""

    @property
    def reconcile_alone(self) -> bool:
        """An operator asks again: nothing else knows what was asked."""
        return False

    def begin(self) -> None:
        """Record the end."""
        super().begin()
        super().trigger()

    def trigger(self) -> None:
        """Ask for the replay."""
        with self.process():
            Api(OPERATOR).post("/replay", {"keys": [self.key]})

    def redeliver(self) -> None:
        """Ask again: what was started is not started once more."""
        for _ in range(ATTEMPTS):
            self.trigger()

    def faults(self, _: Case) -> list[str]:
        """Judge that one attempt was added."""
        first = self.event["detail"]["name"]
        return end_faults(self.seen(), self.key, [first, f"{first}-r1"], self.status)


@dataclass
class GlueEnded(Arrived):
    """A manifest's Glue run ends as `run_status`: its event comes, or with `by_asking` reconcile asks."""

    run_status: str = "FAILED"
    by_asking: bool = False
    event: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Fill a batch and end its run."""
        super().begin()
        super().trigger()
        (run_id,) = run_ids(GLUE_JOB)
        self.event = end_glue_run(run_id, self.run_status, "why", GLUE_JOB)

    def trigger(self) -> None:
        """Deliver EventBridge's event, or ask as reconcile does."""
        with self.process():
            if self.by_asking:
                manifest_runs.ask_glue(app.ndjson(), lambda: True)
            else:
                app.glue_run_changed(self.event, None)

    def redeliver(self) -> None:
        """Deliver the event twice."""
        with self.process():
            for _ in range(2):
                app.glue_run_changed(self.event, None)

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """The same event comes to another worker; reconcile runs."""
        return {"the same event": self.redeliver, "a reconcile": self.reconcile}

    def faults(self, case: Case) -> list[str]:
        """Judge the record and the lane."""
        return [*super().faults(case), *glue_faults(run_ids(GLUE_JOB), self.run_status)]


@dataclass
class GlueStartedAgain(GlueEnded):
    """A manifest's Glue run failed, and an operator replays the manifest."""

    def begin(self) -> None:
        """Record the end."""
        super().begin()
        super().trigger()

    def trigger(self) -> None:
        """Ask for the replay."""
        (record,) = lane.items("MANIFEST#")
        settings = Settings.from_environ({**os.environ, **ENVIRONMENT})
        with self.process(), patch.object(app, "settings", lambda: settings):
            Api(OPERATOR).post("/replay", {"keys": [record["file_name"]]})

    def redeliver(self) -> None:
        """Ask until another run is due."""
        for _ in range(ATTEMPTS):
            self.trigger()

    def reconcile(self) -> None:
        """Run reconcile, which starts the run, and let that succeed."""
        super().reconcile()
        for run_id in run_ids(GLUE_JOB)[1:]:
            self.event = end_glue_run(run_id, "SUCCEEDED", "", GLUE_JOB)
            super().redeliver()

    def faults(self, _: Case) -> list[str]:
        """Judge that one more run was started, and what is told of it."""
        started = run_ids(GLUE_JOB)
        return glue_faults(started, "SUCCEEDED") + ([] if len(started) == 2 else [f"started {started}"])


ENDS: list[Scenario] = [
    Ended("its job succeeded", ACTIVE, "succeeded"),
    Ended("its job succeeded, archived", ACTIVE, "succeeded", environment=ARCHIVE),
    Ended("its job failed", ACTIVE, "job_failed", run_status="FAILED"),
    Ended("its job failed, is tried again", ACTIVE, "triggered", run_status="FAILED", max_retries=1),
    Untold("its job failed, no event told", ACTIVE, "job_failed", run_status="FAILED"),
    StartedAgain("its job failed, replayed", ACTIVE, "triggered", run_status="FAILED"),
    GlueEnded("a batch's Glue run failed", VALID[:2], reconcile_alone=True),
    GlueEnded("a batch's Glue run failed, no event told", VALID[:2], by_asking=True, reconcile_alone=True),
    GlueStartedAgain("a batch's Glue run failed, replayed", VALID[:2]),
]
