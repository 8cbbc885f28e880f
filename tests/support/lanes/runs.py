"""Executions in tests: ended as a state machine ends them, and told as EventBridge tells it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import boto3
from moto.stepfunctions.models import Execution, stepfunctions_backends

import app
from chalicelib.runs import wiring
from chalicelib.runs.lane import Runs
from tests.support.world import MACHINE

ACCOUNT, REGION = "123456789012", "us-east-1"


def runs() -> Runs:
    """Return the ends of runs as the app wires them."""
    return wiring.runs(app.settings(), app.landing(), app.discovered())


def end(name: str, status: str = "SUCCEEDED", error: str = "", cause: str = "") -> dict[str, Any]:
    """End the execution `name`, and return EventBridge's event of that."""
    execution = _execution(name)
    execution.status = status
    execution.stop_date = datetime.now(UTC).replace(tzinfo=None)
    execution.error, execution.cause = error or None, cause or None
    return told(name)


def running() -> list[str]:
    """Return the names of the executions that have not ended."""
    machine = stepfunctions_backends[ACCOUNT][REGION].describe_state_machine(MACHINE)
    return sorted(one.name for one in machine.executions if one.status == "RUNNING")


def told(name: str, **detail: Any) -> dict[str, Any]:
    """Return EventBridge's event of an execution as it stands; it has neither error nor cause."""
    found = boto3.client("stepfunctions").describe_execution(executionArn=_arn(name))
    stopped = found.get("stopDate")
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73e60175",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [found["executionArn"]],
        "detail": {
            "executionArn": found["executionArn"],
            "stateMachineArn": found["stateMachineArn"],
            "name": name,
            "status": found["status"],
            "startDate": int(found["startDate"].timestamp() * 1000),
            "stopDate": int((stopped.timestamp() if stopped else time.time()) * 1000),
            "input": found["input"],
            "output": None,
            "inputDetails": {"included": True},
            "outputDetails": None,
        }
        | detail,
    }


def deliver(event: dict[str, Any]) -> dict[str, Any]:
    """Deliver an event to `execution_changed` and return its answer, as JSON has it."""
    answer: dict[str, Any] = json.loads(json.dumps(app.execution_changed(event, None)))
    return answer


def reconcile() -> dict[str, Any]:
    """Run the repair of every lane and return what it did for ended executions."""
    counts: dict[str, Any] = app.reconcile({}, None)["runs"]
    return {name: count for name, count in counts.items() if count}


def _execution(name: str) -> Execution:
    machine = stepfunctions_backends[ACCOUNT][REGION].describe_state_machine(MACHINE)
    return next(one for one in machine.executions if one.name == name)


def _arn(name: str) -> str:
    return MACHINE.replace(":stateMachine:", ":execution:") + ":" + name
