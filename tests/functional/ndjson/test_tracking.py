"""Arriving NDJSON files become rows: one per version, whatever is delivered how often."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

import app
from chalicelib.ndjson.arrivals import ndjson_arrived
from chalicelib.ndjson.lane import Ndjson
from tests.support.builders import NDJSON, eventbridge_event, s3_event, sns_envelope, sqs_event
from tests.support.lanes.ndjson import (
    DATE,
    LINES,
    MB,
    Clock,
    deliver,
    items,
    lane_with,
    manifests,
    repair,
    row,
    rows,
    statuses,
    unseen,
    upload,
)

KEY = f"folder1/{DATE}-file001.ndjson"
NAME = f"{DATE}-file001.ndjson"


@pytest.fixture
def lane(aws: None) -> Ndjson:
    return lane_with()


def test_a_valid_file_gets_the_row_of_the_contract(lane: Ndjson) -> None:
    deliver(lane, upload(KEY, size=3_670_016))

    stored = row(NAME)
    del stored["etag"], stored["sequencer"]
    assert stored == {
        "date_prefix": DATE,
        "file_name": NAME,
        "file_path": f"s3://{NDJSON}/{KEY}",
        "file_size_mb": 3.5,
        "size_bytes": 3_670_016,
        "status": "pending",
        "created_at": "2026-01-15T12:00:00.000Z",
        "revision": 1,
    }


@pytest.mark.parametrize("status", ["pending", "quarantined", "manifested"])
def test_a_redelivered_event_changes_nothing_whatever_the_row_says(aws: None, status: str) -> None:
    lane = lane_with(MAX_BATCH_AGE_SECONDS="0", QUARANTINE_BUCKET="")
    record = upload(KEY, body=b"no json" if status == "quarantined" else LINES)
    deliver(lane, record)
    if status == "manifested":
        repair(lane)
    before = items()
    assert row(NAME)["status"] == status

    deliver(lane, record, record)

    assert items() == before


def test_two_paths_with_one_name_on_one_date_are_two_rows(lane: Ndjson) -> None:
    records = [upload(f"{folder}/{NAME}") for folder in "abc"]

    deliver(lane, *records)
    deliver(lane, *reversed(records))

    assert {one["file_path"] for one in rows()} == {f"s3://{NDJSON}/{folder}/{NAME}" for folder in "abc"}
    assert sum(one["file_name"] == NAME for one in rows()) == 1
    assert all(one["file_name"].startswith(NAME + "#") for one in rows() if one["file_name"] != NAME)


def test_new_content_under_a_pending_name_replaces_it_in_place(lane: Ndjson) -> None:
    deliver(lane, upload(KEY, size=3 * MB))
    newer = upload(KEY, size=4 * MB, body=b'{"new": true}\n')
    deliver(lane, newer)

    (only,) = rows()
    assert only["etag"] == newer["s3"]["object"]["eTag"]
    assert (only["status"], only["size_bytes"], only["revision"]) == ("pending", 4 * MB, 2)
    assert items("COUNTER#")[0]["bytes"] == 4 * MB


def test_a_file_that_is_overwritten_again_and_again_is_flushed_by_its_age(aws: None) -> None:
    lane = lane_with(clock := Clock())
    for version in range(2):
        deliver(lane, upload(KEY, body=b'{"version": %d}' % version))
        clock.turn(3000)
    assert repair(lane)["flushed"] == 1
    assert statuses() == {"manifested": 1}


def test_each_version_under_a_manifested_name_is_a_row_and_in_a_manifest_once(aws: None) -> None:
    lane = lane_with(MAX_BATCH_AGE_SECONDS="0")
    versions = []
    for version in range(4):
        versions.append(upload(KEY, body=b'{"version": %d}' % version))
        deliver(lane, versions[-1])
        repair(lane)

    deliver(lane, *versions)  # late repeats of all of them

    assert statuses() == {"manifested": 4}
    assert list(manifests().values()) == [[f"s3://{NDJSON}/{KEY}"]] * 4
    assert len({one["etag"] for one in rows()}) == 4


def test_a_late_event_of_an_older_version_does_not_undo_the_newer(aws: None) -> None:
    lane = lane_with(NDJSON_CONTENT_CHECK="false")
    older, newer = unseen("a", 3 * MB), unseen("a", 4 * MB)
    older["s3"]["object"]["eTag"] = "0" * 32

    deliver(lane, newer)
    deliver(lane, older)

    (only,) = rows()
    assert only["size_bytes"] == 4 * MB


def test_a_late_event_without_sequencer_is_known_by_the_object(lane: Ndjson) -> None:
    older = upload(KEY)
    newer = upload(KEY, body=b'{"new": true}\n')
    for record in (older, newer):
        del record["s3"]["object"]["sequencer"]
    deliver(lane, newer)

    deliver(lane, older)

    (only,) = rows()
    assert only["etag"] == newer["s3"]["object"]["eTag"]


@pytest.mark.parametrize(
    ("key", "date"),
    [
        ("2025-13-45/x.ndjson", DATE),
        ("2025-13-45/2025-12-23/x.ndjson", "2025-12-23"),
        ("no/date/x.ndjson", DATE),
    ],
)
def test_the_date_is_the_keys_first_real_one_or_the_events(lane: Ndjson, key: str, date: str) -> None:
    deliver(lane, upload(key))

    assert [one["date_prefix"] for one in rows()] == [date]


HOSTILE_NAMES = [
    "a b+c.ndjson", "%41.ndjson", "line\nbreak.ndjson", "é-é-🦀.ndjson", "../../up.ndjson",
    "<script>alert(1)</script>.ndjson", "=1+1.ndjson", "x.ndjson#0123456789abcdef.ndjson", ".ndjson",
    "n" * (1024 - len("in//.ndjson")) + ".ndjson",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_keys_are_tracked_and_listed_as_they_are(aws: None, name: str) -> None:
    lane = lane_with(MAX_BATCH_AGE_SECONDS="0")
    keys = [f"in/{name}"[:1024], f"IN/{name}"[:1024]]

    deliver(lane, *map(upload, keys))
    repair(lane)

    listed = [path for paths in manifests().values() for path in paths]
    assert sorted(listed) == sorted(f"s3://{NDJSON}/{key}" for key in keys)
    assert all(len(one["file_name"].encode()) <= 1024 for one in rows())


def _forms(key: str, etag: str) -> dict[str, Any]:
    native = s3_event(key, bucket=NDJSON, etag=etag, size=10 * MB)
    return {
        "native": native,
        "sns": sns_envelope(native),
        "eventbridge": eventbridge_event(key, bucket=NDJSON, etag=etag, size=10 * MB),
        "discovered": {"bucket": NDJSON, "key": key, "etag": etag, "size": 10 * MB,
                       "last_modified": f"{DATE}T01:00:00Z"},
    }  # fmt: skip


@pytest.mark.parametrize("form", _forms("", ""))
@pytest.mark.parametrize("through_queue", [True, False])
def test_every_message_form_through_the_apps_handler(aws: None, form: str, *, through_queue: bool) -> None:
    etag = upload("in/a file+1.ndjson")["s3"]["object"]["eTag"]
    payload = _forms("in/a file+1.ndjson", etag)[form]

    answer = app.ndjson_arrived(sqs_event(payload) if through_queue else payload, None)

    assert answer == {"batchItemFailures": []}
    assert [one["file_path"] for one in rows()] == [f"s3://{NDJSON}/in/a file+1.ndjson"]


def test_one_bad_message_fails_alone(lane: Ndjson) -> None:
    good = {"Records": [upload("in/a.ndjson"), upload("in/b.ndjson")]}
    foreign = s3_event("x.ndjson", bucket="foreign-bucket")

    answer = ndjson_arrived(lane, sqs_event("{no json", good, foreign, {"Records": [{"s3": 1}]}, {}))

    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert failed == ["message-0", "message-2", "message-3", "message-4"]
    assert statuses() == {"pending": 2}


def test_noise_is_ignored_without_a_trace(lane: Ndjson) -> None:
    marker = s3_event("folder/", bucket=NDJSON, size=0)
    deleted = s3_event("x.ndjson", bucket=NDJSON, eventName="ObjectRemoved:Delete")
    own = s3_event("quarantine/x.ndjson", "manifests/x.json", "state/x", "data/new_files/x", bucket=NDJSON)

    answer = ndjson_arrived(lane, sqs_event({"Event": "s3:TestEvent"}, marker, deleted, own))

    assert answer == {"batchItemFailures": []}
    assert items() == []


def test_a_file_that_is_gone_is_recorded_and_not_tried_again(lane: Ndjson) -> None:
    record = upload(KEY)
    boto3.client("s3").delete_object(Bucket=NDJSON, Key=KEY)

    deliver(lane, record)

    assert row(NAME)["status"] == "vanished"
    deliver(lane, upload(KEY))
    assert statuses() == {"pending": 1}


def test_an_event_without_etag_or_size_is_completed_from_the_object(lane: Ndjson) -> None:
    body = b'{"a": 1}\n' * 20_000
    record = upload(KEY, size=0, body=body)
    etag = record["s3"]["object"].pop("eTag")

    deliver(lane, record)

    assert (row(NAME)["etag"], row(NAME)["size_bytes"]) == (etag, len(body))


def test_ten_messages_of_many_records_are_all_tracked(aws: None) -> None:
    lane = lane_with(NDJSON_CONTENT_CHECK="false", MAX_BATCH_SIZE_GB="100")
    bodies = [{"Records": [unseen(f"{m}-{n}") for n in range(30)]} for m in range(10)]

    assert ndjson_arrived(lane, sqs_event(*bodies)) == {"batchItemFailures": []}

    assert statuses() == {"pending": 300}
    assert items("COUNTER#")[0]["bytes"] == 300 * 10 * MB
