"""A worker that is late finds what it moved released, and leaves it alone."""

from __future__ import annotations

import boto3
import pytest

import app
from tests.faults.dying import Meanwhile, Nth, run
from tests.support.api import OPERATOR, Api
from tests.support.aws_calls import failing
from tests.support.builders import NDJSON
from tests.support.lanes.ndjson import DATE, QUARANTINE, Clock, keys_in, messages, record_of, statuses, upload
from tests.support.reset import date_object
from tests.support.world import World

KEY = f"in/{DATE}-bad.ndjson"


@pytest.mark.parametrize("operation", ["GetItem", "PutItem", "HeadObject"])
def test_a_late_worker_deletes_nothing_that_was_released_meanwhile(world: World, operation: str) -> None:
    record = upload(KEY, body=b"no")

    def released() -> None:
        app.ndjson_arrived(messages(record)[0], None)
        assert Api(OPERATOR).post("/quarantine/release", {"key": KEY}).status == 200
        date_object(NDJSON, KEY, Clock().now)

    run(
        lambda: app.ndjson_arrived(messages(record)[0], None),
        Nth(operation, 1, lambda number: Meanwhile(number, released)),
    )
    back = boto3.client("s3").get_object(Bucket=NDJSON, Key=KEY)["Body"].read()
    assert (back, keys_in(QUARANTINE)) == (b"no", [])
    assert statuses() == {"released": 1}
    app.ndjson_arrived(messages(record_of(KEY, _etag(), 2))[0], None)
    assert (statuses(), keys_in(QUARANTINE)) == ({"pending": 1}, [])


@pytest.mark.parametrize("number", [1, 2, 3])
def test_two_workers_of_a_file_whose_source_stays_make_one_copy(world: World, number: int) -> None:
    event = messages(upload(KEY, body=b"no"))[0]

    def another() -> None:
        app.ndjson_arrived(event, None)

    with failing("DeleteObject", "AccessDenied", 403, KEY):
        reading = Nth("GetItem", number, lambda number: Meanwhile(number, another))
        run(lambda: app.ndjson_arrived(event, None), reading)
    assert statuses() == {"quarantined": 1}
    assert len(keys_in(QUARANTINE)) == 1


def _etag() -> str:
    return boto3.client("s3").head_object(Bucket=NDJSON, Key=KEY)["ETag"].strip('"')
