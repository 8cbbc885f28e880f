"""How an execution ended comes into its upload's row once, in whatever order and number the events come."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app
from tests.faults.dying import calls_of, deaths, run
from tests.support.lanes.runs import deliver, end, told
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
BETWEEN = (("after", 0), ("before", 1))  # where a process dies that has alerted and not noted it yet


def _started(world: World, body: bytes = b"id\n1\n") -> str:
    return str(world.land(CUSTOMERS, body)["execution"])


def test_a_job_that_succeeds_ends_its_file_s_story(world: World) -> None:
    name = _started(world)
    event = end(name)
    assert deliver(event) == {"key": CUSTOMERS, "status": "succeeded", "execution": name}
    row = world.row(CUSTOMERS)
    assert (row["status"], row["run_status"], row["execution"]) == ("succeeded", "SUCCEEDED", name)
    assert row["status_timestamp"] == f"succeeded#{row['timestamp']}"
    assert row["run_stopped_at"].endswith("Z")
    assert not {"run_error", "run_cause", "reason", "retry"} & row.keys()
    assert world.alerts() == []


def test_a_job_that_fails_tells_why_and_is_alerted_once(world: World) -> None:
    name = _started(world)
    event = end(name, "FAILED", "GlueJobFailed", "column id is missing")
    for _ in range(3):
        assert deliver(event)["status"] == "job_failed"
    row = world.row(CUSTOMERS)
    assert (row["run_status"], row["run_error"], row["run_cause"]) == (
        "FAILED",
        "GlueJobFailed",
        "column id is missing",
    )
    assert row["reason"] == "FAILED: GlueJobFailed: column id is missing"
    assert "retry" not in row
    (alert,) = world.alerts()
    assert alert["Subject"] == "Job Failed"
    for part in (CUSTOMERS, "JOB001", name, "GlueJobFailed", "column id is missing"):
        assert part in alert["Message"]


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED"])
def test_an_end_without_a_reason_is_told_by_its_status(world: World, status: str) -> None:
    deliver(end(_started(world), status))
    row = world.row(CUSTOMERS)
    assert (row["status"], row["run_status"], row["run_error"]) == ("job_failed", status, "unknown")
    assert row["reason"] == f"{status}: unknown"


def test_a_cause_of_any_length_is_cut(world: World) -> None:
    deliver(end(_started(world), "FAILED", "E", "long " * 6000))
    row = world.row(CUSTOMERS)
    assert len(row["run_cause"]) == len(row["reason"]) == 1000


def test_a_glue_job_s_own_message_is_found_in_a_cause_of_any_length(world: World) -> None:
    run = {"Arguments": {"--x": "y" * 2000}, "ErrorMessage": "no id", "Id": "jr_1", "JobName": "load"}
    shown = {
        json.dumps(run): "no id (Glue job load, run jr_1)",
        '{"ErrorMessage": ""}': '{"ErrorMessage": ""}',
        '["ErrorMessage"]': '["ErrorMessage"]',
        "[" * 50_000: "[" * 1000,
    }
    for number, cause in enumerate(shown):
        event = end(_started(world, f"{number}".encode()), "FAILED")
        event["detail"] |= {"error": "States.TaskFailed", "cause": cause}
        deliver(event)
    assert {row["run_cause"] for row in world.rows(CUSTOMERS)} == {*shown.values()}


def test_error_and_cause_of_the_event_are_taken_without_asking(world: World) -> None:
    event = end(_started(world), "FAILED", "asked", "asked")
    event["detail"] |= {"error": "told", "cause": None}
    deliver(event)
    assert (world.row(CUSTOMERS)["run_error"], world.row(CUSTOMERS)["run_cause"]) == ("told", "")


def test_an_event_before_its_row_fails_and_succeeds_when_it_comes_again(world: World) -> None:
    name = _started(world)
    world.forget_rows()
    event = end(name)
    with pytest.raises(LookupError, match="is to be delivered again"):
        deliver(event)
    assert world.rows() == []
    world.deliver(CUSTOMERS)
    deliver(event)
    assert world.row(CUSTOMERS)["status"] == "succeeded"


def test_a_repeat_of_the_upload_s_event_undoes_no_end(world: World, later: Any) -> None:
    for status, outcome in (("SUCCEEDED", "succeeded"), ("FAILED", "job_failed")):
        name = _started(world, status.encode())
        deliver(end(name, status))
        assert world.deliver(CUSTOMERS)["status"] == outcome
        (row,) = [row for row in world.rows(CUSTOMERS) if row["execution"] == name]
        assert row["status"] == outcome
    assert len(world.executions()) == 2


def test_a_newer_upload_of_the_key_has_an_end_of_its_own(world: World) -> None:
    older, newer = _started(world, b"1"), _started(world, b"2")
    deliver(end(newer, "FAILED"))
    deliver(end(older))
    ends = {row["execution"]: row["status"] for row in world.rows(CUSTOMERS)}
    assert ends == {older: "succeeded", newer: "job_failed"}


def test_a_failed_execution_that_was_redriven_ends_again(world: World) -> None:
    name = _started(world)
    failed = end(name, "FAILED", "E", "first")
    failed["detail"]["stopDate"] -= 60_000
    deliver(failed)
    deliver(end(name))
    row = world.row(CUSTOMERS)
    assert (row["status"], row["run_status"]) == ("succeeded", "SUCCEEDED")
    assert not {"run_error", "run_cause", "reason", "retry", "run_alerted"} & row.keys()
    deliver(failed)
    assert world.row(CUSTOMERS) == row, "the earlier failure comes late"


def _foreign(detail: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"source": "aws.states", "detail": detail | changes}


OTHER = "arn:aws:states:us-east-1:123456789012:stateMachine:other"
NOT_OURS: list[tuple[dict[str, Any], str]] = [
    ({"stateMachineArn": OTHER}, "other_machine"),
    ({"status": "RUNNING"}, "not_a_final_status"),
    ({"status": "PENDING_REDRIVE"}, "not_a_final_status"),
    ({"status": [7]}, "not_a_final_status"),
    ({"input": None, "inputDetails": {"included": False}}, "input_not_included"),
    ({"input": "{}"}, "not_started_by_sluice"),
    ({"input": "[" * 50_000}, "not_started_by_sluice"),
    ({"input": '{"bucket": 1, "key": "k", "etag": "e"}'}, "not_started_by_sluice"),
    ({"name": "by-hand"}, "not_started_by_sluice"),
    ({"name": "run-x-20261399999999-00000000"}, "not_started_by_sluice"),
    ({"name": None}, "unreadable"),
    ({"stopDate": None}, "unreadable"),
    ({"stopDate": 1e30}, "unreadable"),
]

UNREADABLE: list[Any] = [None, [], "text", {}, {"detail": []}, {"detail": None}]


def test_what_sluice_did_not_start_or_cannot_read_is_ignored(world: World) -> None:
    name = _started(world)
    end(name)
    for changes, why in NOT_OURS:
        assert deliver(_foreign(told(name)["detail"], **changes)) == {"ignored": why}, changes
    for payload in UNREADABLE:
        assert app.execution_changed(payload, None) == {"ignored": "unreadable"}
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_an_execution_of_another_upload_by_the_same_name_is_not_believed(world: World) -> None:
    name = _started(world)
    event = end(name)
    forged = event["detail"]["input"].replace(CUSTOMERS, "data/in/other/customers.csv")
    assert deliver(_foreign(event["detail"], input=forged)) == {"ignored": "not_started_by_sluice"}


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_wherever_the_handler_dies_the_event_s_return_ends_the_file_once(world: World, status: str) -> None:
    event = end(_started(world, b"0"), status)
    calls = calls_of(lambda: deliver(event))
    published = [call.number for call in calls if call.operation == "Publish"]
    told_twice = [f"dies {moment} call {number + at}" for number in published for moment, at in BETWEEN]
    for number, death in enumerate(deaths(calls), start=1):
        world.alerts()
        world.forget_alerts()
        event = end(_started(world, f"{number}".encode()), status)
        run(lambda event=event: deliver(event), death)  # type: ignore[misc]
        deliver(event)
        (row,) = [row for row in world.rows(CUSTOMERS) if row["execution"] == event["detail"]["name"]]
        assert row["run_status"] == status, death
        assert "retry" not in row, death
        assert len(world.alerts()) == len(published) + (str(death) in told_twice), death
