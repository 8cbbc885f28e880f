"""The package as Lambda gets it, an emulated AWS behind an endpoint, and an event for every handler."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from benchmarks.support.lambda_package import INSTALLED
from ops.checks import package
from ops.deploy.provision import provision
from ops.stages import LOCAL, ROOT, Target, load_stage
from tests.support.builders import LANDING, NDJSON, SEED_JOBS, s3_event, s3_record, sqs_event
from tests.support.iam import readings_shared

OLDEST = Path(ROOT, os.environ.get("OLDEST_VENV", ".venv-oldest"))


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the package once."""
    with readings_shared():
        return package.build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Serve an emulated AWS with the stack, a job config and one file in each bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    try:
        provision(load_stage(LOCAL), boto3.Session(), Target("123456789012", "us-east-1"), lambda _: None)
        s3 = boto3.client("s3")
        s3.put_object(Bucket=LANDING, Key="config/config.json", Body=json.dumps(SEED_JOBS).encode())
        s3.put_object(Bucket=LANDING, Key="data/in/customers.csv", Body=b"id\n1\n")
        s3.put_object(Bucket=LANDING, Key="incoming/a/orders.csv", Body=b"id\n1\n")
        s3.put_object(Bucket=NDJSON, Key="in/2026-01-15/a.ndjson", Body=b'{"a": 1}\n')
        yield os.environ["AWS_ENDPOINT_URL"]
    finally:
        del os.environ["AWS_ENDPOINT_URL"]
        server.stop()


def packages_of(boto: str) -> Path:
    """Return where a boto3 is: the installed one, or the oldest that Sluice runs on."""
    if boto == "installed":
        return INSTALLED
    found = next(OLDEST.glob("lib/python3*/site-packages"), None)
    if not found:
        pytest.skip(f"no {OLDEST}: `make test` makes it")
    return found


def event_of(name: str) -> Any:
    """Return an event for a handler."""
    arrived = s3_record("in/2026-01-15/a.ndjson", bucket=NDJSON, size=10)
    events: dict[str, Any] = {
        "object_created": s3_event("data/in/customers.csv"),
        "ndjson_arrived": sqs_event({"Records": [arrived]}),
        "csv_discovered": sqs_event(
            {"bucket": LANDING, "key": "incoming/a/orders.csv", "etag": "0" * 32, "size": 5, "folder": "a",
             "last_modified": "2026-01-15T12:00:00Z", "change": "new"}
        ),
        "authorize": {
            "type": "TOKEN",
            "authorizationToken": "Bearer local-reader",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/api/GET/summary",
        },
        "api_handler": {
            "requestContext": {"resourcePath": "/health", "httpMethod": "GET", "identity": {"sourceIp": "1"}},
            "headers": {},
            "body": None,
            "isBase64Encoded": False,
            "multiValueQueryStringParameters": None,
            "pathParameters": None,
            "stageVariables": None,
        },
    }  # fmt: skip
    return events.get(name, {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event"})
