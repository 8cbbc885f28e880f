"""What every test stands on: the emulated AWS, the stack of resources, and event builders."""

from __future__ import annotations

import dataclasses
import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from tests.support.emulation import emulated_aws  # before the app, whose decorators read the environment

# isort: split
import app
from tests.faults.share import summary
from tests.support.lanes.scans import Scans
from tests.support.scenarios.ndjson import forget_wiring
from tests.support.world import World

collect_ignore = [] if "PROOF_VENV" in os.environ else ["proof"]  # what only `make proof` has installed


def pytest_collection_finish() -> None:
    """Leave what is there before the first test out of every later collection of garbage: it stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture
def aws() -> Iterator[None]:
    """Emulate AWS for one test."""
    with emulated_aws():
        yield


@pytest.fixture(scope="module")
def shared_aws() -> Iterator[None]:
    """Emulate AWS once for a whole module, whose tests keep apart by their keys."""
    with emulated_aws():
        yield


@pytest.fixture
def s3(aws: None) -> Any:
    """Return an S3 client of the emulated AWS."""
    return boto3.client("s3")


@pytest.fixture
def world(aws: None) -> World:
    """Return the landing lane on an empty emulated AWS with the seed's config uploaded."""
    app.landing.cache_clear()
    world = World()
    world.configure()
    return world


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that sets environment variables and has the app read them."""

    def change(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        forget_wiring()

    yield change
    monkeypatch.undo()
    forget_wiring()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, world: World) -> Any:
    """Return a function that turns Sluice's clock forward, from now on."""

    def turn(by: timedelta) -> None:
        lane = dataclasses.replace(app.landing(), clock=lambda: datetime.now(UTC) + by)
        monkeypatch.setattr(app, "landing", lambda: lane)

    return turn


@pytest.fixture
def scans(aws: None) -> Scans:
    """Return the scheduled lanes on an empty emulated AWS."""
    forget_wiring()
    return Scans()


@pytest.fixture
def shared_scans(shared_aws: None) -> Scans:
    """Return the scheduled lanes on an emulated AWS that a module's tests share."""
    forget_wiring()
    return Scans()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many cases of the fault matrix ran: none is left out silently."""
    stats = terminalreporter.stats
    lines = summary(report for name in ("passed", "failed") for report in stats.get(name, ()))
    if lines:
        terminalreporter.section("fault matrix")
    for line in lines:
        terminalreporter.write_line(line)
