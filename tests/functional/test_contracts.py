"""Real outputs against the JSON Schemas of docs/contracts, which others rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator

import app
from chalicelib.aws.items import from_item
from tests.support.aws_calls import failing
from tests.support.builders import LANDING, NDJSON, SEED_JOBS, job, s3_event, sqs_event
from tests.support.world import World

CONTRACTS = Path(__file__).resolve().parents[2] / "docs" / "contracts"
ARTIFACTS = "sluice-local-artifacts"
VALID = b'{"a": 1}\n' * 20_000


def _faults(contract: str, document: Any) -> list[str]:
    schema = json.loads((CONTRACTS / f"{contract}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return [
        f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)
    ]


def _tracking_rows() -> list[dict[str, Any]]:
    items = boto3.client("dynamodb").scan(TableName="sluice-local-tracking")["Items"]
    return [row for row in map(from_item, items) if "#" not in row["date_prefix"]]


def _documents(world: World, bucket: str, prefix: str) -> list[Any]:
    found = world.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    bodies = (world.s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found)
    return [json.loads(body) for body in bodies]


def test_every_outcome_of_the_landing_lane_has_a_row_of_the_contract(world: World) -> None:
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "data/in/products.csv", "notes/x.txt"):
        world.land(key)
    world.configure([*SEED_JOBS, job(job_id="strict", source_file_name="strict.csv", columns=["id"])])
    world.land("data/in/strict.csv")
    world.deliver("data/in/gone.csv", "e1")
    world.upload("data/in/orders.csv")
    with failing("StartExecution", "ThrottlingException"), pytest.raises(ClientError):
        world.deliver("data/in/orders.csv")
    rows = world.rows()
    assert {row["status"] for row in rows} == {
        "triggered", "not_configured", "inactive", "rejected", "received", "vanished", "failed"}  # fmt: skip
    assert [fault for row in rows for fault in _faults("catalog-row", row)] == []
    assert [
        fault for each in world.executions() for fault in _faults("execution-input", _without_name(each))
    ] == []


def _without_name(execution: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in execution.items() if name != "name"}


def test_the_ndjson_lane_writes_rows_and_manifests_of_the_contract(world: World, environ: Any) -> None:
    environ(MAX_BATCH_SIZE_GB="0.0001")
    files = {
        "2026-01-02/a.ndjson": VALID,
        "2026-01-02/b.ndjson": VALID,
        "2026-01-02/bad.ndjson": b"[]\n" * 60_000,
    }
    for key, body in files.items():
        etag = world.s3.put_object(Bucket=NDJSON, Key=key, Body=body)["ETag"].strip('"')
        app.ndjson_arrived(sqs_event(s3_event(key, bucket=NDJSON, etag=etag, size=len(body))), None)
    rows = _tracking_rows()
    assert {row["status"] for row in rows} == {"manifested", "quarantined"}
    assert [fault for row in rows for fault in _faults("tracking-row", row)] == []
    manifests = _documents(world, ARTIFACTS, "manifests/")
    assert manifests
    assert [fault for each in manifests for fault in _faults("batch-manifest", each)] == []


def test_discovery_and_table_manifests_write_documents_of_the_contract(world: World) -> None:
    world.upload("incoming/crm/customers.csv")
    app.discover_csv({}, None)
    queue = boto3.client("sqs").get_queue_url(QueueName="sluice-local-discovered")["QueueUrl"]
    messages = boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert _faults("discovery-message", json.loads(messages[0]["Body"])) == []
    (state,) = _documents(world, ARTIFACTS, "state/processed_files.json")
    assert _faults("discovery-state", state) == []
    assert state["files"].keys() == {"incoming/crm/customers.csv"}
    app.write_table_manifests({}, None)
    manifests = _documents(world, LANDING, "manifests/tables/")
    assert manifests
    assert [fault for each in manifests for fault in _faults("table-manifest", each)] == []


def test_the_schema_of_the_job_config_agrees_with_its_validation() -> None:
    assert _faults("job-config", SEED_JOBS) == []
    for wrong in ({"is_active": "yes"}, {"job_id": 1}, {"upsert_keys": "id"}):
        assert _faults("job-config", [job(**wrong)]) != []
