"""Discovery and table manifests of a deployed Sluice: files that no event announced are found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ops.stages import ROOT
from tests.support.deployed import DeployedSluice
from tests.support.lanes.redshift import load_manifest
from tests.support.lanes.scans import checked_layout

SHOP, DEEP = "incoming/shop/orders_2026.csv", "incoming/shop/2026/orders.csv"
MYSTERY, SKIPPED = "incoming/new folder/mystery+%41.csv", "incoming/Logs/orders.csv"


def invoke(stack: DeployedSluice, function: str) -> dict[str, Any]:
    """Run a scheduled function as its schedule does and return its result."""
    answer = stack.client("lambda").invoke(FunctionName=f"sluice-local-{function}", Payload=b"{}")
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def upload(stack: DeployedSluice, key: str, body: bytes = b"order_id,customer_id\n1,2\n") -> None:
    stack.client("s3").put_object(Bucket=stack.names["LANDING_BUCKET"], Key=key, Body=body)


def outcomes(stack: DeployedSluice, key: str) -> list[str]:
    """Return the outcomes of a key's uploads; a row of an arrival alone does not count."""
    rows = stack.client("dynamodb").query(
        TableName=stack.names["CATALOG_TABLE"],
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames={"#key": "file_key"},
        ExpressionAttributeValues={":key": {"S": key}},
    )["Items"]
    return [row["status"]["S"] for row in rows if row["status"]["S"] != "received"]


def executions(stack: DeployedSluice, key: str) -> int:
    machines = stack.client("stepfunctions")
    listed = machines.list_executions(stateMachineArn=stack.names["STEP_FUNCTION_ARN"])["executions"]
    inputs = [machines.describe_execution(executionArn=each["executionArn"])["input"] for each in listed]
    return sum(json.loads(each)["key"] == key for each in inputs)


def state(stack: DeployedSluice) -> dict[str, Any]:
    body = (
        stack.client("s3")
        .get_object(Bucket=stack.names["S3_STATE_BUCKET"], Key="state/processed_files.json")["Body"]
        .read()
    )
    files: dict[str, Any] = checked_layout(body)["files"]
    return files


@pytest.fixture
def without_events(stack: DeployedSluice) -> Iterator[DeployedSluice]:
    """Upload the job config, and switch S3's events to the landing lane off during the test."""
    stack.configure((ROOT / "samples" / "config.json").read_bytes())
    s3, bucket = stack.client("s3"), stack.names["LANDING_BUCKET"]
    events = s3.get_bucket_notification_configuration(Bucket=bucket)
    events.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    yield stack
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=events)


def test_files_that_no_event_announced_are_found_and_routed_once(without_events: DeployedSluice) -> None:
    stack = without_events
    for key in (SHOP, DEEP, MYSTERY, SKIPPED):
        upload(stack, key)
    invoke(stack, "discover_csv")
    assert {SHOP, MYSTERY} <= state(stack).keys()
    assert not {DEEP, SKIPPED} & state(stack).keys()
    stack.wait_for(lambda: outcomes(stack, SHOP) == ["succeeded"])
    stack.wait_for(lambda: outcomes(stack, MYSTERY) == ["not_configured"])
    assert outcomes(stack, DEEP) == outcomes(stack, SKIPPED) == []
    assert executions(stack, SHOP) == 1

    again = invoke(stack, "discover_csv")  # the file without a job was moved away
    assert (again["statusCode"], again["queued"], again["errors"], again["complete"]) == (200, 0, 0, True)

    upload(stack, SHOP, b"order_id,customer_id\n3,4\n")
    assert invoke(stack, "discover_csv")["queued"] == 1
    stack.wait_for(lambda: outcomes(stack, SHOP) == ["succeeded", "succeeded"])
    assert executions(stack, SHOP) == 2


def test_the_sample_tables_have_manifests_that_redshift_can_load(without_events: DeployedSluice) -> None:
    stack = without_events
    upload(stack, "lake/orders/part-1.csv", b"12345")
    upload(stack, "lake/customers_2026.csv", b"123")
    result = invoke(stack, "write_table_manifests")
    assert result["statusCode"] == 200
    loaded: dict[str, int] = {}
    for manifest in result["manifests"]:
        if manifest["status"] != "absent":
            body = (
                stack.client("s3")
                .get_object(Bucket=stack.names["LANDING_BUCKET"], Key=manifest["manifest"])["Body"]
                .read()
            )
            loaded |= load_manifest(body)
    assert (loaded["lake/orders/part-1.csv"], loaded["lake/customers_2026.csv"]) == (5, 3)
