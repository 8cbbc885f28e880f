"""Files that discovery finds in another bucket (S3_SOURCE_BUCKET): told of and replayed where they lie."""

from __future__ import annotations

from typing import Any

import pytest

import app
from tests.support.api import Api
from tests.support.builders import SEED_JOBS, job, sqs_event
from tests.support.lanes.replays import activate, replay
from tests.support.lanes.scans import Scans
from tests.support.world import World

OTHER = "partner-drop"
PARKED, STARTED = "incoming/shop/mystery.csv", "incoming/shop/customers.csv"


@pytest.fixture
def found(world: World, environ: Any) -> World:
    """Have two files found in another bucket: one starts its job, one is parked."""
    world.s3.create_bucket(Bucket=OTHER)
    environ(S3_SOURCE_BUCKET=OTHER)
    for key in (PARKED, STARTED):
        world.s3.put_object(Bucket=OTHER, Key=key, Body=b"id\n1\n")
    scans = Scans()
    scans.scan()
    assert app.csv_discovered(sqs_event(*scans.messages()), None) == {"batchItemFailures": []}
    return world


def explain(key: str) -> Any:
    return Api().get("/explain", key=key).body


def test_it_is_explained_where_it_lies(found: World) -> None:
    body = explain(STARTED)
    assert (body["now"]["bucket"], body["now"]["outcome"]) == (OTHER, "triggered")
    assert body["objects"]["source"]["size"] == 5
    assert body["objects"]["landing"] is None


@pytest.mark.parametrize(
    ("key", "bucket", "outcome"),
    [
        ("incoming/shop/unseen_customers.csv", OTHER, "not_configured"),
        ("data/in/customers.csv", "sluice-local-landing", "triggered"),
        ("notes.txt", "sluice-local-landing", "received"),
    ],
)
def test_a_key_is_explained_where_it_would_be_found(
    found: World, key: str, bucket: str, outcome: str
) -> None:
    now = explain(key)["now"]
    assert (now["bucket"], now["outcome"]) == (bucket, outcome)


def test_it_comes_back_to_its_bucket_and_starts(found: World, operator: Api) -> None:
    assert found.row(PARKED)["bucket_name"] == OTHER
    activate(found, "mystery.csv")
    (item,) = replay(operator, keys=[PARKED])
    assert (item["action"], item["outcome"]["status"]) == ("restore", "triggered")
    assert found.s3.get_object(Bucket=OTHER, Key=PARKED)["Body"].read() == b"id\n1\n"
    assert {each["bucket"] for each in found.executions()} == {OTHER}


def test_it_is_started_again_by_force(found: World, operator: Api) -> None:
    (item,) = replay(operator, keys=[STARTED], force=True)
    assert item["outcome"]["execution"].endswith("-r1")


def test_in_a_bucket_that_is_not_watched_any_more_it_is_left_saying_so(
    found: World, operator: Api, environ: Any
) -> None:
    environ(S3_SOURCE_BUCKET="")
    found.configure([*SEED_JOBS, job(job_id="M", source_file_name="mystery.csv")])
    (item,) = replay(operator, keys=[PARKED])
    assert item["action"] == "none"
    assert f"It landed in {OTHER}" in item["why"]
