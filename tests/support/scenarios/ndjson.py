"""What can happen to the NDJSON lane; together these make every AWS call of its handlers."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import app
from chalicelib.api import wiring
from chalicelib.ndjson import repair_arrivals
from tests.faults.dying import Call, Meanwhile, Process, Send, running
from tests.support.api import OPERATOR, Api
from tests.support.aws_calls import failing
from tests.support.lanes import glue_runs, ndjson
from tests.support.lanes.scans import pages_of
from tests.support.world import World

BIG = 6 * 1024**2  # larger than one read, so that it is copied in parts


def forget_wiring() -> None:
    """Have the app read its environment again."""
    for wired in [wiring.tokens, *vars(app).values()]:
        if hasattr(wired, "cache_clear"):
            wired.cache_clear()


def repair() -> None:
    """Reconcile everything, however young it is."""
    with patch.dict(os.environ, {"RECONCILE_GRACE_SECONDS": "0", "MAX_BATCH_AGE_SECONDS": "0"}):
        forget_wiring()
        app.reconcile({}, None)
    forget_wiring()


def ndjson_files_arrive(_world: World) -> None:
    """Valid files fill a batch; invalid files, small and big, tagged or not, are quarantined."""
    deliver(ndjson_uploads())


def ndjson_uploads() -> list[dict[str, Any]]:
    """Upload good and bad files; return S3's records of them."""
    records = [ndjson.upload(f"in/{ndjson.DATE}/{number}.ndjson") for number in range(3)]
    records.append(ndjson.upload(f"in/{ndjson.DATE}/wrong.txt"))
    records.append(ndjson.upload(f"in/{ndjson.DATE}/wrong-big.txt", body=b"x" * BIG, Tagging="a=b"))
    records.append(ndjson.upload(f"in/{ndjson.DATE}/odd\x01.txt", body=b"x" * BIG))
    records.append(ndjson.upload(f"in/{ndjson.DATE}/empty.ndjson", body=b"", size=0))
    records.append(ndjson.record_of(f"in/{ndjson.DATE}/gone.ndjson", "0" * 32))
    return records


def deliver(records: list[dict[str, Any]]) -> None:
    """Deliver S3's records, twice."""
    for event in ndjson.messages(*records):
        app.ndjson_arrived(event, None)
        app.ndjson_arrived(event, None)


def batches_fill(_world: World) -> None:
    """The threshold is reached: a manifest is written, and Glue started."""
    fill_batches(ndjson_uploads())


def fill_batches(records: list[dict[str, Any]]) -> None:
    """Deliver records to a lane that batches each file at once, with a Glue job."""
    with patch.dict(os.environ, {"MAX_BATCH_SIZE_GB": "0", "GLUE_JOB_NAME": "sluice-job"}):
        forget_wiring()
        deliver(records)
    forget_wiring()


def a_release_overtakes(_world: World) -> None:
    """Before a worker copies an invalid file, another quarantines it and an operator releases it."""
    record = ndjson.upload(f"in/{ndjson.DATE}/overtaken.txt")
    release_before_the_copy(record, lambda: app.ndjson_arrived(ndjson.messages(record)[0], None))


def release_before_the_copy(record: dict[str, Any], worker: Callable[[], object]) -> None:
    """Run a worker that quarantines a file; before it makes the copy, others quarantine and release it."""

    def others_do_it() -> None:
        app.ndjson_arrived(ndjson.messages(record)[0], None)
        Api(OPERATOR).post("/quarantine/release", {"key": record["s3"]["object"]["key"]})

    left = [others_do_it]

    def overtaking(call: Call, send: Send) -> Any:
        if left and (call.operation, call.parameters.get("Bucket")) == ("PutObject", ndjson.QUARANTINE):
            return Meanwhile(call.number, left.pop())(call, send)
        return send()

    with running(Process(overtaking)):
        worker()
    assert not left


def glue_runs_end(_world: World) -> None:
    """Glue runs of batches fail, and their events tell so."""
    ndjson.create_glue_job("sluice-job")
    fill_batches(ndjson_uploads())
    with patch.dict(os.environ, {"GLUE_JOB_NAME": "sluice-job"}):
        forget_wiring()
        for run in glue_runs.run_ids("sluice-job"):
            app.glue_run_changed(glue_runs.end_glue_run(run, "FAILED", job="sluice-job"), None)
    forget_wiring()


def batches_are_repaired(world: World) -> None:
    """Old pending files are flushed, records of dead processes finished, Glue's runs looked up."""
    records = ndjson_uploads()
    with failing("PutObject", "Refused"):
        fill_batches(records)
    with patch.dict(os.environ, {"GLUE_JOB_NAME": "sluice-job"}):
        repair()
        ndjson_files_arrive(world)
        deliver([ndjson.upload(f"in/{ndjson.DATE}/waits.ndjson")])
        with failing("StartJobRun", "InternalServiceException", 500):
            repair()
        repair()


def ends_are_asked_for(_world: World) -> None:
    """No event told that Glue's runs ended, and none told of an invalid file, which a release overtakes."""
    ndjson.create_glue_job("sluice-job")
    fill_batches([ndjson.upload(f"in/{ndjson.DATE}/unheard-of.ndjson")])
    with patch.dict(os.environ, {"GLUE_JOB_NAME": "sluice-job"}):
        for run in glue_runs.run_ids("sluice-job"):
            glue_runs.end_glue_run(run, job="sluice-job")
        repair()
    record = ndjson.upload(f"in/{ndjson.DATE}/overtaken.txt")
    release_before_the_copy(record, repair)


def lost_arrivals_are_found(_world: World) -> None:
    """Events of good and bad files never came; reconcile needs several runs to list their bucket."""
    ndjson_uploads()
    with patch.object(repair_arrivals, "PAGES_OF_ONE_RUN", 1), running(Process(pages_of(3))):
        for _ in range(3):
            repair()
