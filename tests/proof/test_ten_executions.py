"""An account with ten concurrent executions, as a new one may have: no message of a queue is given up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.local import embedded_aws
from ops.local.processes import free_port
from ops.local.sluice import LocalSluice, running
from ops.stages import LOCAL, load_stage
from tests.support.builders import SEED_JOBS
from tests.support.deployed import DeployedSluice, copy_project

EXECUTIONS = 10
FILES = 60
OTHERS = 16  # callers that want an execution most of the time
DAY = "2026-03-01"
PAUSE_SECONDS = 0.5
QUEUES = ("NDJSON", "DISCOVERED")
SETTINGS = {"EXPECTED_FILE_SIZE_MB": "0.001", "SIZE_TOLERANCE_PERCENT": "100"}


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeployedSluice]:
    """Start a Sluice in an account that refuses the eleventh execution, its messages back after seconds."""
    usual = embedded_aws._environment
    limited = {"LAMBDA_ACCOUNT_CONCURRENCY": str(EXECUTIONS), "SLUICE_LOCAL_CONCURRENCY": "1000"}
    monkeypatch.setattr(embedded_aws, "_environment", lambda *given: usual(*given) | limited)
    local = LocalSluice(free_port(), free_port(), tmp_path / "aws", copy_project(tmp_path / "project"))
    with running(local, lambda _: None):
        stack = DeployedSluice(local, load_stage(LOCAL).environment, auth=False)
        for name in QUEUES:
            attributes = {"VisibilityTimeout": "5"}
            stack.client("sqs").set_queue_attributes(
                QueueUrl=_url(stack, f"{name}_QUEUE"), Attributes=attributes
            )
        config = json.dumps(SEED_JOBS).encode()
        stack.client("s3").put_object(
            Bucket=stack.names["LANDING_BUCKET"], Key="config/config.json", Body=config
        )
        with stack.changed("ndjson_arrived", "csv_discovered", "discover_csv", **SETTINGS):
            yield stack


def _url(stack: DeployedSluice, name: str) -> str:
    return str(stack.client("sqs").get_queue_url(QueueName=stack.names[name])["QueueUrl"])


def _messages(stack: DeployedSluice, name: str) -> int:
    counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = stack.client("sqs").get_queue_attributes(QueueUrl=_url(stack, name), AttributeNames=counts)
    return sum(int(found["Attributes"][each]) for each in counts)


def _crowd(stack: DeployedSluice, done: Event) -> int:
    """Invoke functions until `done`; return how often the account refused."""
    functions = stack.client("lambda", retries={"max_attempts": 0}, read_timeout=120)
    refused = 0
    while not done.is_set():
        try:
            functions.invoke(FunctionName="sluice-local-reconcile", Payload=b"{}")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "TooManyRequestsException"  # noqa: PT017
            refused += 1
        done.wait(PAUSE_SECONDS)  # callers without a pause would leave an execution to nobody but by chance
    return refused


def _rows(stack: DeployedSluice, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = stack.client("dynamodb").scan(TableName=stack.names[table])["Items"]
    return rows


def test_no_message_of_either_queue_is_given_up_while_the_account_refuses_executions(
    crowded: DeployedSluice,
) -> None:
    s3, done = crowded.client("s3"), Event()
    with ThreadPoolExecutor(OTHERS) as callers:
        crowd = [callers.submit(_crowd, crowded, done) for _ in range(OTHERS)]
        for number in range(FILES):
            s3.put_object(
                Bucket=crowded.names["NDJSON_BUCKET"],
                Key=f"in/{DAY}/{number}.ndjson",
                Body=b'{"a": 1}\n' * 10,
            )
            s3.put_object(
                Bucket=crowded.names["LANDING_BUCKET"], Key=f"incoming/a/{number}.csv", Body=b"id\n1\n"
            )
        scan = {"FunctionName": "sluice-local-discover_csv", "Payload": b"{}"}
        crowded.client("lambda", retries={"max_attempts": 20}, read_timeout=240).invoke(**scan)
        crowded.wait_for(lambda: not any(_messages(crowded, f"{name}_QUEUE") for name in QUEUES), seconds=240)
        done.set()
        refused = sum(each.result() for each in crowd)
    assert refused > OTHERS
    assert [_messages(crowded, f"{name}_DLQ") for name in QUEUES] == [0, 0]
    names = {row["file_name"]["S"] for row in _rows(crowded, "TRACKING_TABLE")}
    assert {f"{number}.ndjson" for number in range(FILES)} <= names
    keys = {row["file_key"]["S"] for row in _rows(crowded, "CATALOG_TABLE") if "status" in row}
    assert {f"incoming/a/{number}.csv" for number in range(FILES)} <= keys
