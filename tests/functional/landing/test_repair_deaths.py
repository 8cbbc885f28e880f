"""Reconcile and a file that ends its worker: the others are repaired, and its row says what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.landing.outcomes import MAX_ATTEMPTS
from tests.faults.dying import Call, Process, ProcessDied, Send, run, running
from tests.support.aws_calls import failing
from tests.support.builders import NDJSON
from tests.support.lanes import ndjson
from tests.support.lanes.scans import pages_of
from tests.support.reset import date_object
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
HUGE = "data/in/a_huge.bin"  # listed before the others
BODY = b"x" * 5000  # too much to be put, so it is copied
GRACE = timedelta(minutes=10)


def _never_copied(call: Call, send: Send) -> Any:
    """Stand for a copy that takes longer than the function may run."""
    if call.operation == "UploadPartCopy":
        raise ProcessDied(str(call))
    return send()


def _run(later: Any, number: int) -> None:
    later(number * GRACE)
    run(lambda: app.reconcile({}, None), _never_copied)


def test_a_listed_file_that_ends_its_worker_does_not_keep_the_others_back(world: World, later: Any) -> None:
    world.upload(HUGE, BODY)
    world.upload(CUSTOMERS)
    _run(later, 1)
    row = world.row(HUGE)
    assert (row["status"], row["attempts"], row["retry"]) == ("failed", 1, "1")
    assert row["reason"] == (
        "no event routed it; an attempt was begun and not finished: its worker died or ran out of time"
    )
    later(GRACE)  # Lambda's own repeat of the run, within the grace of what has just been tried
    run(lambda: app.reconcile({}, None), _never_copied)
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_a_file_that_always_ends_its_worker_is_left_for_a_replay(world: World, later: Any) -> None:
    world.upload(HUGE, BODY)
    for number in range(MAX_ATTEMPTS + 2):
        _run(later, number + 1)
    row = world.row(HUGE)
    assert (row["status"], row["attempts"], row.get("retry")) == ("failed", MAX_ATTEMPTS, None)
    assert "not finished" in row["reason"]
    assert world.keys("data/") == [HUGE]


def test_a_failed_file_that_ends_its_worker_is_tried_after_the_others(world: World, later: Any) -> None:
    for key, operation in ((HUGE, "CreateMultipartUpload"), (CUSTOMERS, "StartExecution")):
        world.upload(key, BODY)
        with failing(operation, "Refused"), pytest.raises(ClientError):
            world.deliver(key)
    for number in (1, 2):
        _run(later, number)
    assert (world.row(HUGE)["status"], world.row(CUSTOMERS)["status"]) == ("failed", "triggered")
    assert world.row(HUGE)["reason"].startswith("ClientError: An error occurred (Refused)")
    assert (world.row(HUGE)["reason"].count("not finished"), world.row(HUGE)["attempts"]) == (1, 3)
    assert app.reconcile({}, None)["landing"]["retried"] == 0, "within the grace"
    later(4 * GRACE)
    assert app.reconcile({}, None)["landing"]["retried"] == 1
    assert world.row(HUGE)["status"] == "not_configured"


@pytest.fixture
def lost_ndjson(world: World) -> str:
    """Return the key of an NDJSON file whose event never came."""
    key = f"in/{ndjson.DATE}/lost.ndjson"
    world.s3.put_object(Bucket=NDJSON, Key=key, Body=ndjson.LINES * 20_000)
    date_object(NDJSON, key, datetime.now(UTC) - GRACE)
    return key


def test_a_file_that_ends_its_worker_does_not_keep_ndjson_files_back(
    world: World, later: Any, lost_ndjson: str
) -> None:
    world.upload(HUGE, BODY)
    _run(later, 1)
    assert [row["file_path"] for row in ndjson.rows()] == [f"s3://{NDJSON}/{lost_ndjson}"]


class Elapsing:
    """A Lambda context whose time is up after so many looks at it."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    def get_remaining_time_in_millis(self) -> int:
        """Return plenty of time, and none from then on."""
        self._looks -= 1
        return 60_000 if self._looks >= 0 else 0


def test_a_landing_bucket_that_takes_all_time_does_not_keep_ndjson_files_back(
    world: World, later: Any, lost_ndjson: str
) -> None:
    for number in range(6):
        world.upload(f"data/in/{number}/customers.csv")
    later(GRACE)
    with running(Process(pages_of(2))):
        counts = app.reconcile({}, Elapsing(4))
    assert (counts["arrivals"]["tracked"], counts["landing"]["unfinished"]) == (1, 1)
    assert len(ndjson.rows()) == 1, lost_ndjson
