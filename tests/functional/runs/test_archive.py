"""The archive: a succeeded file is moved once, over nothing, and whole, whenever its worker dies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import app
from tests.faults.dying import calls_of, deaths, run
from tests.support.api import Api
from tests.support.builders import LANDING, s3_event
from tests.support.lanes.replays import replay
from tests.support.lanes.runs import deliver, end, reconcile
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
LARGE = b"x" * 5000  # too much to be put, so it is copied


@pytest.fixture
def archiving(world: World, environ: Any) -> World:
    """Return the landing lane with an archive."""
    environ(ARCHIVE_PREFIX="archive")
    return world


def _started(world: World, body: bytes) -> str:
    return str(world.land(CUSTOMERS, body, ContentType="text/csv", Metadata={"by": "crm"})["execution"])


def test_a_succeeded_file_is_moved_by_its_day_with_all_that_it_has(archiving: World) -> None:
    deliver(end(_started(archiving, b"id\n1\n")))
    row = archiving.row(CUSTOMERS)
    moved_to = f"archive/{row['timestamp'][:10]}/customers.csv"
    assert (row["status"], row["moved_to"], "retry" in row) == ("succeeded", moved_to, False)
    assert archiving.keys("data/") == []
    assert archiving.read(moved_to) == b"id\n1\n"
    found = archiving.s3.head_object(Bucket=LANDING, Key=moved_to)
    assert (found["ContentType"], found["Metadata"]["by"]) == ("text/csv", "crm")
    assert app.object_created(s3_event(moved_to), None) == [], "the archive is ours"


def test_a_failed_file_and_one_without_an_archive_stay(world: World, environ: Any) -> None:
    deliver(end(_started(world, b"1")))
    environ(ARCHIVE_PREFIX="archive/")
    deliver(end(_started(world, b"2"), "FAILED"))
    assert world.keys("data/") == [CUSTOMERS]
    assert world.keys("archive/") == []


def test_no_other_object_is_overwritten_and_a_newer_upload_is_not_taken(archiving: World) -> None:
    first = _started(archiving, b"first")
    deliver(end(first))
    second = _started(archiving, b"second")
    deliver(end(second))
    third = _started(archiving, b"third")
    archiving.upload(CUSTOMERS, b"fourth")
    deliver(end(third))
    bodies = sorted(archiving.read(key) for key in archiving.keys("archive/"))
    assert bodies == [b"first", b"second"]
    assert archiving.read(CUSTOMERS) == b"fourth"
    assert [row["status"] for row in archiving.rows(CUSTOMERS)] == ["succeeded"] * 3


@pytest.mark.parametrize("finished_by", ["its event", "reconcile"])
def test_wherever_its_worker_dies_the_file_is_archived_once(
    archiving: World, later: Any, finished_by: str
) -> None:
    later(timedelta(0))
    event = end(_started(archiving, LARGE + b"0"))
    calls = calls_of(lambda: deliver(event))
    for number, death in enumerate(deaths(calls), start=1):
        body = LARGE + f"{number}".encode()
        event = end(_started(archiving, body))
        run(lambda event=event: deliver(event), death)  # type: ignore[misc]
        if finished_by == "its event":
            deliver(event)
        else:
            later(number * timedelta(minutes=10))
            for _ in range(2):
                reconcile()
        (row,) = [row for row in archiving.rows() if row["execution"] == event["detail"]["name"]]
        assert (row["status"], "retry" in row) == ("succeeded", False), death
        assert archiving.keys("data/") == [], death
        assert archiving.read(row["moved_to"]) == body, death
        assert len(archiving.keys("archive/")) == number + 1, death


def test_an_archived_file_is_settled(archiving: World, later: Any, operator: Api) -> None:
    etag = archiving.upload(CUSTOMERS)
    name = archiving.deliver(CUSTOMERS, etag)["execution"]
    deliver(end(name))
    before = archiving.row(CUSTOMERS)
    later(timedelta(hours=1))
    assert reconcile() == {}
    assert archiving.deliver(CUSTOMERS, etag)["status"] == "succeeded", "a late event of the upload"
    assert archiving.row(CUSTOMERS) == before
    assert replay(operator, keys=[CUSTOMERS])[0]["action"] == "none"
    assert operator.get("/file", key=CUSTOMERS).body["items"][0]["moved_to"] == before["moved_to"]
