"""A config that cannot be used is never adopted: files are routed by the last good one, and it is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.errors import ConfigError
from tests.faults.dying import calls_of, deaths, run
from tests.support.api import Api
from tests.support.aws_calls import failing, recorded
from tests.support.builders import CONFIG_KEY, LANDING, SEED_JOBS, job
from tests.support.lanes.scans import ARTIFACTS
from tests.support.reset import date_object
from tests.support.world import World

CUSTOMERS, ORDERS = "data/in/customers.csv", "data/in/orders.csv"
COPY = "state/job-config.json"
SUBJECT = "Job config is not usable"


def _uploaded(world: World, config: Any) -> str:
    """Upload a config, deliver its event and return its version."""
    world.configure(config)
    world.deliver(CONFIG_KEY)
    return str(world.s3.head_object(Bucket=LANDING, Key=CONFIG_KEY)["ETag"]).strip('"')


def _new_process() -> None:
    app.landing.cache_clear()
    app.discovered.cache_clear()


def _copy(world: World) -> Any:
    return json.loads(world.s3.get_object(Bucket=ARTIFACTS, Key=COPY)["Body"].read())


def test_a_broken_config_over_a_good_one_changes_nothing_but_alerts_and_displays(world: World) -> None:
    good = _uploaded(world, SEED_JOBS)
    bad = _uploaded(world, [*SEED_JOBS, job(job_id=7)])
    for key, status in ((CUSTOMERS, "triggered"), ("data/in/products.csv", "inactive")):
        _new_process()
        assert world.land(key)["status"] == status
    assert app.reconcile({}, None)["landing"]["waiting"] == 0
    (alert,) = [one for one in world.alerts() if one["Subject"] == SUBJECT]
    told = next(row["reason"] for row in world.rows(CONFIG_KEY) if row["etag"] == bad)
    for text in (alert["Message"], told):
        assert "[3].job_id is 7" in text
        assert f"the last good version, {good}, stays in force" in text
    jobs, summary = Api().get("/jobs").body, Api().get("/summary").body
    assert (jobs["in_force"], jobs["version"], jobs["last_good_version"]) == ("last_good", bad, good)
    assert summary["config"] == {name: jobs[name] for name in summary["config"]}
    now = Api().get("/explain", key=ORDERS).body["now"]
    assert (now["outcome"], now["config"]["in_force"]) == ("triggered", "last_good")


def test_a_mended_config_is_in_force_again(world: World) -> None:
    _uploaded(world, SEED_JOBS)
    _uploaded(world, b"{")
    mended = _uploaded(world, [job(source_file_name="new.csv")])
    assert world.land("data/in/new.csv")["status"] == "triggered"
    jobs = Api().get("/jobs").body
    assert (jobs["in_force"], jobs["version"], jobs["valid"]) == ("current", mended, True)
    assert _copy(world)[0]["source_file_name"] == "new.csv"


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        ("NoSuchKey", 404, "is missing: upload a list of jobs"),
        ("AccessDenied", 403, "does not give it out"),
        ("InvalidObjectState", 403, "does not give it out"),
        ("KMS.DisabledException", 400, "does not give it out"),
    ],
)
def test_a_config_that_s3_does_not_give_out_is_one_that_cannot_be_used(
    world: World, code: str, status: int, fault: str
) -> None:
    with failing("GetObject", code, status, key=CONFIG_KEY):
        world.upload(CUSTOMERS)
        with pytest.raises(ConfigError, match=fault):
            world.deliver(CUSTOMERS)
        assert fault in world.row(CUSTOMERS)["reason"]
        assert app.reconcile({}, None)["landing"]["waiting"] == 1
        assert app.write_table_manifests({}, None)["statusCode"] == 207
        assert fault in Api().get("/jobs").body["faults"][0]
        assert Api().get("/explain", key=CUSTOMERS).body["now"]["outcome"] == "failed"
        assert [one["Subject"] for one in world.alerts()] == [SUBJECT]
    good = _uploaded(world, SEED_JOBS)
    with failing("GetObject", code, status, key=CONFIG_KEY):
        _new_process()
        assert world.land(ORDERS)["status"] == "triggered"
        body = Api().get("/jobs").body
        assert (body["in_force"], body["last_good_version"]) == ("last_good", good)
        assert [item["job_id"] for item in body["items"]] == ["JOB001", "JOB002", "JOB003"]


def test_a_config_that_cannot_be_asked_for_right_now_fails_the_file_and_alerts_nobody(world: World) -> None:
    _uploaded(world, SEED_JOBS)
    _new_process()
    world.upload(CUSTOMERS)
    with failing("GetObject", "InternalError", 500, key=CONFIG_KEY), pytest.raises(ClientError):
        world.deliver(CUSTOMERS)
    assert world.alerts() == []


def test_a_usable_version_is_copied_once_whoever_meets_it_first(world: World) -> None:
    with recorded() as calls:
        for _ in range(3):
            _new_process()
            world.land(CUSTOMERS, b"1")
        app.reconcile({}, None)
        app.write_table_manifests({}, None)
    written = [given for name, given in calls if name == "PutObject" and given["Key"] == COPY]
    assert len(written) == 1
    assert _copy(world) == SEED_JOBS


def test_a_slow_worker_never_puts_an_older_version_back(world: World) -> None:
    old, new = [job(job_name="old")], [job(job_name="new")]
    world.configure(old)
    date = app.landing().clock().replace(microsecond=0)

    def newer(_: Any) -> None:
        world.configure(new)
        date_object(LANDING, CONFIG_KEY, date.replace(year=date.year + 1))
        _new_process()
        app.landing().jobs.revalidate()

    slow = app.landing()
    with recorded({"HeadObject": newer}):
        slow.jobs.revalidate()
    assert _copy(world) == new
    _new_process()
    with recorded({"PutObject": lambda _: None}):
        slow.jobs.revalidate()
    assert _copy(world) == new


@pytest.mark.parametrize("operation", ["PutObject", "HeadObject"])
def test_a_copy_that_cannot_be_written_is_a_warning_and_no_stop(
    world: World, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    with failing(operation, "AccessDenied", 403, key=COPY):
        for body in (b"1", b"2"):
            assert world.land(CUSTOMERS, body)["status"] == "triggered"
    warnings = [each.message for each in caplog.records if each.levelname == "WARNING"]
    assert warnings.count("the last good job config could not be kept") == 1


@pytest.mark.parametrize("copy", [b"{", b"", json.dumps([job(job_id=7)]).encode()])
def test_a_copy_that_cannot_be_used_is_none(world: World, copy: bytes) -> None:
    world.s3.put_object(Bucket=ARTIFACTS, Key=COPY, Body=copy)
    world.configure(b"{")
    world.upload(CUSTOMERS)
    with pytest.raises(ConfigError):
        world.deliver(CUSTOMERS)
    assert Api().get("/jobs").body["in_force"] is None


def test_a_copy_that_s3_does_not_give_out_is_none(world: World) -> None:
    _uploaded(world, SEED_JOBS)
    world.configure(b"{")
    _new_process()
    world.upload(CUSTOMERS)
    with failing("GetObject", "AccessDenied", 403, key=COPY), pytest.raises(ConfigError):
        world.deliver(CUSTOMERS)


def test_wherever_a_worker_dies_that_sees_a_good_config_the_next_one_keeps_it(world: World) -> None:
    def seen() -> None:
        _new_process()
        app.landing().jobs.revalidate()

    for number, death in enumerate(deaths(calls_of(seen))):
        jobs = [job(job_id=f"J{number}")]
        world.configure(jobs)
        run(seen, death)
        seen()
        assert _copy(world) == jobs, death
        world.configure(b"{")
        seen()


def test_a_config_that_is_too_large_is_not_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.landing.config.MAX_BYTES", 1000)
    _uploaded(world, [job()])
    _uploaded(world, [job(note="x" * 1000)])
    body = Api().get("/jobs").body
    assert "a config has at most 1000" in body["faults"][0]
    assert (body["in_force"], len(body["items"])) == ("last_good", 1)
