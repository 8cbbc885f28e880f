"""The policies' own code stays small: it is read whenever a permission is in doubt."""

from __future__ import annotations

import pytest

from ops.stages import ROOT


@pytest.mark.parametrize(("folder", "limit"), [("ops/policies", 2_000), ("ops/policies/reading", 1_500)])
def test_given_the_code_that_derives_policies_then_it_stays_within_its_lines(folder: str, limit: int) -> None:
    files = [*(ROOT / folder).rglob("*.py")]

    assert files
    assert sum(len(path.read_text().splitlines()) for path in files) <= limit
