"""What is remembered of an expected file: the latest arrival, and only what was written on what was read."""

from __future__ import annotations

import boto3
import pytest

from chalicelib.aws.expected_files import ArrivalLog, ExpectedFiles, ExpectedReader
from tests.support.lanes.ndjson import TABLE

JOB = "J1"
EARLY, LATE = "2026-01-12T05:00:00Z", "2026-01-12T06:00:00Z"


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("arrivals", [(EARLY, LATE), (LATE, EARLY), (EARLY, LATE, LATE)])
def test_in_whatever_order_arrivals_are_noted_the_latest_stays(arrivals: tuple[str, ...]) -> None:
    log = ArrivalLog(boto3.client("dynamodb"), TABLE)
    for arrival in arrivals:
        log.note(JOB, arrival)
    assert _remembered()["last_arrival"] == LATE


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("revision", [0, 1])
def test_of_two_that_settle_what_they_read_the_second_writes_nothing(revision: int) -> None:
    files = ExpectedFiles(boto3.client("dynamodb"), TABLE)
    for before in range(revision):
        assert files.settle(JOB, {"state": "due"}, before)
    assert files.settle(JOB, {"state": "late", "telling": "mine"}, revision)
    assert not files.settle(JOB, {"state": "met", "telling": "theirs"}, revision)
    assert _remembered() == _remembered() | {"state": "late", "telling": "mine", "revision": revision + 1}


def _remembered() -> dict[str, object]:
    return ExpectedReader(boto3.client("dynamodb"), TABLE).read()[JOB]
