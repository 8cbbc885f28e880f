"""The ETL state machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import code_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StateMachine:
    """A Step Functions state machine (standard type) by ARN."""

    def __init__(self, states: SFNClient, arn: str) -> None:
        self._states = states
        self.arn = arn

    def start(self, name: str, payload: str) -> bool:
        """Start the execution `name`; return False when one of that name ran with another input or has ended.

        Starting it again while it runs with the same input succeeds and starts nothing (AWS rule), and a
        name stays taken for 90 days.
        """
        try:
            self._states.start_execution(stateMachineArn=self.arn, name=name, input=payload)
        except ClientError as error:
            if code_of(error) == "ExecutionAlreadyExists":
                return False
            raise
        return True

    def find_input(self, name: str) -> dict[str, Any] | None:
        """Return the input of the execution `name`, None if there was none."""
        found = self.find(name)
        return _input(found) if found else None

    def input_of(self, name: str) -> dict[str, Any]:
        """Return the input that the execution `name` was started with."""
        return _input(self._describe(name))

    def find(self, name: str) -> dict[str, Any] | None:
        """Return all that is known of the execution `name`, None if there is none (or none any more)."""
        try:
            return self._describe(name)
        except ClientError as error:
            if code_of(error) == "ExecutionDoesNotExist":
                return None
            raise

    def _describe(self, name: str) -> dict[str, Any]:
        execution = self.arn.replace(":stateMachine:", ":execution:") + ":" + name
        return {**self._states.describe_execution(executionArn=execution)}


def _input(found: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(found.get("input", "{}"))
    return payload
