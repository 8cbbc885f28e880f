"""Glue reads each manifest once: one start per manifest, whatever happens around it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import boto3
import pytest

from chalicelib.ndjson.lane import Ndjson
from tests.faults.dying import Call, Death, Failure, Fault, Meanwhile, Moment, Send, calls_of, run
from tests.support.lanes.ndjson import (
    ARTIFACTS,
    MB,
    Clock,
    deliver,
    imbalance,
    items,
    lane_with,
    manifests,
    repair,
    unseen,
)

JOB = "transform"


@pytest.fixture
def glue(aws: None) -> Any:
    glue = boto3.client("glue")
    role = boto3.client("iam").create_role(RoleName="glue", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    glue.create_job(
        Name=JOB,
        Role=role,
        Command={"Name": "glueetl"},
        ExecutionProperty={"MaxConcurrentRuns": 100},
    )
    return glue


def _lane(clock: Clock | None = None) -> Ndjson:
    return lane_with(clock, NDJSON_CONTENT_CHECK="false", MAX_BATCH_SIZE_GB="0.029296875", GLUE_JOB_NAME=JOB)


def _three(batch: int = 0) -> list[dict[str, Any]]:
    return [unseen(f"{batch}-{number}", 10 * MB) for number in range(3)]


def _started(glue: Any) -> Counter[str]:
    runs = glue.get_job_runs(JobName=JOB)["JobRuns"]
    return Counter(run["Arguments"]["--manifest_path"] for run in runs)


def _written() -> list[str]:
    return [f"s3://{ARTIFACTS}/{key}" for key in manifests()]


def test_one_run_per_manifest_with_its_path(glue: Any) -> None:
    deliver(_lane(), *_three(1), *_three(2))

    assert len(_written()) == 2
    assert _started(glue) == Counter(_written())
    assert {record["status"] for record in items("MANIFEST#")} == {"done"}
    assert all(record["job_run_id"].startswith("jr_") for record in items("MANIFEST#"))


def test_without_a_job_nothing_is_started(glue: Any) -> None:
    lane = lane_with(NDJSON_CONTENT_CHECK="false", MAX_BATCH_SIZE_GB="0.029296875")
    deliver(lane, *_three())

    assert _started(glue) == Counter()
    assert imbalance() == []


def _at(operation: str, fault: type[Death] | type[Failure], *details: Any) -> Fault:
    """Build a fault that hits the first call of an operation."""

    def hit(call: Any, send: Any) -> Any:
        return fault(call.number, *details)(call, send) if call.operation == operation else send()

    return hit


def test_a_busy_job_leaves_the_run_due_until_it_is_free(glue: Any) -> None:
    clock = Clock()
    lane = _lane(clock)
    busy = _at("StartJobRun", Failure, "ConcurrentRunsExceededException")
    run(lambda: deliver(lane, *_three()), busy)
    assert [record["status"] for record in items("MANIFEST#")] == ["open"]
    clock.turn(301)
    run(lambda: repair(lane), busy)
    assert _started(glue) == Counter()

    calls = calls_of(lambda: repair(lane))

    assert _started(glue) == Counter(_written())
    assert [call.operation for call in calls if call.service == "glue"] == ["StartJobRun"]
    assert "PutObject" not in {call.operation for call in calls}
    assert imbalance() == []


@pytest.mark.parametrize(
    "fault",
    [
        _at("StartJobRun", Death, Moment.BEFORE),
        _at("StartJobRun", Death, Moment.AFTER),
        _at("StartJobRun", Failure, "InternalServiceException", Moment.BEFORE, 500),
        _at("StartJobRun", Failure, "InternalServiceException", Moment.AFTER, 500),
        _at("StartJobRun", Failure, "OperationTimeoutException", Moment.BEFORE, 400),
        _at("StartJobRun", Failure, "OperationTimeoutException", Moment.AFTER, 400),
        _at("StartJobRun", Failure, "ThrottlingException", Moment.BEFORE, 400),
        _at("StartJobRun", Failure, "EntityNotFoundException", Moment.BEFORE, 400),
        _at("PutObject", Death, Moment.AFTER),
        _at("PutObject", Failure, "SlowDown", Moment.AFTER, 503),
    ],
    ids=[
        "dies before",
        "dies after",
        "500 before",
        "500 after",
        "timed out before",
        "timed out after",
        "throttled",
        "no job",
        "put",
        "put 503",
    ],
)
def test_a_start_that_went_wrong_is_made_good_once(glue: Any, fault: Fault) -> None:
    clock = Clock()
    lane = _lane(clock)
    records = _three()
    run(lambda: deliver(lane, *records), fault)

    deliver(lane, *records)
    assert repair(lane)["finished"] == 0  # within the grace it may still be at work
    clock.turn(301)
    assert repair(lane)["finished"] == 1

    assert _started(glue) == Counter(_written())
    assert imbalance() == []
    assert [call.operation for call in calls_of(lambda: repair(lane))] == ["Scan"]


def test_two_reconcilers_do_not_start_what_one_takes_over(glue: Any) -> None:
    clock = Clock()
    lane = _lane(clock)
    run(lambda: deliver(lane, *_three()), _at("StartJobRun", Death, Moment.BEFORE))
    (starting,) = items("MANIFEST#")
    clock.turn(301)

    assert repair(lane)["finished"] == 1
    assert not lane.records.advance(starting["date_prefix"][9:], starting, {"status": "starting"})

    assert _started(glue) == Counter(_written())


def test_a_record_whose_creation_is_repeated_by_the_client_is_not_begun_anew(glue: Any) -> None:
    clock = Clock()
    lane = _lane(clock)

    def reconciled() -> None:
        clock.turn(301)
        assert repair(_lane(clock))["finished"] == 1

    def answered_late(call: Call, send: Send) -> Any:
        if call.operation == "PutItem" and "step" in call.parameters["Item"] and not items("MANIFEST#"):
            Meanwhile(call.number, reconciled, Moment.AFTER)(call, send)
        return send()

    run(lambda: deliver(lane, *_three()), answered_late)

    assert _started(glue) == Counter(_written())
    assert imbalance() == []


def test_given_a_due_start_when_the_job_is_no_longer_configured_then_its_record_is_done(glue: Any) -> None:
    clock = Clock()
    run(lambda: deliver(_lane(clock), *_three()), _at("StartJobRun", Death, Moment.BEFORE))
    clock.turn(301)

    assert repair(lane_with(clock))["finished"] == 1

    assert {record["status"] for record in items("MANIFEST#")} == {"done"}
    assert _started(glue) == Counter()
    assert imbalance() == []
