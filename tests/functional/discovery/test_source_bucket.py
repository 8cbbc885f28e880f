"""Discovery in a bucket of its own (`S3_SOURCE_BUCKET`): its files are repaired there, and hide no others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import app
from tests.support.builders import LANDING, s3_event, sqs_event
from tests.support.lanes.scans import Scans
from tests.support.reset import date_object
from tests.support.world import World

SOURCE = "partner-drop"
CUSTOMERS, MYSTERY = "data/shop/customers.csv", "data/shop/mystery.csv"
BODY = b"id,name\n1,Ada\n"
HOUR = timedelta(hours=1)


@pytest.fixture
def source(world: World, environ: Any) -> World:
    """Return the world with a bucket for discovery, whose keys are like those of the landing bucket."""
    world.s3.create_bucket(Bucket=SOURCE)
    environ(S3_SOURCE_BUCKET=SOURCE, S3_PREFIX="data/", INPUT_PREFIX="data/", NEW_FILES_PREFIX="parked/",
            RECONCILE_GRACE_SECONDS="0")  # fmt: skip
    return world


def _discovered(world: World, scans: Scans, *keys: str) -> list[str]:
    """Put files into the bucket, scan it and return the messages that are to be delivered again."""
    for key in keys:
        world.s3.put_object(Bucket=SOURCE, Key=key, Body=BODY)
    scans.scan()
    result = app.csv_discovered(sqs_event(*scans.messages()), None)
    return [failure["itemIdentifier"] for failure in result["batchItemFailures"]]


def _source_keys(world: World) -> list[str]:
    return [item["Key"] for item in world.s3.list_objects_v2(Bucket=SOURCE)["Contents"]]


def test_its_failed_files_are_retried_where_they_lie(source: World, scans: Scans) -> None:
    source.configure(b"{")
    assert len(_discovered(source, scans, CUSTOMERS, MYSTERY)) == 2
    source.configure()
    assert app.reconcile({}, None)["landing"]["retried"] == 2
    assert {row["file_key"]: row["status"] for row in source.rows()} == {
        CUSTOMERS: "triggered",
        MYSTERY: "not_configured",
    }
    assert {row["bucket_name"] for row in source.rows()} == {SOURCE}
    assert _source_keys(source) == [CUSTOMERS, "parked/mystery.csv"]
    assert source.keys("parked/") == []


def test_its_row_hides_no_lost_upload_of_the_landing_bucket(source: World, scans: Scans) -> None:
    source.upload(CUSTOMERS, BODY)
    date_object(LANDING, CUSTOMERS, datetime.now(UTC) - timedelta(seconds=1))
    _discovered(source, scans, CUSTOMERS)
    assert app.reconcile({}, None)["landing"]["routed"] == 1
    assert sorted(row["bucket_name"] for row in source.rows()) == [SOURCE, LANDING]
    assert len(source.executions()) == 2


def test_its_row_is_not_taken_for_that_of_an_upload_that_vanished(source: World, scans: Scans) -> None:
    _discovered(source, scans, CUSTOMERS)
    etag = source.upload(CUSTOMERS, BODY)
    source.s3.delete_object(Bucket=LANDING, Key=CUSTOMERS)
    (outcome,) = app.object_created(s3_event(CUSTOMERS, etag=etag), None)
    assert outcome["status"] == "vanished"
    assert sorted(row["status"] for row in source.rows()) == ["triggered", "vanished"]
