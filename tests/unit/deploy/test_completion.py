"""A deploy whose queue mapping does not report partial failures must fail: messages would be lost."""

from __future__ import annotations

from typing import Any

import pytest

from ops.deploy.adoption import PARTIAL_RESPONSES, ask_for_partial_responses, named
from ops.deploy.completion import complete
from ops.errors import OperationError
from ops.stages import Target

MAPPING = "11111111-2222-3333-4444-555555555555"
DEPLOYED = {
    "resources": [{"resource_type": "sqs_event", "event_uuid": MAPPING, "queue": "sluice-dev-ndjson"}]
}
TARGET = Target("123456789012", "eu-west-1")
ENVIRONMENT = {"LANDING_DLQ": "sluice-dev-landing-dlq", "EVENTS_DLQ": "sluice-dev-events-dlq"}


class _Functions:
    """Lambda's client and session in one, with the stage's one mapping; an old Lambda takes no updates."""

    def __init__(self, types: list[str], *, takes_updates: bool = True) -> None:
        self.types = types
        self.updates = 0
        self._takes_updates = takes_updates

    def client(self, service: str) -> Any:
        assert service == "lambda"
        return self

    def get_event_source_mapping(self, *, UUID: str) -> Any:  # noqa: N803  # as boto3 names it
        assert UUID == MAPPING
        return {"FunctionResponseTypes": self.types}

    def update_event_source_mapping(self, *, UUID: str, FunctionResponseTypes: list[str]) -> None:  # noqa: N803
        assert UUID == MAPPING
        self.updates += 1
        if self._takes_updates:
            self.types = FunctionResponseTypes


def test_a_mapping_that_reports_partial_failures_is_left_alone() -> None:
    functions = _Functions(PARTIAL_RESPONSES)
    complete(functions, TARGET, ENVIRONMENT, DEPLOYED)
    assert functions.updates == 0


def test_a_mapping_made_without_them_is_changed_once() -> None:
    functions = _Functions([])
    complete(functions, TARGET, ENVIRONMENT, DEPLOYED)
    assert (functions.types, functions.updates) == (PARTIAL_RESPONSES, 1)


def test_the_deploy_fails_when_they_do_not_hold_and_says_how_to_lose_nothing() -> None:
    functions = _Functions([], takes_updates=False)
    with pytest.raises(OperationError, match=rf"sluice-dev-ndjson.*{MAPPING} --no-enabled"):
        complete(functions, TARGET, ENVIRONMENT, DEPLOYED)


def test_new_mappings_ask_for_them_and_keep_the_rest() -> None:
    asked = ask_for_partial_responses({"BatchSize": 10})
    assert asked == {"BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"]}


def test_an_api_is_named_after_its_stage_so_that_stages_do_not_adopt_each_others() -> None:
    document = {"info": {"title": "sluice", "version": "1.0"}, "paths": {}}
    assert named(document, "sluice-dev")["info"] == {"title": "sluice-dev", "version": "1.0"}
    assert document["info"] == {"title": "sluice", "version": "1.0"}
