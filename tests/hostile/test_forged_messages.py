"""Messages that somebody else wrote: they move, start and record nothing that the objects do not bear out."""

from __future__ import annotations

from typing import Any

import pytest

import app
from tests.support.builders import LANDING, NDJSON, eventbridge_event, s3_event, sqs_event
from tests.support.lanes import ndjson
from tests.support.world import World

OUTSIDE = (
    "private/payroll.csv",
    "data/in/customers.csv",
    "incoming/shop/../customers.csv",
    "incoming//customers.csv",
)
SIZES = (0, 1, 10**15)


@pytest.mark.parametrize("key", OUTSIDE)
@pytest.mark.parametrize("shape", ["discovered", "native", "eventbridge"])
def test_in_every_shape_a_key_that_no_scan_queues_is_refused(world: World, key: str, shape: str) -> None:
    etag = world.upload(key)
    bodies = {
        "discovered": {"bucket": LANDING, "key": key, "etag": etag, "size": 14,
                       "last_modified": "2026-01-31T00:00:00Z"},
        "native": s3_event(key, etag=etag),
        "eventbridge": eventbridge_event(key, etag=etag),
    }  # fmt: skip
    result = app.csv_discovered(sqs_event(bodies[shape]), None)
    assert result == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert (world.rows(), world.executions(), world.keys(key)) == ([], [], [key])


def test_a_wrong_size_or_another_bucket_changes_nothing(world: World) -> None:
    key = "incoming/shop/customers.csv"
    message: dict[str, Any] = {"bucket": LANDING, "key": key, "etag": world.upload(key, b"id\n1\n"),
                               "last_modified": "2026-01-31T00:00:00Z"}  # fmt: skip
    messages = [{**message, "size": size} for size in SIZES]
    foreign = {**message, "bucket": "somebody-elses", "size": 5}
    result = app.csv_discovered(sqs_event(*messages, foreign), None)
    assert result == {"batchItemFailures": [{"itemIdentifier": "message-3"}]}
    assert (world.row(key)["file_size"], len(world.executions())) == (5, 1)


@pytest.mark.parametrize("claimed", [1, 10 * ndjson.MB, 10**15])
def test_the_size_of_an_ndjson_file_that_was_read_is_its_own(world: World, claimed: int) -> None:
    valid, small = (
        ndjson.upload("in/2026-01-15/valid.ndjson", size=ndjson.MB),
        ndjson.upload("in/small.ndjson"),
    )
    for record in (valid, small):
        record["s3"]["object"]["size"] = claimed
    lane = ndjson.lane_with(SIZE_TOLERANCE_PERCENT="99")
    ndjson.deliver(lane, valid, small)
    assert ndjson.row("valid.ndjson")["size_bytes"] == ndjson.MB
    assert (ndjson.row("valid.ndjson")["status"], ndjson.row("small.ndjson")["status"]) == (
        "pending",
        "quarantined",
    )


def test_a_made_up_etag_tracks_no_ndjson_file_twice(world: World) -> None:
    true = ndjson.upload("in/2026-01-15/a.ndjson")
    forged = [ndjson.record_of("in/2026-01-15/a.ndjson", etag) for etag in ("x", "0" * 32, "")]
    lane = ndjson.lane_with(MAX_BATCH_SIZE_GB="0")  # each is in a manifest at once
    for record in (*forged, true):
        ndjson.deliver(lane, record)
    assert [row["status"] for row in ndjson.rows()] == ["manifested"]


@pytest.mark.parametrize("bucket", [LANDING, "somebody-elses"])
def test_an_ndjson_message_of_another_bucket_fails_alone(world: World, bucket: str) -> None:
    good = ndjson.upload("in/2026-01-15/beside.ndjson")
    event = sqs_event(s3_event("data/in/a.ndjson", bucket=bucket), {"Records": [good]})
    assert app.ndjson_arrived(event, None) == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert [row["file_path"] for row in ndjson.rows()] == [f"s3://{NDJSON}/in/2026-01-15/beside.ndjson"]
