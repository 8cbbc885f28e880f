"""Jobs that name their state machine, and what an execution gets beside the five fields."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

import app
from tests.faults.dying import Death, Moment, Nth, run
from tests.support.builders import job
from tests.support.world import MACHINE, World

CUSTOMERS = "data/in/customers.csv"
LARGE = MACHINE.replace("sluice-local-etl", "large")


@pytest.fixture
def large(world: World, environ: Any) -> World:
    """Return a world with a second state machine, `large`."""
    states = boto3.client("stepfunctions")
    definition = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}})
    states.create_state_machine(
        name="large", definition=definition, roleArn="arn:aws:iam::123456789012:role/states"
    )
    environ(STATE_MACHINES=f"large={LARGE}")
    return world


def _started_on_large() -> list[dict[str, Any]]:
    states = boto3.client("stepfunctions")
    found = states.list_executions(stateMachineArn=LARGE)["executions"]
    return [json.loads(states.describe_execution(executionArn=one["executionArn"])["input"]) for one in found]


def test_every_field_of_a_job_reaches_its_execution(world: World) -> None:
    extra = {"owner": "sales", "load": {"mode": "append"}, "columns": ["id", "name"], "delimiter": ","}
    world.configure([job(**extra)])
    world.land(CUSTOMERS)
    (started,) = world.executions()
    (glue_job,) = started["glue_jobs"]
    assert [*glue_job] == [
        "job_id", "job_name", "source_file_name", "target_table", "upsert_keys", *extra
    ]  # fmt: skip
    assert {name: glue_job[name] for name in extra} == extra


def test_a_job_starts_the_state_machine_that_it_names(large: World) -> None:
    large.configure([job(state_machine="large"), job(job_id="J2", source_file_name="orders.csv")])
    assert large.land(CUSTOMERS)["status"] == "triggered"
    large.land("data/in/orders.csv")
    (started,) = _started_on_large()
    assert started["glue_jobs"][0]["job_id"] == "JOB001"
    assert [one["glue_jobs"][0]["job_id"] for one in large.executions()] == ["J2"]
    assert large.row(CUSTOMERS)["state_machine"] == "large"
    assert "state_machine" not in large.row("data/in/orders.csv")


def test_a_job_that_moves_to_another_state_machine_meanwhile_starts_once(large: World) -> None:
    large.configure([job(state_machine="large")])
    etag = large.upload(CUSTOMERS)
    before_its_row = Nth("PutItem", 1, lambda number: Death(number, Moment.BEFORE))
    assert run(lambda: large.deliver(CUSTOMERS, etag), before_its_row)
    assert len(_started_on_large()) == 1
    large.configure([job()])
    app.landing.cache_clear()
    assert large.deliver(CUSTOMERS, etag)["status"] == "triggered"
    assert (len(_started_on_large()), large.executions()) == (1, [])
    assert large.row(CUSTOMERS)["state_machine"] == "large"


def test_an_alias_that_is_not_set_is_a_fault(world: World) -> None:
    world.configure([job(state_machine="large")])
    world.deliver("config/config.json")
    (alert,) = world.alerts()
    assert "[0].state_machine is 'large': STATE_MACHINES names none" in alert["Message"]
