"""Events: every accepted shape becomes the same record; what cannot be read is named."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import EventError
from chalicelib.events import MAX_KEY_BYTES, ObjectEvent, read_body, read_event
from tests.support.builders import LANDING, eventbridge_event, s3_event, s3_record, sns_envelope, sqs_event

PAYLOADS = Path(__file__).parent.parent / "events"
MOMENT = datetime(2026, 11, 21, 1, tzinfo=UTC)
NAMES = [
    "Records",
    "s3",
    "body",
    "object",
    "key",
    "bucket",
    "name",
    "eventName",
    "size",
    "eTag",
    "Type",
    "Message",
    "detail",
    "detail-type",
    "source",
    "time",
    "eventTime",
    "Event",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
NOT_UTF8 = s3_record("k") | {"s3": {"bucket": {"name": "b"}, "object": {"key": "%FF"}}}


def _payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("name", "seen", "ignored"),
    [
        ("s3_put", [("data/in/Café menu+prices 100%.csv", 1024)], {}),
        ("s3_several_records", [("a.csv", 1), ("d.csv", 4)], {"folder_marker": 1, "not_created": 1}),
        ("s3_moto_encoding", [("data/in/a b.csv", 2)], {}),
        ("s3_test_event", [], {"test_event": 1}),
        ("eventbridge_object_created", [("data/in/a+b %41.csv", 617)], {}),
        ("eventbridge_object_deleted", [], {"not_created": 1}),
        ("sqs_s3", [("2026-01-02/a.ndjson", 7), ("b.ndjson", 8), ("c.ndjson", 9)], {}),
        ("sqs_sns_s3", [("via sns.csv", 5)], {}),
        ("sqs_eventbridge", [("via bridge.csv", 6)], {}),
        ("discovery_message", [("incoming/crm/a+b.csv", 3)], {}),
    ],
)
def test_real_payloads_are_read(name: str, seen: list[tuple[str, int]], ignored: dict[str, int]) -> None:
    reading = read_event(_payload(name))
    assert [(event.key, event.size_bytes) for event in reading.events] == seen
    assert dict(reading.ignored) == ignored
    assert {event.event_time for event in reading.events} <= {MOMENT}


def test_every_field_of_a_record_is_kept() -> None:
    (event,) = read_event(_payload("s3_put")).events
    assert event == ObjectEvent(
        bucket=LANDING,
        key="data/in/Café menu+prices 100%.csv",
        size_bytes=1024,
        etag="d41d8cd98f00b204e9800998ecf8427e",
        event_name="ObjectCreated:Put",
        event_time=MOMENT,
        sequencer="0055AED6DCD90281E5",
        version_id="096fKKXTRTtl3on89fVO.nfljtsv6qko",
    )
    assert read_event(_payload("eventbridge_object_created")).events[0].event_name == "ObjectCreated:Put"
    assert read_event(_payload("discovery_message")).events[0].event_name == "Discovered:updated"


def test_own_outputs_are_left_out_and_counted() -> None:
    reading = read_event(s3_event("manifests/a.json", "data/in/a.csv", "state/x")).without(
        ("manifests/", "state/", "")
    )
    assert [event.key for event in reading.events] == ["data/in/a.csv"]
    assert reading.ignored["own_output"] == 2


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (None, "event is missing"),
        ([], "event is a list"),
        ({}, "none of Records, detail-type, Type or bucket and key"),
        ({"Records": {}}, "Records is a dict"),
        ({"Records": ["x"]}, "Records[0] is a str"),
        ({"Records": [{"kinesis": {}}]}, "Records[0] has neither s3 nor body"),
        (s3_event("k", eventName=None), "Records[0].eventName is missing"),
        (s3_event("k", eventTime="yesterday"), "Records[0].eventTime is 'yesterday'"),
        (s3_event("k", eventTime="0001-01-01T00:00:00+14:00"), "eventTime is '0001"),
        (s3_event("k", size=-1), "Records[0] size is -1"),
        (s3_event("k", size="1"), "size is '1'"),
        (s3_event("k", bucket=""), "bucket.name is empty str"),
        (s3_event(""), "object.key is empty str"),
        (s3_event("x" * (MAX_KEY_BYTES + 1)), "key has 1025 bytes, S3 allows 1024"),
        (
            {"Records": [NOT_UTF8]},
            "not URL-encoded",
        ),
        (eventbridge_event("k") | {"source": "my.app"}, "EventBridge source is 'my.app'"),
        (eventbridge_event("\ud800"), "not valid Unicode"),
        (eventbridge_event("k") | {"detail": None}, "event.detail is missing"),
        (sqs_event("not json"), "Records[0].body is not JSON"),
        (sqs_event(sqs_event(sqs_event(sqs_event(sqs_event("{}"))))), "nested more than 4 deep"),
        (sns_envelope({}) | {"Message": 7}, "SNS Message is a int"),
        ({"bucket": "b", "key": "k"}, "message.last_modified is None"),
    ],
    ids=range(22),
)
def test_what_cannot_be_read_is_named(payload: Any, said: str) -> None:
    with pytest.raises(EventError) as caught:
        read_event(payload)
    assert said in str(caught.value)


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, None, 7, '"text"', "null"])
def test_a_body_that_is_no_event_is_an_event_error(body: Any) -> None:
    with pytest.raises(EventError):
        read_body(body)


@given(json_values)
def test_nothing_but_an_event_error_comes_of_any_json(payload: Any) -> None:
    with suppress(EventError):
        assert all(event.key for event in read_event(payload).events)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_a_key_survives_s3s_encoding(key: str) -> None:
    assert read_event(s3_event(key, size=1)).events[0].key == key
    assert read_event(eventbridge_event(key, size=1)).events[0].key == key
