"""The emulated AWS in process: stage `local` as `.chalice/` describes it, environment and resources.

Importing this module sets the environment variables that the app reads at its first event.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

import boto3
import yaml
from moto import mock_aws

from chalicelib.aws.tracking_keys import MOVES, tracking_key
from ops.deploy.notifications import announce_to_queue
from ops.deploy.provision import wanted_stack
from ops.deploy.stack import Stack, apply_stack
from ops.stages import LOCAL, Target, load_stage
from tests.support.repetitions import load
from tests.support.snapshot import keep_state
from tests.support.strict.aws import strict

CLIENT = cache(boto3.client)  # those of tests, which hang no hooks on them
CHALICE = Path(__file__).resolve().parents[2] / ".chalice"
TEMPLATE = CHALICE / "resources.yaml"
CONFIG = json.loads((CHALICE / "config.json").read_text())
LOCAL_ENVIRONMENT: dict[str, str] = CONFIG["stages"]["local"]["environment_variables"]

for leftover in [name for name in os.environ if name.startswith(("AWS_PROFILE", "AWS_ENDPOINT_URL"))]:
    del os.environ[leftover]  # a user's shell may export these, and they would lead past the emulation
os.environ |= {
    **LOCAL_ENVIRONMENT,
    "SIZE_TOLERANCE_PERCENT": "100",  # of NDJSON files: those of tests are small
    "LOG_LEVEL": os.environ.get("LOG_LEVEL", LOCAL_ENVIRONMENT["LOG_LEVEL"]),  # benchmarks run quietly
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "MOTO_ACCOUNT_ID": "123456789012",
}


@cache
def _stack() -> Stack:
    return wanted_stack(load_stage(LOCAL), Target("123456789012", "us-east-1"))


@cache
def _created() -> Callable[[], None]:
    """Create the stack of stage `local`, once; return what brings it back."""
    apply_stack(boto3.client("cloudformation"), _stack(), lambda _: None, 0)
    queue = f"arn:aws:sqs:us-east-1:123456789012:{LOCAL_ENVIRONMENT['NDJSON_QUEUE']}"
    announce_to_queue(boto3.client("s3"), LOCAL_ENVIRONMENT["NDJSON_BUCKET"], queue)
    queues = boto3.client("sqs")
    url = queues.get_queue_url(QueueName=LOCAL_ENVIRONMENT["NDJSON_QUEUE"])["QueueUrl"]
    queues.purge_queue(QueueUrl=url)  # S3's test event, which a new notification causes
    secret = {**tracking_key(MOVES, "SECRET"), "secret": {"S": "0" * 64}}  # wired lanes outlive a test
    boto3.client("dynamodb").put_item(TableName=LOCAL_ENVIRONMENT["TRACKING_TABLE"], Item=secret)
    return keep_state()


@contextmanager
def emulated_aws() -> Iterator[None]:
    """Emulate AWS with its strict rules and the stack of stage `local` while the context lasts."""
    with (
        mock_aws(),
        strict(),
        patch.object(yaml, "load", load),
        patch.object(boto3, "client", CLIENT),
    ):
        _created()()
        yield
