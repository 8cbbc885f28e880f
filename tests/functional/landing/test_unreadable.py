"""An object that S3 does not give out (a customer's key, a bucket policy): its row says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.landing.outcomes import MAX_ATTEMPTS
from tests.faults.dying import Call, Process, Send, running
from tests.support.api import Api
from tests.support.aws_calls import failing
from tests.support.builders import LANDING, NDJSON
from tests.support.lanes.scans import aws_error
from tests.support.world import World

CUSTOMERS, NOTES = "data/in/customers.csv", "notes/secret.txt"
HOUR = timedelta(hours=1)


@contextmanager
def _refused(key: str, get: str = "AccessDenied", head: str = "403", status: int = 403) -> Iterator[None]:
    codes = {"GetObject": get, "HeadObject": head}

    def fault(call: Call, send: Send) -> Any:
        if call.operation in codes and call.parameters.get("Key") == key:
            raise aws_error(codes[call.operation], status)
        return send()

    with running(Process(fault)):
        yield


@pytest.mark.parametrize(
    "codes",
    [("AccessDenied", "403", 403), ("InvalidRequest", "400", 400), ("KMS.DisabledException", "400", 400)],
)
def test_a_file_that_cannot_be_read_fails_and_its_row_says_why(
    world: World, codes: tuple[str, str, int]
) -> None:
    etag = world.upload(CUSTOMERS)
    with _refused(CUSTOMERS, *codes):
        for attempt in (1, 2):
            with pytest.raises(ClientError, match=codes[0]):
                world.deliver(CUSTOMERS, etag)
            row = world.row(CUSTOMERS)
            assert (row["status"], row["etag"], row["attempts"], row["retry"]) == (
                "failed",
                etag,
                attempt,
                "1",
            )
    assert codes[0] in row["reason"]
    assert row["file_size"] == len(b"id,name\n1,Ada\n")
    assert world.deliver(CUSTOMERS, etag)["status"] == "triggered"
    assert world.row(CUSTOMERS)["status"] == "triggered", "the same row: a listing tells the same identity"


@pytest.mark.parametrize("delivered", [True, False])
def test_reconcile_retries_it_and_leaves_it_for_a_replay_after_ten_attempts(
    world: World, later: Any, delivered: bool
) -> None:
    etag = world.upload(CUSTOMERS)
    with _refused(CUSTOMERS):
        if delivered:
            with pytest.raises(ClientError):
                world.deliver(CUSTOMERS, etag)
        for number in range(1, MAX_ATTEMPTS + 3):
            later(number * HOUR)
            app.reconcile({}, None)
    row = world.row(CUSTOMERS)
    assert (row["status"], row["attempts"], row.get("retry")) == ("failed", MAX_ATTEMPTS, None)


def test_reconcile_routes_it_once_it_can_be_read(world: World, later: Any) -> None:
    world.upload(CUSTOMERS)
    with _refused(CUSTOMERS):
        later(HOUR)
        assert app.reconcile({}, None)["landing"]["errors"] == 1
    later(2 * HOUR)
    assert app.reconcile({}, None)["landing"]["retried"] == 1
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_what_is_only_catalogued_is_received_without_having_been_read(world: World) -> None:
    etag = world.upload(NOTES)
    with _refused(NOTES):
        assert world.deliver(NOTES, etag)["status"] == "received"
    row = world.row(NOTES)
    assert (row["status"], row["etag"]) == ("received", etag)
    assert "AccessDenied" in row["reason"]
    assert "content_preview" not in row


def test_a_read_that_is_only_throttled_costs_nothing_more_and_leaves_no_row(world: World) -> None:
    etag = world.upload(CUSTOMERS)
    process = Process()
    with running(process), failing("GetObject", "SlowDown", 503), pytest.raises(ClientError):
        world.deliver(CUSTOMERS, etag)
    assert world.rows() == []


def test_a_refusal_of_what_is_not_there_leaves_no_row(world: World) -> None:
    etag = world.upload(CUSTOMERS + ".longer")
    with _refused(CUSTOMERS), pytest.raises(ClientError):
        world.deliver(CUSTOMERS, etag)
    assert world.rows() == []


@pytest.mark.parametrize("codes", [("AccessDenied", "403", 403), ("KMS.DisabledException", "400", 400)])
def test_the_api_tells_its_story_and_that_s3_does_not_give_it_out(
    world: World, codes: tuple[str, str, int]
) -> None:
    etag = world.upload(CUSTOMERS)
    with _refused(CUSTOMERS, *codes):
        with pytest.raises(ClientError):
            world.deliver(CUSTOMERS, etag)
        told = Api().get("/explain", key=CUSTOMERS)
        assert Api().get("/file", key=CUSTOMERS).body["items"][0]["status"] == "failed"
    assert told.status == 200, told.text
    assert "It has no outcome after 1 attempt" in told.body["story"][0]["text"]
    assert f"S3 does not give it out: Operation was answered with {codes[0]}" in told.body["summary"]
    assert told.body["now"]["outcome"] == "failed"
    assert told.body["objects"]["landing"]["etag"] == etag
    assert codes[0] in told.body["objects"]["landing"]["refusal"]


def test_the_api_tells_of_a_key_that_is_only_recorded_and_of_one_that_is_not_there(world: World) -> None:
    world.upload(NOTES)
    with _refused(NOTES):
        told = Api().get("/explain", key=NOTES).body
        assert (told["now"]["outcome"], told["objects"]["landing"]["size"]) == ("received", 14)
        world.s3.delete_object(Bucket=LANDING, Key=NOTES)
        assert Api().get("/explain", key=NOTES).body["objects"]["landing"] is None


def test_of_an_ndjson_file_it_says_the_same(world: World) -> None:
    key = "in/2026-01-15/secret.ndjson"
    world.s3.put_object(Bucket=NDJSON, Key=key, Body=b"{}")
    with _refused(key):
        told = Api().get("/explain", key=key).body
    assert (told["now"]["outcome"], told["now"]["lane"]) == ("failed", "ndjson")
    assert "does not give it out" in told["summary"]
