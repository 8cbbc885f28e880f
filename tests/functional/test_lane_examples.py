"""The examples of docs/lanes.md and README.md are what the handlers do."""

from __future__ import annotations

import json
import re

import pytest

from ops.stages import ROOT
from tests.support.lanes.examples import PAGE, documents, page

LANES = (ROOT / "README.md").read_text().partition("## The lanes")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def real() -> str:
    """Run every lane once."""
    return page()


def test_the_page_shows_what_a_real_run_does(real: str) -> None:
    assert documents(PAGE.read_text()) == documents(real)
    assert real == PAGE.read_text(), "run: python -m tests.support.lanes.examples > docs/lanes.md"


def test_the_readmes_outcomes_are_those_of_a_real_run(real: str) -> None:
    shown = [json.loads(text) for text in re.findall(r"`(\{.*?\})`", LANES)]
    assert len(shown) >= 6
    returned = [json.dumps(each) for each in documents(real)]
    assert [each for each in shown if json.dumps(each) not in returned] == []
