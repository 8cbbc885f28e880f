"""The landing lane dies before and after each AWS call; repeats and reconcile bring the one outcome."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from tests.faults.dying import Failure, Fault, Moment, calls_of, deaths, run
from tests.support.builders import LANDING, job, s3_event
from tests.support.world import World

JOBS = [
    job(source_file_name="active_*.csv"),
    job(job_id="off", source_file_name="idle_*.csv", is_active=False),
]
LARGE = b"0123456789" * 1000  # more than a preview reads: copied by the server, not put
CASES = {
    "active": ("data/in/active_{}.csv", b"1", "triggered"),
    "idle": ("data/in/idle_{}.csv", b"2", "inactive"),
    "small": ("data/in/mystery_{}.csv", b"3", "not_configured"),
    "empty": ("data/in/empty_{}.csv", b"", "not_configured"),
    "large": ("data/in/mystery_{}.bin", LARGE, "not_configured"),
    "elsewhere": ("notes/{}.txt", b"4", "received"),
}
TRANSIENT = ["ThrottlingException", "InternalError", "SlowDown", "RequestTimeout"]


def _redeliver(key: str, etag: str, later: Any) -> None:
    for _ in range(2):  # Lambda repeats an asynchronous event twice
        app.object_created(s3_event(key, etag=etag), None)


def _reconcile(key: str, etag: str, later: Any) -> None:
    later(timedelta(minutes=10))
    for _ in range(2):
        app.reconcile({}, None)
    later(timedelta(0))


def _check(world: World, key: str, body: bytes, status: str) -> None:
    row = world.row(key)
    assert (row["status"], row.get("retry")) == (status, None)
    executions = [each for each in world.executions() if each["key"] == key]
    assert len(executions) == (status == "triggered")
    name = key.rpartition("/")[2]
    parked = [found for found in world.keys("data/new_files/") if found.endswith(name)]
    assert parked == ([row["moved_to"]] if status == "not_configured" else [])
    holder = row.get("moved_to", key)
    assert world.read(holder) == body
    assert (bool(world.keys(key))) == (status != "not_configured")


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def say(line: str) -> None:
        with capsys.disabled():
            print(line)  # noqa: T201 - the number of cases is part of what this test reports

    return say


# reconcile routes what lies under INPUT_PREFIX; a lost event of an object elsewhere leaves no trace to find
COMBINATIONS = [(case, _redeliver) for case in CASES]
COMBINATIONS += [(case, _reconcile) for case in CASES if case != "elsewhere"]


@pytest.mark.parametrize(("case", "finish"), COMBINATIONS)
def test_whichever_call_it_dies_at_the_upload_has_its_one_outcome(
    world: World, later: Any, tell: Any, case: str, finish: Callable[[str, str, Any], None]
) -> None:
    pattern, body, status = CASES[case]
    world.configure(JOBS)
    rehearsal = world.upload(pattern.format("rehearsal"), body)
    calls = calls_of(lambda: app.object_created(s3_event(pattern.format("rehearsal"), etag=rehearsal), None))
    faults: list[Fault] = [*deaths(calls)]
    faults += [_failure(call.number, moment) for call in calls for moment in Moment]
    for number, fault in enumerate(faults):
        key = pattern.format(number)
        etag = world.upload(key, body)
        _ends_badly(lambda key=key, etag=etag: app.object_created(s3_event(key, etag=etag), None), fault)  # type: ignore[misc]
        finish(key, etag, later)
        _check(world, key, body, status)
        alert_failed = isinstance(fault, Failure) and calls[fault.number - 1].operation == "Publish"
        if status in {"not_configured", "inactive"} and not alert_failed:  # alerts are best effort
            assert any(key.rpartition("/")[2] in alert["Message"] for alert in world.alerts())
    tell(f"landing lane, {case}, {finish.__name__[1:]}: {len(faults)} cases")
    later(timedelta(minutes=10))
    _check_settled(world)


def _failure(number: int, moment: Moment) -> Failure:
    return Failure(number, TRANSIENT[number % len(TRANSIENT)], moment, http_status=503)


def _ends_badly(scenario: Callable[[], object], fault: Fault) -> None:
    with suppress(ClientError):  # a failing handler raises, which is how Lambda knows to repeat
        run(scenario, fault)


def _check_settled(world: World) -> None:
    calls = calls_of(lambda: app.reconcile({}, None))
    writes = [
        str(call)
        for call in calls
        if not call.operation.startswith(("Get", "List", "Query", "BatchGet", "Scan"))
    ]
    assert writes == [], "a settled system's reconcile writes nothing"
    assert world.s3.list_objects_v2(Bucket=LANDING, Prefix="data/in/mystery").get("KeyCount") == 0
