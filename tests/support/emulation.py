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

from ops.provision import provision
from ops.stages import LOCAL, Target, load_stage
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
        session = boto3.Session()
        provision(load_stage(LOCAL), session, Target("123456789012", "us-east-1"), lambda _: None)
        queues = session.client("sqs")
        url = queues.get_queue_url(QueueName=LOCAL_ENVIRONMENT["NDJSON_QUEUE"])["QueueUrl"]
        queues.purge_queue(QueueUrl=url)  # S3's test event, sent when told to announce
        yield
