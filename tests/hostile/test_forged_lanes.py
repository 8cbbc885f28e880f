"""What somebody else wrote, lane by lane: manifests, ends of runs, metadata of files that land."""

from __future__ import annotations

from typing import Any

import pytest

import app
from chalicelib.errors import ConfigError
from tests.hostile.corpus import WRONG_VALUES
from tests.support.builders import LANDING, job
from tests.support.lanes import runs
from tests.support.world import World

KEY = "data/in/customers.csv"
OURS = ("identity", "proof", "content", "date", "etag", "reason", "sha256")  # names of our own metadata
MANIFEST = "manifests/tables/customers.manifest"


def test_metadata_of_ours_on_an_upload_change_nothing_of_what_becomes_of_it(hostile_world: World) -> None:
    hostile_world.configure([job(source_file_name="customers.csv")])
    forged = {f"sluice-{name}": "0" * 32 + " sluice-identity" for name in OURS}
    assert hostile_world.land(KEY, b"id\n1\n", Metadata=forged)["status"] == "triggered"
    parked = hostile_world.land("data/in/mystery.csv", b"x", Metadata=forged)
    assert (parked["status"], hostile_world.read(parked["moved_to"])) == ("not_configured", b"x")


def test_a_forged_table_manifest_is_written_again_whatever_its_metadata(hostile_world: World) -> None:
    hostile_world.configure([job(target_table="customers")])
    hostile_world.upload("lake/customers/1.csv", b"1")
    hostile_world.upload("lake/customers/private/2.csv", b"2")
    app.write_table_manifests({}, None)
    ours: Any = hostile_world.s3.get_object(Bucket=LANDING, Key=MANIFEST)
    body = ours["Body"].read()
    forged = body.replace(b"customers/1", b"customers/9")
    hostile_world.s3.put_object(Bucket=LANDING, Key=MANIFEST, Body=forged, Metadata=ours["Metadata"])
    (outcome,) = app.write_table_manifests({}, None)["manifests"]
    assert (outcome["status"], hostile_world.read(MANIFEST)) == ("written", body)
    (outcome,) = app.write_table_manifests({}, None)["manifests"]
    assert outcome["status"] == "unchanged"


@pytest.mark.parametrize("name", ["name", "stateMachineArn", "status", "input"])
def test_a_forged_end_of_a_run_ends_no_other_run(hostile_world: World, name: str) -> None:
    hostile_world.configure([job(source_file_name="*.csv")])
    theirs = runs.end(hostile_world.land("data/in/theirs.csv")["execution"], "FAILED")
    mine = hostile_world.land(KEY)["execution"]
    foreign = {
        "name": mine,
        "stateMachineArn": theirs["detail"]["stateMachineArn"] + "-other",
        "status": "RUNNING",
        "input": runs.told(mine)["detail"]["input"],
    }
    for value in (*WRONG_VALUES, foreign[name]):
        event = {**theirs, "detail": {**theirs["detail"], name: value}}
        assert "ignored" in app.execution_changed(event, None)
    assert {hostile_world.row(key)["status"] for key in (KEY, "data/in/theirs.csv")} == {"triggered"}


def test_a_wrong_expectation_is_a_fault_of_the_config_or_is_watched(hostile_world: World) -> None:
    good = {"by": "06:30", "timezone": "UTC", "days": ["mon"], "grace_minutes": 15}
    wrong = [{**good, name: value} for name in good for value in WRONG_VALUES]
    for expected in (
        *WRONG_VALUES,
        *wrong,
        {"every_hours": -1},
        {"by": "25:00", "timezone": "../etc/passwd"},
    ):
        hostile_world.configure([job(expected=expected)])
        hostile_world.forget_last_good_config()
        counts = app.watch_expected({}, None)
        assert counts["errors"] == 0
        assert counts["watched"] + counts["waiting"] <= 1
    with pytest.raises(ConfigError):
        app.landing().jobs.revalidate()
