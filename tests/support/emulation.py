"""The emulated AWS in process: stage `local` as `.chalice/` describes it, environment and resources.

Importing this module puts the environment in place, which the app reads with its first event.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto import mock_aws

from tests.support.strict_aws import strict

CHALICE = Path(__file__).resolve().parents[2] / ".chalice"
TEMPLATE = CHALICE / "resources.yaml"
CONFIG = json.loads((CHALICE / "config.json").read_text())
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


@contextmanager
def emulated_aws() -> Iterator[None]:
    """Emulate AWS, as strict as it is, with the stack of stage `local`, as long as the context lasts."""
    with mock_aws(), strict():
        boto3.client("cloudformation").create_stack(
            StackName="sluice-local",
            TemplateBody=TEMPLATE.read_text(),
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        yield
