"""What every test stands on: the emulated AWS, the stack of resources, and event builders."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

ROOT = Path(__file__).resolve().parent.parent
CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text())
LOCAL_ENVIRONMENT: dict[str, str] = CONFIG["stages"]["local"]["environment_variables"]

os.environ.pop("AWS_PROFILE", None)
os.environ |= {
    **LOCAL_ENVIRONMENT,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "MOTO_ACCOUNT_ID": "123456789012",
}


import app  # noqa: E402 - its decorators read the environment set above
from tests.support.strict_aws import strict  # noqa: E402
from tests.support.world import World  # noqa: E402


@contextmanager
def emulated_aws() -> Iterator[None]:
    """Emulate AWS in process and as strict as AWS, with every resource of `.chalice/resources.yaml`."""
    with mock_aws(), strict():
        template = (ROOT / ".chalice" / "resources.yaml").read_text()
        boto3.client("cloudformation").create_stack(
            StackName="sluice-local",
            TemplateBody=template,
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        yield


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
        _forget()

    yield change
    monkeypatch.undo()
    _forget()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, world: World) -> Any:
    """Return a function that turns Sluice's clock forward, from now on."""

    def turn(by: timedelta) -> None:
        lane = dataclasses.replace(app.landing(), clock=lambda: datetime.now(UTC) + by)
        monkeypatch.setattr(app, "landing", lambda: lane)

    return turn


def _forget() -> None:
    for wired in list(vars(app).values()):
        if hasattr(wired, "cache_clear"):
            wired.cache_clear()
