"""The job config's faults: nothing is moved, nothing is lost, and it is said once what to mend."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

import app
from chalicelib.errors import ConfigError
from tests.faults.dying import calls_of, deaths, run
from tests.support.aws_calls import recorded
from tests.support.builders import CONFIG_KEY, LANDING, SEED_JOBS, job
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
MYSTERY = "data/in/mystery.csv"
BROKEN = [
    b"",
    b"{",
    b"{}",
    b"null",
    b"[1]",
    b"\xff\xfe",
    b"[" * 50_000,
    json.dumps([job(is_active="yes")]).encode(),
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_with_a_broken_config_a_file_waits_in_its_place(world: World, body: bytes) -> None:
    world.configure(body)
    world.upload(MYSTERY)
    for attempt in (1, 2):
        with pytest.raises(ConfigError):
            world.deliver(MYSTERY)
        row = world.row(MYSTERY)
        assert (row["status"], row["attempts"], row["retry"]) == ("failed", attempt, "1")
    assert "not usable" in row["reason"]
    assert world.keys("data/") == [MYSTERY]
    assert [alert["Subject"] for alert in world.alerts()] == ["Job config is not usable"]


def test_a_broken_config_costs_a_warm_worker_no_more_with_every_file(world: World) -> None:
    world.configure(b"{")
    told = []
    for _ in range(3):
        with pytest.raises(ConfigError) as caught:
            app.landing().jobs.match(CUSTOMERS)
        told.append(len(caught.traceback))
    assert len(set(told)) == 1, "a traceback holds every frame and what lived in it"


def test_a_missing_config_is_named_with_what_to_do(world: World) -> None:
    world.s3.delete_object(Bucket="sluice-local-landing", Key=CONFIG_KEY)
    world.upload(CUSTOMERS)
    with pytest.raises(ConfigError, match=r"s3://sluice-local-landing/config/config.json is missing: upload"):
        world.deliver(CUSTOMERS)
    world.configure()
    assert world.deliver(CUSTOMERS)["status"] == "triggered"


def test_each_version_of_a_broken_config_is_alerted_once_by_any_process(world: World) -> None:
    for version in ("{", "["):
        world.configure(version.encode())
        for key in (CUSTOMERS, MYSTERY):
            app.landing.cache_clear()
            world.upload(key)
            with pytest.raises(ConfigError):
                world.deliver(key)
    assert len(world.alerts()) == 2


def _lands(world: World, key: str) -> None:
    """Let a file come to a new process: by the last good config, or to a failure."""
    app.landing.cache_clear()
    with suppress(ConfigError):
        world.land(key)


def _config_alerts(world: World) -> int:
    return sum(alert["Subject"] == "Job config is not usable" for alert in world.alerts())


@pytest.mark.parametrize("seen_by", ["its event", "reconcile"])
def test_a_config_that_breaks_again_as_before_is_alerted_again(world: World, seen_by: str) -> None:
    for number in (1, 2):
        world.s3.delete_object(Bucket=LANDING, Key=CONFIG_KEY)
        _lands(world, f"data/in/{number}.csv")
        _lands(world, f"data/in/{number}{number}.csv")
        world.configure(b"{")
        _lands(world, f"data/in/{number}{number}{number}.csv")
        assert _config_alerts(world) == 2 * number
        world.configure()
        if seen_by == "reconcile":
            app.reconcile({}, None)
        else:
            world.deliver(CONFIG_KEY)


def test_wherever_a_run_dies_that_sees_a_usable_config_the_next_fault_is_alerted(world: World) -> None:
    world.configure(b"{")
    _lands(world, CUSTOMERS)
    world.configure()
    alerted = _config_alerts(world)
    for death in deaths(calls_of(lambda: app.reconcile({}, None))):
        world.configure(b"{")
        _lands(world, CUSTOMERS)
        alerted += 1
        assert _config_alerts(world) == alerted, death
        world.configure()
        run(lambda: app.reconcile({}, None), death)
        app.reconcile({}, None)


def test_an_uploaded_config_is_linted_at_once_with_all_its_faults(world: World) -> None:
    faulty = [job(upsert_keys="customer_id"), {"job_id": 7}, job()]
    world.configure(json.dumps(faulty).encode())
    outcome = world.deliver(CONFIG_KEY)
    assert outcome["status"] == "received"
    (alert,) = world.alerts()
    for fault in (
        "[0].upsert_keys",
        "[1].job_id is 7",
        "[1].job_name is missing",
        "[2].job_id",
        "[2].source_file",
    ):
        assert fault in alert["Message"]
        assert fault in world.row(CONFIG_KEY)["reason"]


def test_a_config_of_many_faults_is_linted_too(world: World) -> None:
    world.configure([job(job_id=f"J{n}", source_file_name="same.csv") for n in range(9000)])
    assert world.deliver(CONFIG_KEY)["status"] == "received"
    assert "[1].source_file_name" in world.row(CONFIG_KEY)["reason"]
    assert len(world.alerts()) == 1


def test_a_good_config_is_received_without_a_word(world: World) -> None:
    assert world.deliver(CONFIG_KEY) == {"key": CONFIG_KEY, "status": "received"}
    assert world.alerts() == []


def test_a_file_uploaded_right_after_its_config_is_never_parked(world: World) -> None:
    assert world.land(CUSTOMERS)["status"] == "triggered"
    world.configure([*SEED_JOBS, job(job_id="new", source_file_name="mystery.csv")])
    assert world.land(MYSTERY)["status"] == "triggered"


def test_a_job_switched_on_again_takes_its_next_file(world: World) -> None:
    world.land("data/in/products.csv", b"1")
    world.configure([job(source_file_name="products.csv")])
    assert world.land("data/in/products.csv", b"2")["status"] == "triggered"


def test_the_config_is_fetched_once_while_it_starts_jobs(world: World) -> None:
    world.land(CUSTOMERS, b"0")
    with recorded() as calls:
        for body in (b"1", b"2", b"3"):
            world.deliver(CUSTOMERS, world.upload(CUSTOMERS, body))
    ours = [operation for operation, _ in calls if operation != "PutObject"]
    assert ours == ["GetObject", "StartExecution", "PutItem"] * 3


def test_a_cache_of_zero_seconds_asks_every_time(world: World, environ: Any) -> None:
    environ(CONFIG_CACHE_SECONDS="0")
    world.land(CUSTOMERS, b"0")
    world.configure([job(is_active=False)])
    assert world.land(CUSTOMERS, b"1")["status"] == "inactive"


def test_a_config_of_five_megabytes_routes(world: World) -> None:
    jobs = [job(job_id=f"J{n}", source_file_name=f"file{n}.csv", note="x" * 200) for n in range(12_500)]
    world.configure(json.dumps(jobs).encode())
    assert world.land("data/in/file12499.csv")["status"] == "triggered"
    assert world.row("data/in/file12499.csv")["job_id"] == "J12499"


def test_ten_thousand_jobs_cost_no_request_more_than_ten(world: World) -> None:
    calls = []
    for count in (1, 10, 10_000):  # the first move makes the installation's secret
        many = [job(job_id=f"J{number}", source_file_name=f"f{number}_*.csv") for number in range(count)]
        world.configure(many)
        app.landing.cache_clear()
        with recorded() as made:
            world.land(f"data/in/{count}/f0_x.csv")
            world.land(f"data/in/mystery{count}.csv")
        calls.append([operation for operation, _ in made])
    assert calls[1] == calls[2]
