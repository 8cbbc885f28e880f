"""The list of alerts: what people were told of a day, read off what the lanes store anyway."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

import app
from chalicelib.aws.items import to_item
from chalicelib.expected import watch, wiring
from chalicelib.ndjson.tracking import file_at
from chalicelib.status import alerts
from tests.support.api import Api
from tests.support.aws_calls import failing, recorded
from tests.support.builders import SEED_JOBS, job
from tests.support.lanes import ndjson
from tests.support.lanes.glue_runs import JOB, end_glue_run, run_ids
from tests.support.lanes.runs import deliver, end
from tests.support.world import TABLE, World

TODAY = datetime.now(UTC).date().isoformat()
DAILY = job(job_id="DAILY", source_file_name="daily.csv", expected={"every_hours": 1, "grace_minutes": 0})
STRICT = job(job_id="STRICT", source_file_name="strict.csv", columns=["id"])
ORPHANS = [f"data/in/orphan-{number}.csv" for number in range(5)]


def listed(**values: Any) -> list[dict[str, Any]]:
    return Api().items("/alerts", **values)


def soon() -> list[dict[str, Any]]:
    """List the alerts of today and of the day that it is in an hour, when DAILY is late."""
    days = {TODAY, (datetime.now(UTC) + timedelta(hours=1)).date().isoformat()}
    return [item for day in sorted(days) for item in listed(date=day)]


def states() -> dict[str, str]:
    return {item["subject"]: item["state"] for item in soon()}


def put(date_prefix: str, name: str, **more: Any) -> None:
    """Store an item of the tracking table."""
    item = to_item({"date_prefix": date_prefix, "file_name": name, **more})
    boto3.client("dynamodb").put_item(TableName=ndjson.TABLE, Item=item)


def expect(world: World, hours: int) -> None:
    """Have `watch_expected` look as it would in some hours."""
    world.configure([*SEED_JOBS, STRICT, DAILY])
    now = datetime.now(UTC) + timedelta(hours=hours)
    watch.watch_expected(dataclasses.replace(wiring.expected(app.settings()), clock=lambda: now), None)


def fail_a_job(world: World, key: str = "data/in/customers.csv") -> None:
    deliver(end(world.land(key)["execution"], "FAILED", "NoColumn"))


def fail_a_glue_run(environ: Any) -> None:
    ndjson.create_glue_job(JOB)
    environ(MAX_BATCH_SIZE_GB="0.001", GLUE_JOB_NAME=JOB)
    for event in ndjson.messages(ndjson.upload(f"in/{TODAY}/a.ndjson", size=10 * ndjson.MB)):
        app.ndjson_arrived(event, None)
    app.glue_run_changed(end_glue_run(run_ids()[0], "FAILED", "no column id"), None)


def test_every_alert_that_was_sent_is_listed_with_what_it_is_about(world: World, environ: Any) -> None:
    world.configure([*SEED_JOBS, STRICT])
    world.land("data/in/mystery.csv")
    world.land("data/in/products.csv")
    world.land("data/in/strict.csv", b"id,town\n")
    fail_a_job(world)
    for event in ndjson.messages(ndjson.upload(f"in/{TODAY}/bad.ndjson", body=b"[]\n" * 60_000)):
        app.ndjson_arrived(event, None)
    fail_a_glue_run(environ)
    expect(world, 0)
    expect(world, 2)
    world.configure(b"{")
    app.reconcile({}, None)

    items = soon()
    assert Counter(item["subject"] for item in items) == Counter(one["Subject"] for one in world.alerts())
    assert {item["state"] for item in items} == {"sent"}
    about = {item["subject"]: item for item in items}
    assert about["New / Not Configured File"]["key"] == "data/in/mystery.csv"
    assert about["Inactive Job"]["key"] == "data/in/products.csv"
    assert about["File Rejected"]["job_id"] == "STRICT"
    assert (about["Job Failed"]["key"], about["Job Failed"]["reason"]) == (
        "data/in/customers.csv", "FAILED: NoColumn")  # fmt: skip
    assert about["File quarantined"]["key"] == f"in/{TODAY}/bad.ndjson"
    assert about["Glue Run Failed"]["reason"] == "no column id"
    assert about["Glue Run Failed"]["manifest_key"] in ndjson.manifests()
    assert about["Expected File Is Late"]["job_id"] == "DAILY"
    assert about["Job config is not usable"]["about"] == "config"
    assert [item["at"] for item in listed()] == sorted((item["at"] for item in listed()), reverse=True)
    assert listed(date="2026-01-01") == []


def test_what_sns_refused_is_due_until_it_is_sent(world: World, environ: Any) -> None:
    expect(world, 0)
    with failing("Publish", "Throttled"):
        fail_a_job(world)
        fail_a_glue_run(environ)
        expect(world, 2)
    subjects = ("Job Failed", "Glue Run Failed", "Expected File Is Late")
    assert states() == dict.fromkeys(subjects, "due")
    environ(RECONCILE_GRACE_SECONDS="0")
    app.reconcile({}, None)
    expect(world, 2)
    assert states() == dict.fromkeys(subjects, "sent")


def test_what_a_process_that_died_did_not_tell_is_due(world: World) -> None:
    world.land("data/in/mystery.csv")
    assert states() == {"New / Not Configured File": "sent"}
    row = world.row("data/in/mystery.csv")
    key = {name: {"S": row[name]} for name in ("file_key", "timestamp")}
    mark: Any = {
        "UpdateExpression": "SET unreported = :yes",
        "ExpressionAttributeValues": {":yes": {"BOOL": True}},
    }
    boto3.client("dynamodb").update_item(TableName=TABLE, Key=key, **mark)
    path, bad = f"s3://sluice-local-ndjson/{TODAY}.ndjson", {"status": "quarantined", "quarantine": "1"}
    put(TODAY, f"{TODAY}.ndjson", file_path=path, etag="e", quarantined_at=f"{TODAY}T00:00:00.000Z", **bad)
    put(f"UNTOLD#{TODAY}", file_at(path, "e", TODAY).identity, file_path=path, etag="e")
    assert states() == {"New / Not Configured File": "due", "File quarantined": "due"}


def test_pages_show_every_alert_once_at_a_bounded_number_of_calls(world: World) -> None:
    for key in ORPHANS:
        world.land(key)
    fail_a_job(world)
    with recorded() as one_page:
        whole = Api().get("/alerts").body
    with recorded() as another:
        page = Api().get("/alerts", limit=2).body
    assert (len(page["items"]), len(whole["items"]), whole["next_cursor"]) == (2, 6, None)
    assert (len(one_page), whole["complete"]) == (len(another), True)
    paged = listed(limit=2)
    assert sorted(item["key"] for item in paged) == sorted([*ORPHANS, "data/in/customers.csv"])


def test_an_alert_about_a_config_is_kept_when_the_config_is_mended(world: World) -> None:
    world.configure(b"{")
    app.reconcile({}, None)
    (broken,) = listed()
    assert "ended_at" not in broken
    world.configure()
    app.reconcile({}, None)
    (mended,) = listed()
    assert mended == {**broken, "ended_at": mended["ended_at"]}


def test_a_source_that_cannot_be_deleted_is_told_with_its_file(world: World, environ: Any) -> None:
    environ(RECONCILE_GRACE_SECONDS="0")
    with failing("DeleteObject", "AccessDenied", 403):
        world.land("data/in/mystery.csv")
        assert "also" not in listed()[0]
        for _ in range(10):
            app.reconcile({}, None)
    (told,) = listed()
    assert (told["state"], told["also"]) == ("sent", "Source Cannot Be Deleted")


@pytest.mark.parametrize("ended", ["2026-01-10", "2026-01-20"])
def test_a_run_that_ended_on_another_day_keeps_quarantine_to_its_own(aws: None, ended: str) -> None:
    run = {"run_status": "FAILED", "run_error": "?", "job_run_id": "jr_1"}
    put("MANIFEST#2026-01-15", "manifests/2026-01-15/a.json", run_stopped_at=f"{ended}T01:00:00Z", **run)
    for day in ("2026-01-09", "2026-01-15", "2026-01-16"):
        path = f"s3://sluice-local-ndjson/{day}.ndjson"
        file = {"file_path": path, "etag": "e", "status": "quarantined", "quarantine": "1"}
        put(day, f"{day}.ndjson", quarantined_at=f"{day}T10:00:00.000Z", **file)
    told = [item["at"][:10] for item in listed(date="2026-01-15", limit=1)]
    assert told == sorted([ended, "2026-01-15"], reverse=True)


def test_of_too_many_manifests_some_are_looked_at_and_that_is_said(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "RECORDS_WALKED", 1)
    run = {"run_status": "FAILED", "run_stopped_at": f"{TODAY}T00:00:00Z", "members": "x" * 390_000}
    for number in range(4):
        put(f"MANIFEST#{TODAY}", f"manifests/{number}.json", **run)
    body = Api().get("/alerts").body
    assert body["complete"] is False
    assert 1 <= len(body["items"]) <= 3
    assert body["items"][0]["manifest_key"] == "manifests/3.json"


def test_a_surge_is_listed_as_long_as_it_lasts(aws: None) -> None:
    put("SURGE#flush", "SURGE", pending_since=f"{TODAY}T00:00:00.123Z")
    (told,) = listed()
    assert (told["subject"], told["about"], told["sent_at"]) == (
        "Many batches are due", "batches", f"{TODAY}T00:00:00Z")  # fmt: skip


@pytest.mark.parametrize("mark", ["telling", "untold"])
def test_of_an_expected_file_that_came_only_what_is_not_told_yet_is_known(world: World, mark: str) -> None:
    expect(world, 0)
    used = f"{TODAY}T00:00:01Z"
    boto3.client("dynamodb").update_item(
        TableName=ndjson.TABLE,
        Key={"date_prefix": {"S": "EXPECTED#"}, "file_name": {"S": "DAILY"}},
        UpdateExpression="SET #state = :met, #due = :at, #used = :at, #mark = :at",
        ExpressionAttributeNames={"#state": "state", "#due": "due", "#used": "used", "#mark": mark},
        ExpressionAttributeValues={":met": {"S": "met"}, ":at": {"S": used}},
    )
    (told,) = listed()
    assert (told["subject"], told["at"]) == ("Expected File Has Come", used)
    assert told["state"] == {"telling": "unknown", "untold": "due"}[mark]
