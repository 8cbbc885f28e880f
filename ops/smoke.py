"""`python -m ops smoke --stage <stage>`: put one file into a stage, wait for its outcome, clean up."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from ops.aws_session import locate, open_session
from ops.errors import OperationError
from ops.stages import environment_of, load_stage

PREFIX = "sluice-smoke/"  # outside of INPUT_PREFIX: the file is catalogued and starts nothing
WAIT_SECONDS = 120.0
POLL_SECONDS = 1.0


def smoke(session: Any, environment: Mapping[str, str]) -> tuple[str, float]:
    """Upload one file and return its status and the seconds until it had one; leave neither file nor row.

    Raise OperationError when no row appears in time.
    """
    s3, tables = session.client("s3"), session.client("dynamodb")
    bucket, table = environment["LANDING_BUCKET"], environment["CATALOG_TABLE"]
    key = f"{PREFIX}{uuid4().hex}.txt"
    started = time.monotonic()
    s3.put_object(Bucket=bucket, Key=key, Body=b"smoke test\n", ContentType="text/plain")
    try:
        row = _await_row(tables, table, key)
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
    tables.delete_item(TableName=table, Key={name: row[name] for name in ("file_key", "timestamp")})
    return str(row["status"]["S"]), time.monotonic() - started


def _await_row(tables: Any, table: str, key: str) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found: list[dict[str, Any]] = tables.query(
            TableName=table,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": "file_key"},
            ExpressionAttributeValues={":key": {"S": key}},
        )["Items"]
        if found:
            return found[0]
        time.sleep(POLL_SECONDS)
    raise OperationError(
        f"{key} has no row after {WAIT_SECONDS:.0f} seconds: is the bucket's notification there, and what "
        "does the log of object_created say? docs/first-deploy.md tells where to look"
    )


def command(arguments: list[str]) -> int:
    """Try the stage that `arguments` name."""
    parser = argparse.ArgumentParser(prog="python -m ops smoke", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--profile")
    options = parser.parse_args(arguments)
    session = open_session(options.profile)
    status, seconds = smoke(session, environment_of(load_stage(options.stage), locate(session)))
    print(f"Stage {options.stage} works: a file was {status} after {seconds:.1f} s")
    return 0
