"""Messages on the discovered queue that somebody else wrote: they move, start and record nothing."""

from __future__ import annotations

from typing import Any

import pytest

import app
from tests.support.builders import LANDING, eventbridge_event, s3_event, sqs_event
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
