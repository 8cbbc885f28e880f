"""What `make mutants` breaks: conditions part by part, and effects that are still where it looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.checks.effects import CHANGES, Change
from ops.checks.mutant_tests import TESTS
from ops.checks.mutants import broken

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.path}: {change.what}")
def test_a_change_is_of_code_that_is_there_and_has_tests(change: Change) -> None:
    assert (ROOT / change.path).read_text().count(change.old) == 1
    assert change.path.removeprefix("chalicelib/").removesuffix(".py") in TESTS


def test_every_test_that_is_to_notice_is_there() -> None:
    named = {test.partition("::")[0] for tests in TESTS.values() for test in tests}
    assert {test for test in named if not (ROOT / test).exists()} == set()


def test_each_part_of_a_condition_is_broken_and_every_name_stays_in_use() -> None:
    condition = "#a = :a AND (attribute_not_exists(#b) OR #c IN (:d, :e))"
    assert {what: text.replace(" ", "") for what, text in broken(condition).items()} == {
        what: text.replace(" ", "")
        for what, text in {
            "true: #a = :a": "(#a = :a OR attribute_exists(#a) OR attribute_not_exists(#a)) AND "
            "(attribute_not_exists(#b) OR #c IN (:d, :e))",
            "true: attribute_not_exists(#b) OR #c IN (…)": "#a = :a AND ((attribute_not_exists(#b) OR "
            "#c IN (:d, :e) OR attribute_exists(#b) OR attribute_not_exists(#b)))",
            "without: attribute_not_exists(#b)": "#a = :a AND ((attribute_not_exists(#b) AND "
            "attribute_exists(#b) AND attribute_not_exists(#b)) OR #c IN (:d, :e))",
            "without: #c IN (…)": "#a = :a AND (attribute_not_exists(#b) OR (#c IN (:d, :e) AND "
            "attribute_exists(#c) AND attribute_not_exists(#c)))",
        }.items()
    }
