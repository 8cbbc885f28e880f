"""Stories that once ended badly: the disorder tests found each, and here it has a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from tests.support.aws_calls import failing
from tests.support.builders import LANDING
from tests.support.lanes import ndjson
from tests.support.reset import date_object
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
HOUR = timedelta(hours=1)


def test_an_upload_that_was_overwritten_before_its_event_came_has_a_row(world: World) -> None:
    older = world.upload(CUSTOMERS, b"older")
    newer = world.upload(CUSTOMERS, b"newer")
    assert world.deliver(CUSTOMERS, older)["status"] == "triggered", "what is there is routed at once"
    assert world.deliver(CUSTOMERS, newer)["status"] == "already_running"
    assert {row["etag"]: row["status"] for row in world.rows()} == {older: "vanished", newer: "triggered"}
    assert (
        next(row for row in world.rows() if row["etag"] == older)["reason"]
        == "overwritten before it was read"
    )


def test_a_late_event_of_a_version_that_had_its_outcome_changes_nothing(world: World) -> None:
    older = world.upload(CUSTOMERS, b"older")
    world.deliver(CUSTOMERS, older)
    world.land(CUSTOMERS, b"newer")
    before = sorted(world.rows(), key=str)
    world.deliver(CUSTOMERS, older)
    assert [row["status"] for row in before] == ["triggered", "triggered"]
    assert {row["etag"]: row["status"] for row in world.rows()} == {
        row["etag"]: row["status"] for row in before
    }


def test_the_same_content_again_without_an_event_is_routed_by_reconcile(world: World, later: Any) -> None:
    world.land(CUSTOMERS, b"same")
    date_object(LANDING, CUSTOMERS, datetime.now(UTC) + timedelta(minutes=10))  # uploaded again
    later(HOUR)
    assert app.reconcile({}, None)["landing"]["routed"] == 1
    assert len(world.executions()) == 2
    assert [row["status"] for row in world.rows(CUSTOMERS)] == ["triggered", "triggered"]


def test_a_failed_upload_replaced_by_the_same_content_is_not_retried_for_ever(
    world: World, later: Any
) -> None:
    etag = world.upload(CUSTOMERS, b"same")
    with failing("StartExecution", "ThrottlingException"), pytest.raises(ClientError):
        world.deliver(CUSTOMERS, etag)
    date_object(LANDING, CUSTOMERS, datetime.now(UTC) + timedelta(minutes=10))
    world.deliver(CUSTOMERS, etag)
    later(HOUR)
    assert app.reconcile({}, None)["landing"]["retried"] == 1
    assert app.reconcile({}, None)["landing"]["retried"] == 0
    assert sorted(row["status"] for row in world.rows(CUSTOMERS)) == ["failed", "triggered"]


def test_an_event_that_found_another_version_does_not_vouch_for_its_own(aws: None) -> None:
    lane = ndjson.lane_with(
        EXPECTED_FILE_SIZE_MB="0.001", SIZE_TOLERANCE_PERCENT="100", MAX_BATCH_SIZE_GB="0"
    )
    key, invalid = f"in/{ndjson.DATE}/a.ndjson", b"no json\n"
    overwritten = ndjson.upload(key, body=invalid, size=len(invalid))
    valid = ndjson.upload(key, size=len(ndjson.LINES))
    ndjson.deliver(lane, overwritten)
    ndjson.deliver(lane, valid)
    assert [len(paths) for paths in ndjson.manifests().values()] == [1], "what was there is listed once"
    ndjson.deliver(lane, ndjson.upload(key, body=invalid, size=len(invalid)))
    assert ndjson.statuses() == {"manifested": 1, "quarantined": 1}
    assert ndjson.keys_in(ndjson.QUARANTINE) == [f"quarantine/{ndjson.DATE}/{key}"]


def test_an_old_event_that_finds_a_newer_invalid_version_records_that_one(aws: None) -> None:
    lane = ndjson.lane_with(EXPECTED_FILE_SIZE_MB="0.001", SIZE_TOLERANCE_PERCENT="100")
    key, bodies = f"in/{ndjson.DATE}/a.ndjson", [b'{"v": 0}\n', b'{"v": 1}\n', b"no json\n"]
    first = ndjson.upload(key, body=bodies[0], size=9)
    ndjson.deliver(lane, ndjson.upload(key, body=bodies[1], size=9))
    invalid = ndjson.upload(key, body=bodies[2], size=8)
    ndjson.deliver(lane, first)
    ndjson.deliver(lane, invalid)
    assert len(ndjson.keys_in(ndjson.QUARANTINE)) == 1
    assert [(row["etag"], row["status"]) for row in ndjson.rows()] == [
        (invalid["s3"]["object"]["eTag"], "quarantined")
    ]


@pytest.mark.parametrize("tail", [b'{"b": 2}\n' * 300, b'{"b": 2}\n'], ids=["too large", "larger"])
def test_a_row_has_the_size_of_the_version_that_its_event_found(aws: None, tail: bytes) -> None:
    lane = ndjson.lane_with(EXPECTED_FILE_SIZE_MB="0.001", SIZE_TOLERANCE_PERCENT="100")
    key, larger = f"in/{ndjson.DATE}/a.ndjson", ndjson.LINES + tail
    overwritten = ndjson.upload(key, size=len(ndjson.LINES))
    newer = ndjson.upload(key, body=larger, size=len(larger))
    ndjson.deliver(lane, overwritten)
    ndjson.deliver(lane, newer)
    (row,) = ndjson.rows()
    invalid = len(larger) > lane.settings.max_file_bytes
    assert (row["status"], row["size_bytes"]) == ("quarantined" if invalid else "pending", len(larger))
