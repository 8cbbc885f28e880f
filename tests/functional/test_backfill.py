"""Files that were there before Sluice are routed by `python -m ops backfill`, once."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
import pytest

import app
from ops.backfill import backfill
from ops.stages import LOCAL, load_stage
from tests.support.builders import SEED_JOBS
from tests.support.emulation import LOCAL_ENVIRONMENT
from tests.support.world import World

BUCKET = LOCAL_ENVIRONMENT["LANDING_BUCKET"]


class _Session:
    """A session whose Lambda runs the handler itself: moto has none without docker."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def client(self, service: str) -> Any:
        return self if service == "lambda" else boto3.client(service)  # type: ignore[call-overload]

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:  # noqa: N803
        assert (FunctionName, InvocationType) == ("sluice-local-object_created", "Event")
        event = json.loads(Payload)
        self.calls.append(len(event["Records"]))
        app.object_created(event, None)
        return {"StatusCode": 202, "Payload": io.BytesIO()}


def _run(session: _Session, *, dry_run: bool = False) -> tuple[int, int, int]:
    done = backfill(load_stage(LOCAL), session, LOCAL_ENVIRONMENT, "data/", dry_run=dry_run)
    return done.seen, done.known, done.queued


def test_each_file_without_a_row_is_routed_ten_a_call_and_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = boto3.client("s3")
    s3.put_object(Bucket=BUCKET, Key="config/config.json", Body=json.dumps(SEED_JOBS).encode())
    s3.put_object(Bucket=BUCKET, Key="data/in/a+b %41 \u00fc/customers.csv", Body=b"id\n1\n")
    for number in range(11):
        s3.put_object(Bucket=BUCKET, Key=f"data/other/{number}.txt", Body=b"1")
    s3.put_object(Bucket=BUCKET, Key="data/new_files/parked.csv", Body=b"ours")
    session = _Session()
    assert _run(session, dry_run=True) == (12, 0, 12)
    assert session.calls == []
    assert _run(session) == (12, 0, 12)
    assert session.calls == [10, 2]
    assert _run(session) == (12, 12, 0)
    rows = boto3.client("dynamodb").scan(TableName=LOCAL_ENVIRONMENT["CATALOG_TABLE"])["Items"]
    assert sorted(row["status"]["S"] for row in rows) == ["received"] * 11 + ["triggered"]
    assert "12 seen, 12 known, 0 queued" in capsys.readouterr().err
