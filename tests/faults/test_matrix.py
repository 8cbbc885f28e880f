"""Processes die, fail and race at every AWS call of every lane; the outcome stays as promised."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.matrix import Scenario, cases_of, judge
from tests.faults.scenarios.ends import ENDS
from tests.faults.scenarios.expected import EXPECTED
from tests.faults.scenarios.landing import LANDED
from tests.faults.scenarios.ndjson import ARRIVED
from tests.faults.scenarios.operator import OPERATED
from tests.faults.scenarios.repair import UNDONE
from tests.faults.scenarios.scheduled import SCHEDULED
from tests.faults.share import MATRIX, chosen

SCENARIOS: list[Scenario] = [*LANDED, *ARRIVED, *UNDONE, *SCHEDULED, *EXPECTED, *OPERATED, *ENDS]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_whatever_meets_a_call_the_outcome_is_the_one_promised(
    shared_aws: None, record_property: Any, scenario: Any
) -> None:
    cases = cases_of(scenario)
    run = chosen(cases)
    record_property(MATRIX, (scenario.name, len(run), len(cases)))
    found = [fault for case in run for fault in judge(scenario, case)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ["no event came", "no event came, invalid"])
def test_an_overwrite_before_any_read_of_a_row_leaves_each_version_its_outcome(
    shared_aws: None, name: str
) -> None:
    (scenario,) = [one for one in SCENARIOS if one.name == name]
    cases = [case for case in cases_of(scenario) if case.call.operation == "GetItem" and not case.repeated]
    overwritten = [case for case in cases if "an overwrite" in str(case)]
    assert len(overwritten) > 5
    found = [fault for case in overwritten for fault in judge(scenario, case)]
    assert not found, "\n".join(found)
