"""What every hostile case must keep: log lines are JSON, one a line, without file content or secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

import app
from tests.hostile.corpus import SECRET
from tests.support.reset import forget_everything
from tests.support.world import World

TOKENS = ("local-reader", "local-operator")


@pytest.fixture(scope="module")
def kept_world(shared_aws: None) -> World:
    """Wire the app anew on one emulated AWS for all cases of a module."""
    for wired in list(vars(app).values()):
        if hasattr(wired, "cache_clear"):
            wired.cache_clear()
    return World()


@pytest.fixture
def hostile_world(kept_world: World) -> World:
    """Empty the emulated AWS for each case."""
    forget_everything()
    kept_world.forget_alerts()
    return kept_world


@pytest.fixture(autouse=True)
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Check everything that a case logged."""
    yield
    output = capsys.readouterr().out
    for line in output.splitlines():
        assert isinstance(json.loads(line), dict), f"not a line of JSON: {line!r}"
    assert SECRET not in output, "a file's content was logged"
    assert not [token for token in TOKENS if token in output], "a token was logged"
