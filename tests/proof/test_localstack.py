"""The stack and its state machine on LocalStack: another CloudFormation, and one that runs state machines.

Tables are left out: LocalStack has them of a program that it would have to download.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ops.deploy.provision import wanted_stack
from ops.deploy.stack import apply_stack
from ops.stages import Target, load_stage
from tests.proof.emulators import client_of, localstack

PLACE = Target("000000000000", "us-east-1")
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:sluice-dev-etl"
JOB = {
    "job_id": "1",
    "job_name": "load",
    "source_file_name": "a.csv",
    "target_table": "t",
    "upsert_keys": ["id"],
}
FAILURE = {"Error": "Glue.EntityNotFoundException", "Cause": "no job load"}
MOCKED = {  # how Glue answers, which LocalStack does not have
    "StateMachines": {
        "sluice-dev-etl": {
            "TestCases": {"Good": {"Run the Glue job": "good"}, "Bad": {"Run the Glue job": "bad"}}
        }
    },
    "MockedResponses": {
        "good": {"0-1": {"Return": {"JobRunState": "SUCCEEDED"}}},
        "bad": {"0-1": {"Throw": FAILURE}},
    },
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run LocalStack with the stack of stage dev."""
    folder = tmp_path_factory.mktemp("localstack")
    mocked = folder / "mocked.json"
    mocked.write_text(json.dumps(MOCKED))
    with localstack(folder / "run", SFN_MOCK_CONFIG=str(mocked)) as found:
        assert _apply(found) == "created"
        yield found


def _apply(address: str) -> str:
    stack = wanted_stack(load_stage("dev"), PLACE)
    template = json.loads(stack.template)
    for part in ("Resources", "Outputs"):
        kept = {name: each for name, each in template[part].items() if not name.endswith("Table")}
        template[part] = kept
    stack = replace(stack, template=json.dumps(template))
    return apply_stack(client_of(address, "cloudformation"), stack, lambda _: None, 0.5)


def _ended(address: str, case: str) -> Any:
    machines = client_of(address, "stepfunctions")
    started = machines.start_execution(
        stateMachineArn=f"{MACHINE}#{case}",
        input=json.dumps({"glue_jobs": [JOB, JOB], "bucket": "b", "key": "data/in/a.csv", "etag": "e"}),
    )
    for _ in range(120):
        found = machines.describe_execution(executionArn=started["executionArn"])
        if found["status"] != "RUNNING":
            break
        time.sleep(0.5)
    return found


def test_a_stack_that_is_there_is_left_alone(address: str) -> None:
    assert _apply(address) == "unchanged"
    found = client_of(address, "cloudformation").describe_stacks(StackName="sluice-dev")["Stacks"][0]
    made = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    assert made["LandingBucket"] == "sluice-dev-landing-000000000000"
    attributes = client_of(address, "sqs").get_queue_attributes(
        QueueUrl=made["NdjsonQueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] in {5, "5"}
    allowed = json.loads(attributes["Policy"])["Statement"][0]["Condition"]["ArnEquals"]
    assert allowed == {"aws:SourceArn": "arn:aws:s3:::sluice-dev-ndjson-000000000000"}


def test_the_starter_state_machine_runs_a_job_for_each_entry_and_ends_as_they_do(address: str) -> None:
    good = _ended(address, "Good")
    assert (good["status"], len(json.loads(good["output"]))) == ("SUCCEEDED", 2)
    bad = _ended(address, "Bad")
    assert (bad["status"], bad["error"], bad["cause"]) == ("FAILED", FAILURE["Error"], FAILURE["Cause"])
