"""The state machines that jobs start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.aws.failures import code_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class Execution(NamedTuple):
    """An execution that was started: by its name, on which state machine and with which input."""

    name: str
    machine: str
    payload: dict[str, Any]


class StateMachines:
    """Step Functions state machines (standard type): one by ARN, which has no name, and others by name."""

    def __init__(self, states: SFNClient, arn: str, others: Mapping[str, str]) -> None:
        self._states = states
        self.arn = arn
        self.others = others

    def arn_of(self, machine: str) -> str:
        """Return the ARN of a state machine by its name; the unnamed one's for an empty name."""
        return self.others[machine] if machine else self.arn

    def start(self, name: str, payload: str, machine: str = "") -> bool:
        """Start the execution `name`; return False when one of that name ran with another input or has ended.

        Starting it again while it runs with the same input succeeds and starts nothing (AWS rule), and a
        name stays taken for 90 days.
        """
        try:
            self._states.start_execution(stateMachineArn=self.arn_of(machine), name=name, input=payload)
        except ClientError as error:
            if code_of(error) == "ExecutionAlreadyExists":
                return False
            raise
        return True

    def find(self, name: str) -> dict[str, Any] | None:
        """Return all that is known of the execution `name`, None if there is none (or none any more).

        Every state machine is asked until one has it: `stateMachineArn` of the answer tells which.
        """
        for machine in ("", *self.others):
            try:
                return self._describe(name, machine)
            except ClientError as error:
                if code_of(error) != "ExecutionDoesNotExist":
                    raise
        return None

    def find_execution(self, name: str) -> Execution | None:
        """Return the execution `name` of whichever state machine had it, None if there was none."""
        found = self.find(name)
        if found is None:
            return None
        machine = next((alias for alias, arn in self.others.items() if arn == found["stateMachineArn"]), "")
        return Execution(name, machine, _input(found))

    def input_of(self, name: str, machine: str = "") -> dict[str, Any]:
        """Return the input that the execution `name` was started with."""
        return _input(self._describe(name, machine))

    def _describe(self, name: str, machine: str) -> dict[str, Any]:
        execution = self.arn_of(machine).replace(":stateMachine:", ":execution:") + ":" + name
        return {**self._states.describe_execution(executionArn=execution)}


def _input(found: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(found.get("input", "{}"))
    return payload
