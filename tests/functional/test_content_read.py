"""How much of a file's content functions read: docs/security.md promises its beginning, and no more."""

from __future__ import annotations

import boto3

import app
from tests.faults.dying import calls_of
from tests.support.builders import LANDING, NDJSON, s3_event, s3_record, sqs_event
from tests.support.world import World

LARGE = b'{"id": 1, "text": "some"}\n' * 10_000


def test_a_large_file_is_read_at_its_beginning_alone(world: World) -> None:
    s3, line, table = boto3.client("s3"), "in/2026-01-15/large.ndjson", "data/in/large.csv"
    s3.put_object(Bucket=NDJSON, Key=line, Body=LARGE)
    s3.put_object(Bucket=LANDING, Key=table, Body=LARGE, ContentType="text/csv")
    arrived = sqs_event({"Records": [s3_record(line, bucket=NDJSON, size=len(LARGE))]})
    calls = calls_of(lambda: (app.object_created(s3_event(table), None), app.ndjson_arrived(arrived, None)))
    read = [each.parameters for each in calls if each.operation == "GetObject"]
    ranges = {each["Key"]: each.get("Range") for each in read if each["Key"] in {line, table}}
    assert ranges == {line: "bytes=0-65535", table: "bytes=0-4095"}
    assert s3.head_object(Bucket=NDJSON, Key=line)["ContentLength"] == len(LARGE)
