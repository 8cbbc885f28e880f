"""Old files whose keys have no date, on a first deploy: each is looked at once, in any number of runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier
from typing import Any

import boto3
import pytest

from chalicelib.ndjson import repair_arrivals
from tests.faults.dying import Call, Process, ProcessDied, Send, running
from tests.support.aws_calls import recorded
from tests.support.builders import NDJSON
from tests.support.lanes.ndjson import LINES, Clock, items, lane_with, rows
from tests.support.lanes.scans import pages_of
from tests.support.reset import date_object

AS_MANY_AS_RUN = 8
KEYS = [f"in/{number:02}.ndjson" for number in range(8)]


@pytest.fixture(autouse=True)
def _old_files(aws: None) -> None:
    for key in KEYS:
        boto3.client("s3").put_object(Bucket=NDJSON, Key=key, Body=LINES)
        date_object(NDJSON, key, Clock().now - timedelta(hours=13))


def _run(has_time: Callable[[], bool] = lambda: True) -> dict[str, int]:
    """Run the repair in a process of its own: it knows nothing of the runs before."""
    return repair_arrivals.repair_arrivals(lane_with(Clock()), has_time)


def test_they_are_looked_at_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(AS_MANY_AS_RUN)  # one by one, the first would wait in vain
    look = repair_arrivals._looked_at

    def looked_at(*about: Any) -> Any:
        together.wait(timeout=10)
        return look(*about)

    monkeypatch.setattr(repair_arrivals, "_looked_at", looked_at)
    assert _run() == {"tracked": 0, "undated": 8, "errors": 0, "unfinished": 0}


def test_a_run_whose_time_is_up_looks_at_no_more_and_the_next_goes_on_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repair_arrivals, "LOOKED_AT_ONCE", 2)
    looked = list[str]()

    def heads(call: Call, send: Send) -> Any:
        if call.operation == "HeadObject":
            looked.append(call.parameters["Key"])
        return pages_of(4)(call, send)

    with running(Process(heads)):
        first = _run(iter([True, True, True, True, True, False]).__next__)  # a page, half of the next one
        assert (first["undated"], first["unfinished"]) == (4, 1)
        assert [one["after"] for one in items("CURSOR#")] == [KEYS[3]]
        assert sorted(looked) == KEYS[:6]
        looked.clear()
        assert _run() == {"tracked": 0, "undated": 4, "errors": 0, "unfinished": 0}
    assert sorted(looked) == KEYS[4:]
    assert (items("CURSOR#"), rows()) == ([], [])


def test_a_run_that_is_killed_has_kept_its_place_at_every_page() -> None:
    def dies_in_the_third_page(call: Call, send: Send) -> Any:
        if call.operation == "HeadObject" and call.parameters["Key"] in KEYS[4:]:
            raise ProcessDied(str(call))
        return pages_of(2)(call, send)

    with running(Process(dies_in_the_third_page)), pytest.raises(ProcessDied):
        _run()
    with recorded() as calls:
        assert _run()["undated"] == 4
    looked = [parameters["Key"] for operation, parameters in calls if operation == "HeadObject"]
    assert sorted(looked) == KEYS[4:]
