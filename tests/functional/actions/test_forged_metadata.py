"""Whoever may upload can set any metadata: it is carried along and believed for nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

import app
from chalicelib.landing.catalog import identify
from tests.faults.dying import Death, Moment, Nth, run
from tests.support.api import Api
from tests.support.builders import LANDING, NDJSON
from tests.support.lanes.ndjson import DATE, QUARANTINE, keys_in, messages, upload
from tests.support.lanes.replays import activate, replay
from tests.support.reset import date_object
from tests.support.world import World

MYSTERY = "data/in/mystery.csv"
PARKED = "data/new_files/mystery.csv"
NDJSON_KEY = f"in/{DATE}/a.ndjson"


def _identity(bucket: str, key: str) -> str:
    found = boto3.client("s3").head_object(Bucket=bucket, Key=key)
    return identify(bucket, key, found["ETag"].strip('"'), found["LastModified"])


def _contents(bucket: str) -> set[bytes]:
    s3 = boto3.client("s3")
    return {s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys_in(bucket)}


@pytest.mark.parametrize("body", [b"A", b"A" * 5000], ids=["put", "copied in parts"])
def test_a_forged_upload_under_a_parked_files_key_is_not_taken_for_its_copy(
    world: World, operator: Api, body: bytes
) -> None:
    world.land(MYSTERY, body)
    forged = {"sluice-identity": _identity(LANDING, PARKED), "sluice-proof": "0 sluice-identity"}
    world.upload(MYSTERY, b"B" * len(body), Metadata=forged)
    activate(world, "mystery.csv")
    (item,) = replay(operator, keys=[MYSTERY])
    assert (item["action"], "newer upload" in item["why"]) == ("none", True)
    assert (world.read(PARKED), world.read(MYSTERY)) == (body, b"B" * len(body))


def test_the_copied_metadata_of_another_copy_do_not_pass(world: World, operator: Api) -> None:
    world.land(MYSTERY, b"A")
    theirs = world.s3.head_object(Bucket=LANDING, Key=PARKED)["Metadata"]
    world.upload(MYSTERY, b"B", Metadata={**theirs, "sluice-identity": _identity(LANDING, PARKED)})
    activate(world, "mystery.csv")
    (item,) = replay(operator, keys=[MYSTERY])
    assert item["action"] == "none"
    assert (world.read(PARKED), world.read(MYSTERY)) == (b"A", b"B")


def test_a_forged_object_where_a_file_is_to_be_parked_is_not_taken_for_its_copy(world: World) -> None:
    etag = world.upload(MYSTERY, b"A")
    world.upload(PARKED, b"B", Metadata={"sluice-identity": _identity(LANDING, MYSTERY)})
    outcome = world.deliver(MYSTERY, etag)
    assert outcome["moved_to"] != PARKED
    assert (world.read(outcome["moved_to"]), world.read(PARKED)) == (b"A", b"B")


def test_what_an_uploader_claims_is_carried_along_as_theirs(world: World) -> None:
    moved_to = world.land(MYSTERY, Metadata={"sluice-date": "2020-01-01", "sluice-etag": "mine"})["moved_to"]
    metadata = world.s3.head_object(Bucket=LANDING, Key=moved_to)["Metadata"]
    assert (metadata["sluice-date"], metadata["sluice-etag"]) == ("2020-01-01", "mine")
    assert metadata["sluice-proof"].split()[1:] == ["sluice-content", "sluice-identity"]


def test_a_forged_upload_under_a_quarantined_files_key_is_not_taken_for_its_copy(
    world: World, operator: Api
) -> None:
    (event,) = messages(upload(NDJSON_KEY, body=b"A\n"))
    app.ndjson_arrived(event, None)
    (quarantined,) = keys_in(QUARANTINE)
    forged = {"sluice-identity": _identity(QUARANTINE, quarantined)}
    world.s3.put_object(Bucket=NDJSON, Key=NDJSON_KEY, Body=b"B\n", Metadata=forged)
    assert operator.post("/quarantine/release", {"key": NDJSON_KEY}).status == 409
    assert (_contents(QUARANTINE), _contents(NDJSON)) == ({b"A\n"}, {b"B\n"})


def test_a_forged_upload_does_not_pass_in_the_place_of_a_released_file(world: World, operator: Api) -> None:
    (event,) = messages(upload(NDJSON_KEY, body=b"A\n"))
    app.ndjson_arrived(event, None)
    release = partial(operator.post, "/quarantine/release", {"key": NDJSON_KEY})
    run(release, Nth("CompleteMultipartUpload", 1, lambda number: Death(number, Moment.BEFORE)))
    forged = {"sluice-etag": hashlib.md5(b"A\n").hexdigest(), "sluice-identity": "x", "sluice-proof": "0"}
    (event,) = messages(upload(NDJSON_KEY, body=b"B\n", Metadata=forged))
    app.ndjson_arrived(event, None)
    assert _contents(QUARANTINE) == {b"A\n", b"B\n"}
    assert keys_in(NDJSON) == []


def test_the_true_proof_of_a_released_file_does_not_pass_under_another_key(
    world: World, operator: Api
) -> None:
    other = f"in/{DATE}/b.ndjson"
    for key in (NDJSON_KEY, other):
        (event,) = messages(upload(key, body=b"A\n"))
        app.ndjson_arrived(event, None)
        assert operator.post("/quarantine/release", {"key": key}).status == 200
    theirs = world.s3.head_object(Bucket=NDJSON, Key=other)["Metadata"]
    assert {"sluice-etag", "sluice-proof"} < {*theirs}
    (event,) = messages(upload(NDJSON_KEY, body=b"B\n", Metadata=theirs))
    app.ndjson_arrived(event, None)
    assert _contents(QUARANTINE) == {b"B\n"}


def test_the_true_proof_of_a_released_file_does_not_pass_over_it_with_other_content(
    world: World, operator: Api
) -> None:
    (event,) = messages(upload(NDJSON_KEY, body=b"A\n"))
    app.ndjson_arrived(event, None)
    assert operator.post("/quarantine/release", {"key": NDJSON_KEY}).status == 200
    theirs = world.s3.head_object(Bucket=NDJSON, Key=NDJSON_KEY)["Metadata"]
    (event,) = messages(upload(NDJSON_KEY, body=b"B\n", Metadata=theirs))
    app.ndjson_arrived(event, None)
    assert (_contents(QUARANTINE), keys_in(NDJSON)) == ({b"B\n"}, [])


def _as_of_0_1_0(world: World, key: str) -> None:
    """Let a copy be one of release 0.1.0, which signed nothing."""
    found: Any = world.s3.get_object(Bucket=LANDING, Key=key)
    metadata = {name: value for name, value in found["Metadata"].items() if name != "sluice-proof"}
    world.s3.put_object(Bucket=LANDING, Key=key, Body=found["Body"].read(), Metadata=metadata)


def test_a_move_that_0_1_0_recorded_is_finished(world: World) -> None:
    etag = world.upload(MYSTERY, b"A" * 5000)
    run(lambda: world.deliver(MYSTERY, etag), Nth("DeleteObject", 1, lambda n: Death(n, Moment.BEFORE)))
    assert world.keys("data/") == [MYSTERY, PARKED]
    _as_of_0_1_0(world, PARKED)
    assert world.deliver(MYSTERY, etag)["moved_to"] == PARKED
    assert (world.keys("data/"), world.read(PARKED)) == ([PARKED], b"A" * 5000)


def test_a_way_back_that_0_1_0_began_is_finished(world: World, operator: Api) -> None:
    world.land(MYSTERY, b"A")
    world.upload(MYSTERY, b"A", Metadata={"sluice-identity": _identity(LANDING, PARKED)})
    date_object(LANDING, MYSTERY, datetime.now(UTC) + timedelta(seconds=2))  # not in the second of its upload
    activate(world, "mystery.csv")
    (item,) = replay(operator, keys=[MYSTERY])
    assert item["outcome"]["status"] == "triggered"
    assert (world.keys("data/"), world.read(MYSTERY)) == ([MYSTERY], b"A")
