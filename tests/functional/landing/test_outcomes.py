"""What happens to a file that lands: the seed's three cases, and everything else in the bucket."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.client import BaseClient

import app
from tests.support.builders import (
    LANDING,
    eventbridge_event,
    job,
    s3_event,
    s3_record,
    sns_envelope,
    sqs_event,
)
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"


def test_a_file_of_an_active_job_starts_one_execution_with_the_seeds_input(world: World) -> None:
    etag = world.upload(CUSTOMERS, ContentType="text/csv")
    outcome = world.deliver(CUSTOMERS, etag)
    (execution,) = world.executions()
    assert outcome == {"key": CUSTOMERS, "status": "triggered", "execution": execution["name"]}
    assert re.fullmatch(r"run-customers-csv-\d{14}-[0-9a-f]{8}", execution["name"])
    assert execution["glue_jobs"] == [
        {
            "job_id": "JOB001",
            "job_name": "customers_etl",
            "source_file_name": "customers.csv",
            "target_table": "customers",
            "upsert_keys": ["customer_id"],
        }
    ]
    assert (execution["bucket"], execution["key"], execution["etag"]) == (LANDING, CUSTOMERS, etag)
    assert world.keys("data/in/") == [CUSTOMERS]
    assert world.alerts() == []


def test_its_row_tells_all_the_seed_asks_for(world: World) -> None:
    world.land(CUSTOMERS, b"id,name\n1,Ada\n", ContentType="text/csv")
    row = world.row(CUSTOMERS)
    modified = row["last_modified"]
    assert re.fullmatch(re.escape(modified) + "#[0-9a-f]{8}", row["timestamp"])
    assert row["execution"].endswith(row["timestamp"].partition("#")[2])
    expected = {
        "bucket_name": LANDING,
        "file_size": 14,
        "content_type": "text/csv",
        "event_name": "ObjectCreated:Put",
        "content_preview": "id,name\n1,Ada\n",
        "status": "triggered",
        "job_id": "JOB001",
        "date": modified[:10],
        "status_timestamp": f"triggered#{row['timestamp']}",
    }
    assert {name: row[name] for name in expected} == expected
    assert set(row) == {
        *expected,
        "file_key",
        "timestamp",
        "last_modified",
        "etag",
        "processed_at",
        "execution",
    }


def test_a_file_without_a_job_is_parked_and_reported(world: World) -> None:
    properties = {"ContentType": "text/x-odd", "CacheControl": "no-cache", "Metadata": {"from": "me"}}
    tags = "team=data&cost=low+high"
    outcome = world.land("data/in/sub/mystery.csv", b"what?", Tagging=tags, **properties)
    parked = "data/new_files/mystery.csv"
    assert outcome == {"key": "data/in/sub/mystery.csv", "status": "not_configured", "moved_to": parked}
    assert world.keys("data/") == [parked]
    found = world.s3.get_object(Bucket=LANDING, Key=parked)
    assert (found["Body"].read(), found["ContentType"], found["CacheControl"]) == (
        b"what?",
        "text/x-odd",
        "no-cache",
    )
    assert found["Metadata"]["from"] == "me"
    tag_set = world.s3.get_object_tagging(Bucket=LANDING, Key=parked)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tag_set} == {"team": "data", "cost": "low high"}
    row = world.row("data/in/sub/mystery.csv")
    assert (row["status"], row["moved_to"]) == ("not_configured", parked)
    (alert,) = world.alerts()
    assert alert["Subject"] == "New / Not Configured File"
    assert alert["Message"].splitlines()[1:] == ["Original: data/in/sub/mystery.csv", f"Moved to: {parked}"]
    assert world.executions() == []


@pytest.mark.parametrize("key", ["data/in/customers.csv.filepart", "data/in/CUSTOMERS.CSV.TMP"])
def test_an_upload_under_way_is_recorded_and_left_for_its_client_to_rename(world: World, key: str) -> None:
    world.configure([job(source_file_name="*")])
    outcome = world.land(key)
    assert (outcome["status"], "IGNORED_NAMES" in outcome["reason"]) == ("received", True)
    assert world.row(key)["status"] == "received"
    assert world.discover(key)["status"] == "received"
    assert (world.keys("data/"), world.executions(), world.alerts()) == ([key], [], [])


def test_tags_are_kept_by_a_boto3_that_does_not_read_their_count_of_head(
    world: World, environ: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(PREVIEW_CHARS="0")
    make: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Any) -> Any:
        answer = make(self, operation, parameters)
        return {name: value for name, value in answer.items() if name != "TagCount"}

    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    parked = world.land("data/in/mystery.csv", Tagging="team=data")["moved_to"]
    tag_set = world.s3.get_object_tagging(Bucket=LANDING, Key=parked)["TagSet"]
    assert tag_set == [{"Key": "team", "Value": "data"}]


def test_a_file_of_an_inactive_job_stays_and_is_reported(world: World) -> None:
    outcome = world.land("data/in/products.csv")
    assert outcome == {"key": "data/in/products.csv", "status": "inactive", "job_id": "JOB003"}
    assert world.keys("data/") == ["data/in/products.csv"]
    assert world.row("data/in/products.csv")["job_id"] == "JOB003"
    (alert,) = world.alerts()
    assert (alert["Subject"], alert["Message"]) == ("Inactive Job", "File: products.csv\nJob ID: JOB003")
    assert world.executions() == []


def test_with_an_inactive_prefix_it_is_parked_there(world: World, environ: Any) -> None:
    environ(INACTIVE_PREFIX="data/inactive/")
    outcome = world.land("data/in/products.csv")
    assert outcome["moved_to"] == "data/inactive/products.csv"
    assert world.keys("data/") == ["data/inactive/products.csv"]
    assert world.row("data/in/products.csv")["status"] == "inactive"
    assert [alert["Subject"] for alert in world.alerts()] == ["Inactive Job"]


def test_a_file_below_a_prefix_without_previews_has_none_whatever_becomes_of_it(
    world: World, environ: Any
) -> None:
    environ(NO_PREVIEW_PREFIXES="data/in/hr, notes/private/")
    world.configure([job(source_file_name="pay.csv")])
    private = ["data/in/hr/pay.csv", "data/in/hr/mystery.csv", "notes/private/a.txt"]
    for key in [*private, "data/in/hrs/pay.csv"]:
        world.land(key, b"salary\n1\n", ContentType="text/csv")
    rows = {key: world.row(key) for key in private}
    assert [row["status"] for row in rows.values()] == ["triggered", "not_configured", "received"]
    assert [key for key, row in rows.items() if "content_preview" in row] == []
    assert world.row("data/in/hrs/pay.csv")["content_preview"] == "salary\n1\n"


def test_a_file_elsewhere_is_received_and_previewed(world: World) -> None:
    assert world.land("notes/hello.txt", "grüße".encode()) == {"key": "notes/hello.txt", "status": "received"}
    assert world.row("notes/hello.txt")["content_preview"] == "grüße"
    assert world.executions() == [] == world.alerts()


def test_an_object_that_is_gone_is_recorded_as_vanished(world: World) -> None:
    assert world.deliver("data/in/gone.csv", "e1")["status"] == "vanished"
    row = world.row("data/in/gone.csv")
    assert (row["status"], row["etag"], row["timestamp"][:20]) == ("vanished", "e1", "2026-11-21T01:00:00Z")
    assert world.executions() == [] == world.alerts()


@pytest.mark.parametrize(
    "wrap",
    [
        s3_event,
        eventbridge_event,
        lambda key: sqs_event(s3_event(key)),
        lambda key: sqs_event(eventbridge_event(key)),
        lambda key: sqs_event(sns_envelope(s3_event(key))),
        lambda key: {
            "bucket": LANDING,
            "key": key,
            "etag": "",
            "size": 1,
            "folder": "in",
            "last_modified": "2026-11-21T01:00:00+00:00",
            "change": "new",
        },
    ],
    ids=["native", "eventbridge", "sqs", "eventbridge-in-sqs", "sns-in-sqs", "discovery"],
)
def test_every_shape_of_event_leads_to_the_same_outcome(world: World, wrap: Any) -> None:
    key = "data/in/100% of a+b/Customers.CSV"
    world.upload(key)
    (outcome,) = app.object_created(wrap(key), None)
    assert outcome["status"] == "triggered"
    (execution,) = world.executions()
    assert (execution["key"], execution["glue_jobs"][0]["source_file_name"]) == (key, "Customers.CSV")


def test_every_record_of_an_event_is_processed_and_noise_leaves_no_trace(world: World) -> None:
    for key in ("data/in/customers.csv", "data/in/orders.csv"):
        world.upload(key)
    noise = [
        s3_record("data/in/folder/", size=0),
        s3_record("data/in/customers.csv", eventName="ObjectRemoved:Delete"),
        *[
            s3_record(prefix + "x.json")
            for prefix in ("data/new_files/", "manifests/", "state/", "quarantine/")
        ],
    ]
    records = s3_event("data/in/customers.csv", "data/in/orders.csv")["Records"] + noise
    outcomes = app.object_created({"Records": records}, None)
    assert [outcome["key"] for outcome in outcomes] == ["data/in/customers.csv", "data/in/orders.csv"]
    assert len(world.rows()) == 2
    assert (
        app.object_created({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": LANDING}, None) == []
    )


def test_one_failing_object_does_not_keep_the_others_from_their_outcome(world: World) -> None:
    world.upload("data/in/customers.csv")
    records = [s3_record("x.csv", bucket="another-bucket"), s3_record("data/in/customers.csv")]
    with pytest.raises(Exception, match="another-bucket"):
        app.object_created({"Records": records}, None)
    assert world.row("data/in/customers.csv")["status"] == "triggered"


def test_patterns_route_too(world: World) -> None:
    world.configure(
        [
            job(source_file_name="orders_*.csv", job_id="any"),
            job(source_file_name="orders_eu_*.csv", job_id="eu"),
        ]
    )
    assert world.land("data/in/Orders_EU_2026.csv")["status"] == "triggered"
    assert world.row("data/in/Orders_EU_2026.csv")["job_id"] == "eu"
