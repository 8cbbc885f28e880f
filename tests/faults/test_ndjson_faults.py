"""The NDJSON lane dies or fails at each of its AWS calls: no file is lost, none is in two manifests."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import parallel
from chalicelib.aws.clients import client
from chalicelib.ndjson.arrivals import ndjson_arrived
from chalicelib.ndjson.lane import Ndjson
from tests.faults.dying import Call, Death, Failure, Fault, Moment, calls_of, deaths, run
from tests.support.emulation import emulated_aws
from tests.support.lanes.ndjson import (
    LINES,
    QUARANTINE,
    Clock,
    create_glue_job,
    imbalance,
    items,
    keys_in,
    lane_with,
    manifests,
    messages,
    one_by_one,
    repair,
    statuses,
    unseen,
    upload,
)

ALL = os.environ.get("FAULTS") == "all"
SHARE = 1 if ALL else 6  # by default every sixth case runs, beginning anywhere
TRANSIENT = ("ThrottlingException", "InternalError", "SlowDown", "RequestTimeout")
SMALL = {"MAX_BATCH_SIZE_GB": "0.01953125", "GLUE_JOB_NAME": "transform"}  # batches of two files of 10 MB
UPLOADED = {**SMALL, "MAX_BATCH_SIZE_GB": f"{2 * len(LINES) / 1024**3:.12f}"}  # of two of those uploaded
RECEIVES = 5


def _started() -> Counter[str]:
    runs = client("glue", "").get_job_runs(JobName="transform")["JobRuns"]
    return Counter(run["Arguments"]["--manifest_path"] for run in runs)


def _uploads() -> list[dict[str, Any]]:
    keys = ["in/a.ndjson", "in/b.ndjson", "other/a.ndjson", "2025-12-23/c.ndjson"]
    return [*map(upload, keys), upload("in/bad.ndjson", body=b"x" * 100_000)]


def _deliver(lane: Ndjson, event: dict[str, Any]) -> dict[str, Any]:
    """Deliver once, and return the messages that the queue then still holds."""
    failed = {failure["itemIdentifier"] for failure in ndjson_arrived(lane, event)["batchItemFailures"]}
    return {"Records": [record for record in event["Records"] if record["messageId"] in failed]}


def _one_case(fault: Fault) -> list[str]:
    """Let the fault hit the first receive; redeliver as SQS does, reconcile as time passes; judge."""
    create_glue_job("transform")
    clock = Clock()
    lane = lane_with(clock, **UPLOADED)
    (event,) = messages(*_uploads())
    left = [event]

    def first_receive() -> None:
        left[0] = _deliver(lane, event)

    run(first_receive, fault)
    for _ in range(RECEIVES):
        left = [_deliver(lane, left[0])]
    wrong = ["messages would be dead-lettered"] if left != [{"Records": []}] else []
    wrong += _recovered(lane, clock, {"manifested": 4, "quarantined": 1})
    return wrong if len(keys_in(QUARANTINE)) == 1 else [*wrong, f"quarantine holds {keys_in(QUARANTINE)}"]


def _recovered(lane: Ndjson, clock: Clock, expected: dict[str, int]) -> list[str]:
    """Reconcile as time passes, and return what is then wrong with the stored state."""
    errors = 0
    for seconds in (301, 3601, 301):
        clock.turn(seconds)
        errors += repair(lane)["errors"]
    written = Counter(f"s3://sluice-local-artifacts/{key}" for key in manifests())
    listed = sum(len(paths) for paths in manifests().values())
    clock.turn(10_000)
    calls = [call.operation for call in calls_of(lambda: repair(lane))]
    judged = {
        f"reconcile reported {errors} errors": errors == 0,
        f"rows are {statuses()}": statuses() == expected,
        f"{listed} files are listed": listed == expected["manifested"],
        f"started {_started()}, written {written}": _started() == written,
        f"locks are left: {items('LOCK#')}": items("LOCK#") == [],
        f"a settled lane's repair calls {calls}": calls == ["Scan"],
    }
    return imbalance() + [what for what, holds in judged.items() if not holds]


def _receive_calls() -> list[Call]:
    with emulated_aws():
        create_glue_job("transform")
        lane = lane_with(Clock(), **UPLOADED)
        (event,) = messages(*_uploads())
        return calls_of(lambda: ndjson_arrived(lane, event))


def _interrupted(clock: Clock) -> Ndjson:
    """Leave five pending files, an open record of two of them, and a lock for a repair to find."""
    create_glue_job("transform")
    lane = lane_with(clock, **SMALL, NDJSON_CONTENT_CHECK="false")
    (event,) = messages(*(unseen(str(number)) for number in range(5)))
    claim = next(
        call.number
        for call in calls_of(lambda: ndjson_arrived(lane, event))
        if "#manifest_key" in call.parameters.get("ExpressionAttributeNames", {})
    )
    (event,) = messages(*(unseen(f"again-{number}") for number in range(5)))
    assert run(lambda: ndjson_arrived(lane, event), Death(claim, Moment.BEFORE))
    clock.turn(3601)
    return lane


def _one_repair_case(fault: Fault) -> list[str]:
    """Let the fault hit a repair that has work of every kind; reconcile as time passes; judge."""
    clock = Clock()
    lane = _interrupted(clock)
    run(lambda: repair(lane), fault)
    return _recovered(lane, clock, {"manifested": 10})


def _repair_calls() -> list[Call]:
    with emulated_aws():
        lane = _interrupted(Clock())
        return calls_of(lambda: repair(lane))


def _faults_of(calls: list[Call]) -> list[Fault]:
    faults: list[Fault] = list(deaths(calls))
    for call in calls:
        code = TRANSIENT[call.number % len(TRANSIENT)]
        faults += [Failure(call.number, code, moment, http_status=503) for moment in Moment]
    return faults


@pytest.mark.parametrize(
    ("calls", "one_case"),
    [(_receive_calls, _one_case), (_repair_calls, _one_repair_case)],
    ids=["receiving", "repairing"],
)
def test_whichever_call_it_dies_or_fails_at_each_file_is_in_one_manifest(
    calls: Callable[[], list[Call]],
    one_case: Callable[[Fault], list[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parallel, "each", one_by_one)  # the same call has the same number in every run
    faults = _faults_of(calls())
    begin = random.Random(os.environ.get("FAULTS_SEED")).randrange(SHARE)
    chosen = faults[begin::SHARE]
    found: list[str] = []
    for fault in chosen:
        with emulated_aws():
            found += [f"{fault}: {wrong}" for wrong in one_case(fault)]
    with capsys.disabled():
        print(f"\nndjson lane, {one_case.__name__[1:]}: {len(chosen)} of {len(faults)} fault cases")  # noqa: T201
    assert not found, "\n".join(found)
