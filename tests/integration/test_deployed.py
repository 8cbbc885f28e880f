"""What the zip that chalice built does with real uploads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ops.smoke import PREFIX, WAIT_SECONDS, smoke
from ops.stages import ROOT
from tests.support.deployed import DeployedSluice


def _upload_config(stack: DeployedSluice) -> None:
    stack.configure((ROOT / "samples" / "config.json").read_bytes())


def _inputs(stack: DeployedSluice) -> list[dict[str, Any]]:
    machines = stack.client("stepfunctions")
    listed = machines.list_executions(stateMachineArn=stack.names["STEP_FUNCTION_ARN"])["executions"]
    described = (machines.describe_execution(executionArn=each["executionArn"]) for each in listed)
    return [json.loads(each["input"]) for each in described]


def _started(stack: DeployedSluice, key: str) -> list[dict[str, Any]]:
    return [each for each in _inputs(stack) if each["key"] == key]


def test_a_file_uploaded_by_the_aws_cli_starts_its_job_once(stack: DeployedSluice, tmp_path: Path) -> None:
    _upload_config(stack)
    source = tmp_path / "customers.csv"
    source.write_text("customer_id,name\n1,Ada\n")
    stack.aws_cli("s3", "cp", str(source), f"s3://{stack.names['LANDING_BUCKET']}/data/in/cli/customers.csv")

    started = stack.wait_for(lambda: _started(stack, "data/in/cli/customers.csv"))

    assert [job["job_name"] for each in started for job in each["glue_jobs"]] == ["load_customers"]


def test_a_file_without_a_job_is_parked(stack: DeployedSluice) -> None:
    _upload_config(stack)
    s3, bucket = stack.client("s3"), stack.names["LANDING_BUCKET"]
    s3.put_object(Bucket=bucket, Key="data/in/mystery.csv", Body=b"a,b\n1,2\n")

    def parked() -> bool:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix="data/").get("Contents", [])
        keys = {each["Key"] for each in listed}
        return "data/new_files/mystery.csv" in keys and "data/in/mystery.csv" not in keys

    assert stack.wait_for(parked)


def test_every_upload_of_a_burst_is_recorded(stack: DeployedSluice) -> None:
    s3, bucket = stack.client("s3"), stack.names["LANDING_BUCKET"]
    keys = {f"burst/note-{number}.txt" for number in range(60)}
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"text")

    def recorded() -> bool:
        rows = stack.client("dynamodb").scan(
            TableName=stack.names["CATALOG_TABLE"], ProjectionExpression="file_key"
        )["Items"]
        return keys <= {row["file_key"]["S"] for row in rows}

    assert stack.wait_for(recorded, seconds=60)


def test_the_s3_functions_failures_go_to_the_dead_letter_queue(stack: DeployedSluice) -> None:
    configuration = stack.client("lambda").get_function_configuration(
        FunctionName="sluice-local-object_created"
    )

    assert configuration["DeadLetterConfig"]["TargetArn"].endswith(":sluice-local-landing-dlq")


def test_a_smoke_test_tells_that_it_works_and_leaves_nothing(stack: DeployedSluice) -> None:
    status, seconds = smoke(stack, stack.names)
    assert status == "received"
    assert 0 < seconds < WAIT_SECONDS
    left = stack.client("s3").list_objects_v2(Bucket=stack.names["LANDING_BUCKET"], Prefix=PREFIX)
    assert left["KeyCount"] == 0
    rows = stack.client("dynamodb").scan(TableName=stack.names["CATALOG_TABLE"])["Items"]
    assert [row for row in rows if row["file_key"]["S"].startswith(PREFIX)] == []
