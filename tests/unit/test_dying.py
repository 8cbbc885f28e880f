"""The tool that kills processes: it must really kill, and count what it does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.faults.dying import (
    Death,
    Failure,
    Moment,
    Process,
    ProcessDied,
    calls_of,
    deaths,
    run,
    running,
)

BUCKET = "bucket"


@pytest.fixture
def bucket() -> Any:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        yield s3


def _keys(s3: Any) -> set[str]:
    return {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def _put_a_and_b(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a")
    s3.put_object(Bucket=BUCKET, Key="b")


def test_a_rehearsal_lists_the_calls_in_order(bucket: Any) -> None:
    calls = calls_of(lambda: _put_a_and_b(bucket))

    assert [str(call) for call in calls] == ["1 s3.PutObject", "2 s3.PutObject"]
    assert [call.parameters["Key"] for call in calls] == ["a", "b"]
    assert len(deaths(calls)) == 4


@pytest.mark.parametrize(
    ("death", "stored"),
    [
        (Death(1, Moment.BEFORE), []),
        (Death(1, Moment.AFTER), ["a"]),
        (Death(2, Moment.BEFORE), ["a"]),
        (Death(2, Moment.AFTER), ["a", "b"]),
    ],
    ids=["before 1", "after 1", "before 2", "after 2"],
)
def test_a_death_leaves_what_was_done_before_it(bucket: Any, death: Death, stored: list[str]) -> None:
    assert run(lambda: _put_a_and_b(bucket), death)

    assert sorted(_keys(bucket)) == stored


def test_a_dead_process_calls_no_more_though_its_code_catches_everything(bucket: Any) -> None:
    def stubborn() -> None:
        try:
            bucket.put_object(Bucket=BUCKET, Key="a")
        finally:
            bucket.put_object(Bucket=BUCKET, Key="b")

    assert run(stubborn, Death(1, Moment.BEFORE))
    assert _keys(bucket) == set()


def test_a_death_in_a_pool_reaches_the_caller(bucket: Any) -> None:
    def pooled() -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda key: bucket.put_object(Bucket=BUCKET, Key=key), "abcdefgh"))

    assert run(pooled, Death(3, Moment.AFTER))
    assert len(_keys(bucket)) == 3


@pytest.mark.parametrize(("moment", "stored"), [(Moment.BEFORE, ["b"]), (Moment.AFTER, ["a", "b"])])
def test_a_failure_fails_one_call_and_the_process_lives(
    bucket: Any, moment: Moment, stored: list[str]
) -> None:
    def tolerant() -> None:
        with pytest.raises(ClientError, match="SlowDown"):
            bucket.put_object(Bucket=BUCKET, Key="a")
        bucket.put_object(Bucket=BUCKET, Key="b")

    assert not run(tolerant, Failure(1, "SlowDown", moment, 503))
    assert sorted(_keys(bucket)) == stored


def test_processes_that_run_at_once_die_alone(bucket: Any) -> None:
    other = boto3.client("s3")
    mortal = Process(Death(1, Moment.BEFORE), [bucket])
    healthy = Process(clients=[other])

    with running(mortal, healthy):
        with pytest.raises(ProcessDied):
            bucket.put_object(Bucket=BUCKET, Key="a")
        other.put_object(Bucket=BUCKET, Key="b")

    assert mortal.dead
    assert not healthy.dead
    assert _keys(bucket) == {"b"}
