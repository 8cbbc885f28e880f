"""The NDJSON lane dies, or is failed, at each of its AWS calls: no file is lost, none is in two manifests."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest

from chalicelib import parallel
from chalicelib.arrivals import ndjson_arrived
from chalicelib.aws.clients import client
from chalicelib.ndjson import Ndjson
from tests.faults.dying import Failure, Fault, Moment, calls_of, deaths, run
from tests.support.emulation import emulated_aws
from tests.support.ndjson import (
    QUARANTINE,
    Clock,
    imbalance,
    items,
    keys_in,
    lane_with,
    manifests,
    messages,
    repair,
    statuses,
    upload,
)

ALL = os.environ.get("FAULTS") == "all"
SHARE = 1 if ALL else 6  # a default run takes every sixth case, beginning anywhere
TRANSIENT = ("ThrottlingException", "InternalError", "SlowDown", "RequestTimeout")
SMALL = {"MAX_BATCH_SIZE_GB": "0.01953125", "GLUE_JOB_NAME": "transform"}  # batches of two files of 10 MB
RECEIVES = 5


def _create_job() -> None:
    client("glue", "").create_job(
        Name="transform",
        Role="arn:aws:iam::123456789012:role/glue",
        Command={"Name": "glueetl"},
        ExecutionProperty={"MaxConcurrentRuns": 99},
    )


def _started() -> Counter[str]:
    runs = client("glue", "").get_job_runs(JobName="transform")["JobRuns"]
    return Counter(run["Arguments"]["--manifest_path"] for run in runs)


def _uploads() -> list[dict[str, Any]]:
    keys = ["in/a.ndjson", "in/b.ndjson", "other/a.ndjson", "2025-12-23/c.ndjson"]
    return [*map(upload, keys), upload("in/bad.ndjson", body=b"x" * 100_000)]


def _deliver(lane: Ndjson, event: dict[str, Any]) -> dict[str, Any]:
    """Deliver once, and return what the queue then still holds."""
    failed = {failure["itemIdentifier"] for failure in ndjson_arrived(lane, event)["batchItemFailures"]}
    return {"Records": [record for record in event["Records"] if record["messageId"] in failed]}


def _one_case(fault: Fault) -> None:
    """Let the fault hit the first receive; then redeliver as SQS does, and reconcile as time passes."""
    _create_job()
    clock = Clock()
    lane = lane_with(clock, **SMALL)
    (event,) = messages(*_uploads())
    left = [event]

    def first_receive() -> None:
        left[0] = _deliver(lane, event)

    run(first_receive, fault)
    for _ in range(RECEIVES):
        left = [_deliver(lane, left[0])]
    assert left == [{"Records": []}]
    for seconds in (301, 3601, 301):
        clock.turn(seconds)
        assert repair(lane)["errors"] == 0
    _check_balance(clock, lane)


def _check_balance(clock: Clock, lane: Ndjson) -> None:
    assert statuses() == {"manifested": 4, "quarantined": 1}
    assert imbalance() == []
    assert sum(len(paths) for paths in manifests().values()) == 4
    assert _started() == Counter(f"s3://sluice-local-artifacts/{key}" for key in manifests())
    assert len(keys_in(QUARANTINE)) == 1
    assert items("LOCK#") == []
    clock.turn(10_000)
    assert [call.operation for call in calls_of(lambda: repair(lane))] == ["Scan"]


def _every_fault() -> list[Fault]:
    with emulated_aws():
        _create_job()
        lane = lane_with(Clock(), **SMALL)
        (event,) = messages(*_uploads())
        calls = calls_of(lambda: ndjson_arrived(lane, event))
    faults: list[Fault] = list(deaths(calls))
    for call in calls:
        code = TRANSIENT[call.number % len(TRANSIENT)]
        faults += [Failure(call.number, code, moment, http_status=503) for moment in Moment]
    return faults


def test_whichever_call_it_dies_or_fails_at_each_file_is_in_one_manifest(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "WORKERS", 1)  # the same call has the same number in every run
    faults = _every_fault()
    today = random.Random(os.environ.get("FAULTS_SEED")).randrange(SHARE)
    chosen = faults[today::SHARE]
    for fault in chosen:
        with emulated_aws():
            try:
                _one_case(fault)
            except AssertionError as error:
                raise AssertionError(f"after: {fault}") from error
    with capsys.disabled():
        print(f"\nndjson lane: {len(chosen)} of {len(faults)} fault cases")  # noqa: T201
