"""How a manifest's Glue run ended comes into its record once, and another run can be started."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

from chalicelib.actions.replay_manifest import ManifestRuns, replay_manifest
from chalicelib.actions.requests import read_replay
from chalicelib.api.http_request import Operator
from chalicelib.ndjson.lane import Ndjson
from chalicelib.runs import manifest_runs
from chalicelib.runs.manifest_runs import ask_glue, glue_run_changed
from tests.faults.dying import Call, Death, Fault, Moment, Send, calls_of, deaths, run
from tests.support.aws_calls import failing
from tests.support.lanes.glue_runs import JOB, end_glue_run, glue_event, run_ids, try_again
from tests.support.lanes.ndjson import (
    MB,
    Clock,
    create_glue_job,
    deliver,
    imbalance,
    items,
    lane_with,
    repair,
    unseen,
)
from tests.support.world import World

OPERATOR = Operator("operator", "192.0.2.1")


@pytest.fixture
def clock(world: World) -> Clock:
    create_glue_job(JOB)
    return Clock()


@pytest.fixture
def lane(clock: Clock) -> Ndjson:
    return lane_with(clock, NDJSON_CONTENT_CHECK="false", MAX_BATCH_SIZE_GB="0.029296875", GLUE_JOB_NAME=JOB)


@pytest.fixture
def run_id(lane: Ndjson) -> str:
    """Fill a batch; return the id of its Glue run."""
    deliver(lane, *_files(0))
    (found,) = run_ids()
    return found


def _files(batch: int) -> list[dict[str, Any]]:
    return [unseen(f"{batch}-{number}", 10 * MB) for number in range(3)]


def _record() -> dict[str, Any]:
    (record,) = items("MANIFEST#")
    return record


def _told(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["status"], record.get("run_status"), record.get("run_error")


def _replay(lane: Ndjson, *, force: bool = False, dry_run: bool = False) -> dict[str, Any]:
    request = dataclasses.replace(read_replay({"keys": ["k"]}, ""), force=force, dry_run=dry_run)
    runs = ManifestRuns(lane.records, JOB, lane.clock)
    return replay_manifest(runs, _record()["file_name"], request, OPERATOR) or {}


def test_a_run_that_succeeds_is_told_by_its_manifest(lane: Ndjson, run_id: str, world: World) -> None:
    answer = glue_run_changed(lane, end_glue_run(run_id))
    record = _record()
    assert answer == {"manifest_key": record["file_name"], "status": "SUCCEEDED", "job_run_id": run_id}
    assert _told(record) == ("done", "SUCCEEDED", None)
    assert (items("RUN#"), world.alerts()) == ([], [])


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR"])
def test_a_run_that_fails_is_alerted_once(lane: Ndjson, run_id: str, world: World, state: str) -> None:
    event = end_glue_run(run_id, state, "column id is missing")
    for _ in range(3):
        glue_run_changed(lane, event)
    ask_glue(lane, lambda: True)
    assert _told(_record()) == ("done", state, "column id is missing")
    (alert,) = world.alerts()
    assert alert["Subject"] == "Glue Run Failed"
    for part in (_record()["file_name"], run_id, state, "column id is missing"):
        assert part in alert["Message"]


def test_an_end_that_no_event_told_is_asked_for(lane: Ndjson, run_id: str, world: World) -> None:
    end_glue_run(run_id, "RUNNING")
    assert ask_glue(lane, lambda: True)["ended"] == 0
    end_glue_run(run_id, "FAILED", "why")
    assert ask_glue(lane, lambda: True) == {"asked": 1, "ended": 1, "errors": 0, "unfinished": 0}
    assert _told(_record()) == ("done", "FAILED", "why")
    assert len(world.alerts()) == 1
    assert [call.operation for call in calls_of(lambda: ask_glue(lane, lambda: True))] == ["GetItem", "Query"]


def test_an_alert_that_sns_refused_is_sent_by_reconcile_for_a_day(
    lane: Ndjson, run_id: str, clock: Clock, world: World
) -> None:
    with failing("Publish", "Throttling"):
        glue_run_changed(lane, end_glue_run(run_id, "FAILED", "why"))
    assert (len(items("RUN#")), "run_alerted" in _record()) == (1, False)
    ask_glue(lane, lambda: True)
    assert (len(world.alerts()), items("RUN#"), "run_alerted" in _record()) == (1, [], True)
    deliver(lane, *_files(1))
    (second,) = {*run_ids()} - {run_id}
    end_glue_run(second, "FAILED", "why")
    clock.now = datetime.now(UTC) + timedelta(days=2)
    with failing("Publish", "AuthorizationError"):
        ask_glue(lane, lambda: True)
    assert (len(world.alerts()), items("RUN#")) == (1, [])


def test_an_event_before_its_record_is_delivered_again(lane: Ndjson, clock: Clock) -> None:
    run(lambda: deliver(lane, *_files(0)), _dying_at_the_start(Moment.AFTER))
    (started,) = run_ids()
    event = end_glue_run(started, "FAILED", "why")
    with pytest.raises(LookupError, match="deliver its event again"):
        glue_run_changed(lane, event)
    clock.turn(301)
    repair(lane)
    ask_glue(lane, lambda: True)
    assert glue_run_changed(lane, event)["status"] == "FAILED"
    assert (_told(_record()), run_ids()) == (("done", "FAILED", "why"), [started])


def test_a_failed_run_is_started_again_once(lane: Ndjson, run_id: str, clock: Clock) -> None:
    failed = end_glue_run(run_id, "FAILED", "why")
    assert _replay(lane)["action"] == "none", "its end is not known yet"
    glue_run_changed(lane, failed)
    assert _replay(lane, dry_run=True)["action"] == "start_again"
    assert _replay(lane)["action"] == "start_again"
    assert _replay(lane)["action"] == "none"
    assert glue_run_changed(lane, failed) == {"ignored": "earlier_attempt"}
    clock.turn(301)
    assert [repair(lane)["finished"], repair(lane)["finished"]] == [1, 0]
    first, second = run_ids()
    record = _record()
    assert (first, record["job_run_id"], record["status"]) == (run_id, second, "done")
    assert [(one["job_run_id"], one["run_error"]) for one in record["runs"]] == [(run_id, "why")]
    assert "run_status" not in record
    assert glue_run_changed(lane, failed) == {"ignored": "earlier_attempt"}
    glue_run_changed(lane, end_glue_run(second))
    assert (_told(_record()), imbalance()) == (("done", "SUCCEEDED", None), [])
    assert _replay(lane)["action"] == "none"
    assert _replay(lane, force=True)["action"] == "start_again"


def _dying_at_the_start(moment: Moment) -> Fault:
    def dies(call: Call, send: Send) -> Any:
        return Death(call.number, moment)(call, send) if call.operation == "StartJobRun" else send()

    return dies


@pytest.mark.parametrize("moment", Moment)
def test_a_restart_that_died_is_finished_by_one_run_of_its_own(
    lane: Ndjson, run_id: str, clock: Clock, moment: Moment
) -> None:
    glue_run_changed(lane, end_glue_run(run_id, "FAILED"))
    _replay(lane)
    clock.turn(301)
    assert run(lambda: repair(lane), _dying_at_the_start(moment))
    clock.turn(301)
    repair(lane)
    first, second = run_ids()
    assert (first, _record()["job_run_id"], _record()["status"]) == (run_id, second, "done")


def test_a_retry_of_glue_itself_has_the_last_word(lane: Ndjson, run_id: str, world: World) -> None:
    failed = end_glue_run(run_id, "FAILED", "first")
    glue_run_changed(lane, failed)
    second = try_again(run_id, 1)
    glue_run_changed(lane, end_glue_run(second))
    glue_run_changed(lane, failed)
    assert _told(_record()) == ("done", "SUCCEEDED", None)
    assert len(world.alerts()) == 1


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, "unreadable"),
        ({"detail": {"jobRunId": 1}}, "unreadable"),
        (glue_event("jr_1", "FAILED", job="other"), "other_glue_job"),
        (glue_event("jr_1", "RUNNING"), "not_a_final_status"),
        (glue_event("jr_1", ["FAILED"]), "not_a_final_status"),
    ],
)
def test_events_of_others_ask_for_nothing(lane: Ndjson, event: Any, reason: str) -> None:
    answers: list[Any] = []
    assert calls_of(lambda: answers.append(glue_run_changed(lane, event))) == []
    assert answers == [{"ignored": reason}]


@pytest.mark.parametrize(
    "arguments",
    [{}, {"--manifest_path": "s3://elsewhere/manifests/2026-01-15/batch-0-x.json"},
     {"--manifest_path": "s3://sluice-local-artifacts/manifests/2026-01-15/none.json"}],
)  # fmt: skip
def test_runs_started_by_hand_are_not_ours(lane: Ndjson, arguments: dict[str, str]) -> None:
    by_hand = boto3.client("glue").start_job_run(JobName=JOB, Arguments=arguments)["JobRunId"]
    assert glue_run_changed(lane, end_glue_run(by_hand, "FAILED")) == {"ignored": "not_started_by_sluice"}


def test_a_run_by_hand_of_a_manifest_of_ours_changes_nothing(lane: Ndjson, run_id: str) -> None:
    path = boto3.client("glue").get_job_run(JobName=JOB, RunId=run_id)["JobRun"]["Arguments"]
    by_hand = boto3.client("glue").start_job_run(JobName=JOB, Arguments=path)["JobRunId"]
    assert glue_run_changed(lane, end_glue_run(by_hand, "FAILED")) == {"ignored": "not_started_by_sluice"}
    assert "run_status" not in _record()


def test_a_run_that_glue_forgot_is_told_a_day_later(lane: Ndjson, clock: Clock, world: World) -> None:
    def forgotten(call: Call, send: Send) -> Any:
        answer = send()
        return {**answer, "JobRunId": "jr_forgotten"} if call.operation == "StartJobRun" else answer

    run(lambda: deliver(lane, *_files(0)), forgotten)
    assert ask_glue(lane, lambda: True)["ended"] == 0
    clock.turn(90_000)
    assert ask_glue(lane, lambda: True)["ended"] == 1
    assert _told(_record()) == ("done", "UNKNOWN", manifest_runs.FORGOTTEN)
    assert (len(world.alerts()), items("RUN#")) == (1, [])
    assert _replay(lane)["action"] == "start_again"


def test_asking_goes_on_where_it_stopped(lane: Ndjson, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for batch in range(3):
        deliver(lane, *_files(batch))
    for one in run_ids():
        end_glue_run(one, "RUNNING")
    monkeypatch.setattr(manifest_runs, "ASKED_OF_ONE_RUN", 2)
    asked: Counter[str] = Counter()
    for _ in range(4):
        calls = calls_of(lambda: ask_glue(lane, lambda: True))
        found = [call.parameters["RunId"] for call in calls if call.operation == "GetJobRun"]
        assert len(found) <= 2
        asked.update(found)
    assert asked == Counter(dict.fromkeys(run_ids(), 2))


def test_death_at_each_call_of_an_end_leaves_it_to_be_recorded(lane: Ndjson, world: World) -> None:
    deliver(lane, *_files(100))
    event = end_glue_run(run_ids()[0], "FAILED", "why")
    calls = calls_of(lambda: glue_run_changed(lane, event))
    alert = next(call.number for call in calls if call.operation == "Publish")
    between = {(alert, Moment.AFTER), (alert + 1, Moment.BEFORE)}
    for batch, death in enumerate(deaths(calls)):
        known, alerts = {*run_ids()}, len(world.alerts())
        deliver(lane, *_files(batch))
        (new,) = {*run_ids()} - known
        event = end_glue_run(new, "FAILED", "why")
        assert run(partial(glue_run_changed, lane, event), death)
        ask_glue(lane, lambda: True)
        (record,) = [record for record in items("MANIFEST#") if record["job_run_id"] == new]
        assert _told(record) == ("done", "FAILED", "why")
        assert len(world.alerts()) - alerts == 1 + ((death.number, death.moment) in between), death
    assert items("RUN#") == []
