"""Each repair of reconcile: what was to do it is taken away, then it is done, told, and not done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import app
from chalicelib import logs, reconcile
from chalicelib.aws import settled_rows
from chalicelib.landing import repair
from chalicelib.landing.outcomes import look_at_config
from tests.faults.dying import Call, Fault, ProcessDied, Send, calls_of, run
from tests.support.aws_calls import failing
from tests.support.builders import LANDING, s3_event
from tests.support.lanes import ndjson
from tests.support.lanes.scans import LambdaContext
from tests.support.world import World

CUSTOMERS, MYSTERY = "data/in/customers.csv", "data/in/mystery.csv"
GLUE_JOB = "load-batches"
BODY = b'{"a": 1}\n'
SETTINGS = {
    "EXPECTED_FILE_SIZE_MB": "0.001",
    "SIZE_TOLERANCE_PERCENT": "100",
    "MAX_BATCH_SIZE_GB": f"{2 * len(BODY) / 1024**3:.12f}",
    "GLUE_JOB_NAME": GLUE_JOB,
}
READS = ("Get", "Batch", "Describe", "List", "Query", "Scan")


@dataclass
class Time:
    """How far Sluice's clocks are ahead of the machine's."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock(world: World, environ: Any, monkeypatch: pytest.MonkeyPatch) -> Time:
    """Return the clock of every lane; NDJSON batches hold two files, and Glue reads them."""
    environ(GLUE_JOB_NAME=GLUE_JOB, LOG_LEVEL="INFO")
    clock = Time()
    ndjson.create_glue_job(GLUE_JOB)
    lane = ndjson.lane_with(clock, **SETTINGS)
    monkeypatch.setattr(app, "ndjson", lambda: lane)
    return clock


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return a function that returns what was logged since."""
    before = logs.log.level
    logs.configure("INFO", "local")
    logs.log.setLevel("INFO")
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logs.log.setLevel(before)


def _dies_at(operation: str, number: int = 1) -> Fault:
    left = [number]

    def fault(call: Call, send: Send) -> Any:
        left[0] -= call.operation == operation
        if left[0] == 0 and call.operation == operation:
            raise ProcessDied(str(call))
        return send()

    return fault


def _files(count: int) -> list[Any]:
    keys = [f"in/{ndjson.DATE}/{number}.ndjson" for number in range(count)]
    return [ndjson.upload(key, body=BODY, size=len(BODY)) for key in keys]


def _arrive(records: list[Any], fault: Fault) -> None:
    (event,) = ndjson.messages(*records)
    run(lambda: app.ndjson_arrived(event, None), fault)


def no_event(world: World) -> None:
    world.upload(CUSTOMERS)


def the_mover_died(world: World) -> None:
    etag = world.upload(MYSTERY)
    run(lambda: app.object_created(s3_event(MYSTERY, etag=etag), None), _dies_at("DeleteObject"))
    assert world.s3.head_object(Bucket=LANDING, Key=MYSTERY)


def the_start_failed(world: World) -> None:
    etag = world.upload(CUSTOMERS)
    with failing("StartExecution", "ThrottlingException"), pytest.raises(ClientError):
        world.deliver(CUSTOMERS, etag)


def no_message(_world: World) -> None:
    _files(1)


def one_file_waits(_world: World) -> None:
    _arrive(_files(1), lambda _, send: send())


def the_counter_was_not_reached(_world: World) -> None:
    _arrive(_files(2), _dies_at("UpdateItem"))


def the_claimer_died(_world: World) -> None:
    _arrive(_files(2), _dies_at("PutObject"))


def the_starter_died(_world: World) -> None:
    _arrive(_files(2), _dies_at("StartJobRun"))


def the_holder_died(_world: World) -> None:
    _arrive(_files(2), _dies_at("DeleteItem"))


SOON, HOURS = timedelta(minutes=10), timedelta(hours=2)
# the repair: what is left undone, whose count tells of it, and after how long
REPAIRS: dict[str, tuple[Callable[[World], None], str, str, timedelta]] = {
    "an upload without its event": (no_event, "landing", "routed", SOON),
    "a move that was not ended": (the_mover_died, "landing", "moves_finished", SOON),
    "a start that failed": (the_start_failed, "landing", "retried", SOON),
    "an NDJSON file without its event": (no_message, "arrivals", "tracked", SOON),
    "a batch that is not filled": (one_file_waits, "ndjson", "flushed", HOURS),
    "a full batch that nobody noticed": (the_counter_was_not_reached, "ndjson", "thresholds", SOON),
    "a manifest that was not written": (the_claimer_died, "ndjson", "finished", SOON),
    "a Glue run that was not started": (the_starter_died, "ndjson", "finished", SOON),
    "a lock that nobody holds": (the_holder_died, "ndjson", "locks", SOON),
}


# what tells of the repair afterwards; an ended move and a lock that is gone leave nothing to write into
ROWS: dict[str, Callable[[World], dict[str, Any]]] = {
    "an upload without its event": lambda world: world.row(CUSTOMERS),
    "a start that failed": lambda world: world.row(CUSTOMERS),
    "an NDJSON file without its event": lambda _: ndjson.rows()[0],
    "a batch that is not filled": lambda _: ndjson.items("MANIFEST#")[0],
    "a full batch that nobody noticed": lambda _: ndjson.items("MANIFEST#")[0],
    "a manifest that was not written": lambda _: ndjson.items("MANIFEST#")[0],
    "a Glue run that was not started": lambda _: ndjson.items("MANIFEST#")[0],
}


@pytest.mark.parametrize("name", REPAIRS)
def test_what_was_left_undone_is_done_told_and_not_done_again(
    world: World, clock: Time, later: Any, told: Callable[[], list[dict[str, Any]]], name: str
) -> None:
    leave_undone, lane, count, after = REPAIRS[name]
    leave_undone(world)
    clock.ahead = after
    later(after)
    told()
    counts = app.reconcile({}, None)
    assert (counts[lane][count], counts[lane]["errors"]) == (1, 0)
    (metric,) = [
        line for line in told() if line["message"] == "metrics" and line["lane"] == f"reconcile_{lane}"
    ]
    assert metric[count] == 1
    if name in ROWS:
        row = ROWS[name](world)
        assert row.get("repaired_by") == "reconcile" or row["event_name"].startswith("Reconciled:")
    again = calls_of(lambda: app.reconcile({}, None))
    writes = [call for call in again if not call.operation.startswith(READS)]
    assert {call.parameters.get("Key") for call in writes} <= {settled_rows.KEY}
    then = calls_of(lambda: app.reconcile({}, None))
    assert [str(call) for call in then if not call.operation.startswith(READS)] == []


@pytest.mark.parametrize("name", REPAIRS)
def test_when_time_is_up_nothing_is_begun(world: World, clock: Time, later: Any, name: str) -> None:
    leave_undone, lane, count, after = REPAIRS[name]
    leave_undone(world)
    clock.ahead = after
    later(after)
    look_at_config(app.landing())  # the last good one is kept the first time that one is seen
    calls = calls_of(lambda: app.reconcile({}, LambdaContext(0)))
    assert [str(call) for call in calls if not call.operation.startswith(READS)] == []
    assert app.reconcile({}, None)[lane][count] == 1


def another_no_message(_world: World) -> None:
    ndjson.upload(f"in/{ndjson.DATE}/another.ndjson", body=BODY, size=len(BODY))


GREEDY = {
    "repair_batches": reconcile,
    "repair_arrivals": reconcile,
    "repair_runs": reconcile,
    "finish_recorded": repair,
    "route_missed": repair,
}


@pytest.mark.parametrize("greedy", GREEDY)
def test_a_repair_that_takes_all_it_can_leaves_every_other_its_share(
    world: World, clock: Time, later: Any, monkeypatch: pytest.MonkeyPatch, greedy: str
) -> None:
    context = LambdaContext(milliseconds=300_000)

    def take(_lane: Any, has_time: Callable[[], bool]) -> dict[str, int]:
        taken = 0
        while has_time() and taken < 300:
            context.pass_time(1_000)
            taken += 1
        assert 0 < taken < 300, "its share has an end"
        return {}

    undone = {
        "repair_batches": (one_file_waits, "ndjson", "flushed"),
        "repair_arrivals": (another_no_message, "arrivals", "tracked"),
        "finish_recorded": (the_mover_died, "landing", "moves_finished"),
        "route_missed": (no_event, "landing", "routed"),
    }
    others = [each for name, each in undone.items() if name != greedy]
    for leave_undone, _, _ in others:
        leave_undone(world)
    clock.ahead = HOURS
    later(HOURS)
    monkeypatch.setattr(GREEDY[greedy], greedy, take)
    counts = app.reconcile({}, context)
    assert [counts[lane][count] for _, lane, count in others] == [1] * len(others)


def test_a_settled_system_of_every_lane_is_only_read(world: World, clock: Time, later: Any) -> None:
    for leave_undone in (no_event, the_mover_died, no_message, one_file_waits):
        leave_undone(world)
    boto3.client("s3").put_object(Bucket=LANDING, Key="notes/x.txt", Body=b"x")
    for after in (SOON, HOURS, HOURS + SOON):
        clock.ahead = after
        later(after)
        app.reconcile({}, None)
    calls = calls_of(lambda: app.reconcile({}, None))
    assert {call.operation for call in calls if call.operation.startswith(READS)} > {"Scan", "ListObjectsV2"}
    assert [str(call) for call in calls if not call.operation.startswith(READS)] == []


@pytest.mark.parametrize(
    ("operation", "lane", "other", "count"),
    [
        ("Scan", "ndjson", "landing", "routed"),
        ("Query", "runs", "arrivals", "tracked"),
        ("ListObjectsV2", "landing", "ndjson", "flushed"),
    ],
)
def test_a_lane_that_cannot_be_repaired_keeps_no_other_back(
    world: World, clock: Time, later: Any, operation: str, lane: str, other: str, count: str
) -> None:
    one_file_waits(world)
    no_event(world)
    another_no_message(world)
    clock.ahead = HOURS
    later(HOURS)
    with failing(operation, "InternalServerError", 500):
        counts = app.reconcile({}, None)
    assert (counts[lane]["errors"], counts[other][count]) == (1, 1)
