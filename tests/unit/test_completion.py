"""A deploy whose queue mapping does not report partial failures must fail: messages would be lost."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ops.adoption import PARTIAL_RESPONSES, ask_for_partial_responses, named
from ops.completion import complete
from ops.errors import OperationError
from ops.stages import Target

UUID = "11111111-2222-3333-4444-555555555555"
DEPLOYED = {"resources": [{"resource_type": "sqs_event", "event_uuid": UUID, "queue": "sluice-dev-ndjson"}]}
TARGET = Target("123456789012", "eu-west-1")
ENVIRONMENT = {"LANDING_DLQ": "sluice-dev-landing-dlq"}


class _Session:
    def __init__(self, functions: Any) -> None:
        self._functions = functions

    def client(self, service: str) -> Any:
        assert service == "lambda"
        return self._functions


def _complete(*answers: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    functions: Any = boto3.client("lambda", region_name="eu-west-1")
    with Stubber(functions) as stub:
        for operation, response, parameters in answers:
            stub.add_response(operation, response, parameters)
        complete(_Session(functions), TARGET, ENVIRONMENT, DEPLOYED)
        stub.assert_no_pending_responses()


def _reports(types: list[str]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    return ("get_event_source_mapping", {"FunctionResponseTypes": types}, {"UUID": UUID})


UPDATE: tuple[str, dict[str, Any], dict[str, Any]] = (
    "update_event_source_mapping",
    {},
    {"UUID": UUID, "FunctionResponseTypes": PARTIAL_RESPONSES},
)


def test_a_mapping_that_reports_partial_failures_is_left_alone() -> None:
    _complete(_reports(PARTIAL_RESPONSES), _reports(PARTIAL_RESPONSES))


def test_a_mapping_made_without_them_is_changed_and_looked_at_again() -> None:
    _complete(_reports([]), UPDATE, _reports(PARTIAL_RESPONSES))


def test_the_deploy_fails_when_they_do_not_hold_and_says_how_to_lose_nothing() -> None:
    with pytest.raises(OperationError, match=rf"sluice-dev-ndjson.*{UUID} --no-enabled"):
        _complete(_reports([]), UPDATE, _reports([]))


def test_new_mappings_ask_for_them_and_keep_the_rest() -> None:
    asked = ask_for_partial_responses({"BatchSize": 10})
    assert asked == {"BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"]}


def test_an_api_is_named_after_its_stage_so_that_stages_do_not_adopt_each_others() -> None:
    document = {"info": {"title": "sluice", "version": "1.0"}, "paths": {}}
    assert named(document, "sluice-dev")["info"] == {"title": "sluice-dev", "version": "1.0"}
    assert document["info"] == {"title": "sluice", "version": "1.0"}
