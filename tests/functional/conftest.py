"""What every functional test is held to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.api import OPERATOR, Api
from tests.support.iam import Recorder, recording


@pytest.fixture(autouse=True)
def iam() -> Iterator[Recorder]:
    """Hold every handler to its generated policy: a call that it does not allow fails the test."""
    with recording() as recorder:
        yield recorder
    assert not recorder.denied, f"not in the generated policies: {sorted(set(recorder.denied))}"


@pytest.fixture
def operator() -> Api:
    """Return the API as an operator calls it."""
    return Api(OPERATOR)
