"""A broken event is refused by a named error and harms no other; readable records are processed."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app
from chalicelib.errors import EventError
from tests.hostile.corpus import WRONG_VALUES, paths, substituted
from tests.support.builders import eventbridge_event, s3_event, sns_envelope, sqs_event
from tests.support.lanes import ndjson
from tests.support.world import World

KEY = "notes/event.txt"
SHAPES: dict[str, Any] = {
    "native": s3_event(KEY, etag="e" * 32),
    "eventbridge": eventbridge_event(KEY, etag="e" * 32),
    "queued": sqs_event(sns_envelope(s3_event(KEY, etag="e" * 32))),
}
BROKEN = [
    pytest.param(shape, path, number, id=f"{name} {'.'.join(map(str, path))} {number}")
    for name, shape in SHAPES.items()
    for path in paths(shape)
    for number in range(len(WRONG_VALUES))
]
BODIES: dict[str, Any] = {
    "no JSON": "not json",
    "empty": "",
    "null": "null",
    "a number": "1",
    "NaN": "NaN",
    "a list": "[]",
    "an empty object": "{}",
    "Records null": '{"Records": null}',
    "deep": "[" * 100_000,
    "deep records": '{"Records":' * 20 + "1" + "}" * 20,
    "1 MB": "x" * 1_000_000,
    "control characters": "\x00\x01\x1b[31m",
    "forged line": '\n{"level":"INFO"}',
    "half": '{"Records": [{"eventName": "ObjectCreated:Put"',
    "foreign bucket": s3_event("x.ndjson", bucket="somebody-elses"),
    "key of 1,025 bytes": s3_event("x" * 1025, bucket="sluice-local-ndjson"),
    "key of broken UTF-8": json.dumps(s3_event("k", bucket="sluice-local-ndjson")).replace('"k"', '"%ff%fe"'),
    "surrogate": json.dumps(eventbridge_event("\ud800", bucket="sluice-local-ndjson")),
    "time of the year 9999": s3_event("x", bucket="sluice-local-ndjson", eventTime="9999-99-99"),
    "foreign service": {"source": "aws.ec2", "detail-type": "EC2 Instance State-change", "detail": {}},
    "SNS of SNS of SNS": sns_envelope(sns_envelope(sns_envelope(sns_envelope(s3_event("x"))))),
}


@pytest.mark.parametrize(("shape", "path", "number"), BROKEN)
def test_a_part_replaced_by_nonsense_is_a_named_error_or_ends_in_a_row(
    hostile_world: World, shape: Any, path: tuple[Any, ...], number: int
) -> None:
    payload = substituted(shape, path, WRONG_VALUES[number])
    error, outcomes = _process(payload)
    assert len(error) < 1000, "an error message is not the input again"
    assert json.loads(json.dumps(outcomes)) == outcomes
    for outcome in outcomes:
        assert hostile_world.rows(outcome["key"])


def _process(payload: Any) -> tuple[str, list[dict[str, Any]]]:
    try:
        return "", app.object_created(payload, None)
    except EventError as error:
        return str(error), []


@pytest.mark.parametrize("name", BODIES)
def test_one_bad_message_fails_alone(hostile_world: World, name: str) -> None:
    good = ndjson.upload(f"in/2026-01-15/beside {name}.ndjson")
    event = sqs_event(BODIES[name], {"Records": [good]})
    assert app.ndjson_arrived(event, None) == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert ndjson.row(f"beside {name}.ndjson")["status"] in {"pending", "manifested"}
