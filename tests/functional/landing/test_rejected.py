"""Files whose header is not that of their job: moved aside once, told once, started by force alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

import app
from chalicelib.landing.routing import route
from tests.faults.dying import Death, Moment, Nth, calls_of, deaths, run
from tests.faults.invariants.landing import landing_faults
from tests.support.api import Api
from tests.support.aws_calls import by_others, failing
from tests.support.builders import LANDING, job
from tests.support.lanes.replays import replay
from tests.support.reset import date_object, forget_everything
from tests.support.world import World

KEY = "data/in/customers.csv"
REJECTED = "data/rejected/customers.csv"
COLUMNS = ["id", "name", "city"]
WRONG = b"id,town,name\n1,London,Ada\n"
RIGHT = b'\xef\xbb\xbf"id",name,city\r\n1,Ada,London\r\n'
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _configured(world: World) -> None:
    world.configure([job(columns=COLUMNS)])


def test_a_file_with_another_header_is_moved_and_told_and_starts_nothing(world: World) -> None:
    outcome = world.land(KEY, WRONG)
    assert (outcome["status"], outcome["moved_to"], outcome["job_id"]) == ("rejected", REJECTED, "JOB001")
    assert "missing 'city', surplus 'town'" in outcome["reason"]
    assert (world.keys("data/"), world.read(REJECTED), world.executions()) == ([REJECTED], WRONG, [])
    (alert,) = world.alerts()
    assert alert["Subject"] == "File Rejected"
    for told in ("Job ID: JOB001", "missing 'city', surplus 'town'", f"Moved to: {REJECTED}", KEY):
        assert told in alert["Message"]
    row = world.row(KEY)
    assert (row["status"], row["reason"]) == ("rejected", outcome["reason"])
    assert not {"retry", "unreported"} & {*row}


def test_repeats_and_reconcile_change_nothing(world: World, later: Any) -> None:
    etag = world.upload(KEY, WRONG)
    first = world.deliver(KEY, etag)
    assert world.deliver(KEY, etag) == first
    later(HOUR)
    assert not any(app.reconcile({}, None)["landing"].values())
    assert len(world.alerts()) == 1


@pytest.mark.parametrize("preview", ["0", "500"])
def test_the_header_of_its_job_lets_a_file_start(world: World, environ: Any, preview: str) -> None:
    environ(PREVIEW_CHARS=preview)
    assert world.land(KEY, RIGHT)["status"] == "triggered"
    assert world.land(KEY, WRONG)["status"] == "rejected"


def test_the_delimiter_is_the_jobs(world: World) -> None:
    world.configure([job(columns=COLUMNS, delimiter=";")])
    app.landing.cache_clear()
    assert world.land(KEY, b"id;name;city\n")["status"] == "triggered"
    assert world.land(KEY, RIGHT)["status"] == "rejected"


def test_an_empty_file_has_its_grace_and_is_rejected_then(world: World, later: Any) -> None:
    assert world.land(KEY, b"")["status"] == "received"
    later(HOUR)
    app.reconcile({}, None)
    assert (world.row(KEY)["status"], "is empty" in world.row(KEY)["reason"]) == ("rejected", True)


def test_no_cached_config_turns_a_file_away(world: World) -> None:
    assert world.land(KEY, RIGHT)["status"] == "triggered"
    world.configure([job(columns=["id", "town", "name"])])
    assert world.land(KEY, WRONG)["status"] == "triggered"


def test_an_archived_file_whose_header_cannot_be_read_waits(world: World) -> None:
    etag = world.upload(KEY, RIGHT, StorageClass="GLACIER")
    with pytest.raises(RuntimeError, match="storage class GLACIER"):
        world.deliver(KEY, etag)
    assert (world.row(KEY)["status"], world.keys("data/")) == ("failed", [KEY])


def test_wherever_a_rejection_dies_it_is_finished(world: World, later: Any) -> None:
    def land() -> None:
        forget_everything()
        world.configure([job(columns=COLUMNS)])
        world.upload(KEY, WRONG)

    land()
    calls = calls_of(lambda: world.deliver(KEY))
    for death in deaths(calls):
        land()
        run(lambda: world.deliver(KEY), death)
        later(HOUR)
        app.reconcile({}, None)
        assert landing_faults(world, KEY, "rejected") == [], death
        assert world.keys("data/") == [REJECTED], death
        later(timedelta(0))


def test_an_execution_that_was_started_before_its_job_had_columns_is_found(world: World) -> None:
    world.configure([job()])
    etag = world.upload(KEY, WRONG)
    run(lambda: world.deliver(KEY, etag), Nth("PutItem", 1, lambda call: Death(call, Moment.BEFORE)))
    world.configure([job(columns=COLUMNS)])
    app.landing.cache_clear()
    assert world.deliver(KEY, etag)["status"] == "triggered"
    assert (len(world.executions()), world.keys("data/")) == (1, [KEY])


def test_a_replay_without_force_starts_a_rejected_file_only_once_its_job_takes_it(
    world: World, operator: Api
) -> None:
    world.land(KEY, WRONG)
    (item,) = replay(operator, keys=[KEY])
    assert (item["action"], "Give force" in item["why"]) == ("none", True)
    world.configure([job(columns=["id", "town", "name"])])
    (item,) = replay(operator, keys=[KEY], dry_run=True)
    assert (item["action"], item["expected"]) == ("restore", "triggered")
    (item,) = replay(operator, keys=[KEY])
    assert item["outcome"]["status"] == "triggered"
    assert (world.keys("data/"), world.read(KEY)) == ([KEY], WRONG)


def test_a_forced_replay_starts_a_rejected_file_as_it_is(world: World, operator: Api) -> None:
    world.land(KEY, WRONG)
    (item,) = replay(operator, status="rejected", force=True)
    assert item["outcome"]["status"] == "triggered"
    newest = max(world.rows(KEY), key=lambda row: str(row["timestamp"]))
    assert (newest["status"], newest["replays"][0]["force"]) == ("triggered", True)
    assert world.deliver(KEY)["status"] == "already_running"
    assert (world.keys("data/"), len(world.executions())) == ([KEY], 1)


def test_a_forced_replay_that_dies_anywhere_ends_in_one_execution(
    world: World, operator: Api, later: Any
) -> None:
    then = datetime.now(UTC) - HOUR
    force = partial(
        operator.post, "/replay", {"status": "rejected", "date": f"{then:%Y-%m-%d}", "force": True}
    )

    def reject() -> None:
        forget_everything()
        world.configure([job(columns=COLUMNS)])
        etag = world.upload(KEY, WRONG)
        date_object(LANDING, KEY, then)
        world.deliver(KEY, etag)

    reject()
    calls = calls_of(force)
    for death in deaths(calls):
        reject()
        run(force, death)
        if world.keys("data/in/"):
            world.deliver(KEY)
        force()
        assert len(world.executions()) == 1, death
        assert world.keys("data/") == [KEY], death


def test_the_event_of_the_way_back_may_come_before_the_replay_routes_it(world: World, operator: Api) -> None:
    world.land(KEY, WRONG)

    def event_first(*arguments: Any, **named: Any) -> Any:
        with by_others():
            world.deliver(KEY)
        return route(*arguments, **named)

    with patch("chalicelib.actions.replay.route", event_first):
        (item,) = replay(operator, keys=[KEY], force=True)
    assert item["outcome"]["status"] == "triggered"
    assert (world.keys("data/"), len(world.executions())) == ([KEY], 1)


def test_no_uploader_can_forge_the_mark_of_a_forced_replay(world: World) -> None:
    assert world.land(KEY, WRONG, Metadata={"sluice-forced": "yes"})["status"] == "rejected"


def test_a_rejected_file_whose_source_stays_is_started_by_force_where_it_lies(
    world: World, operator: Api
) -> None:
    with failing("DeleteObject", "AccessDenied", 403):
        world.land(KEY, WRONG)
    (item,) = replay(operator, keys=[KEY], force=True)
    assert item["outcome"]["status"] == "triggered"
    assert (len(world.executions()), world.read(KEY)) == (1, WRONG)


def test_explain_files_and_summary_tell_of_it(world: World) -> None:
    world.land(KEY, WRONG)
    api = Api()
    told = api.get("/explain", key=KEY).body
    assert f"It was rejected and moved to {REJECTED}: its header is not that of its job" in told["summary"]
    assert told["now"]["job"]["columns"] == COLUMNS
    world.upload(KEY, WRONG)
    now = api.get("/explain", key=KEY).body["now"]
    assert (now["outcome"], now["moved_to"]) == ("rejected", REJECTED)
    assert "missing 'city'" in now["why"]
    (row,) = api.get("/files", status="rejected").body["items"]
    assert row["moved_to"] == REJECTED
    assert api.get("/summary").body["landing"]["rejected"] == 1


def test_a_rejected_file_is_no_expected_file(world: World) -> None:
    world.configure([job(columns=COLUMNS, expected={"every_hours": 1})])
    app.landing.cache_clear()
    world.land(KEY, WRONG)
    assert Api().get("/jobs").body["items"][0]["expectation"]["last_arrival"] is None
