"""What a soak uploads over every lane, and what must be stored in the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chalicelib.aws.items import from_item
from tests.support.deployed import DeployedSluice

DAY = "2026-03-01"
LINE = b'{"id": 1}\n'
LANES = ("routed", "without a job", "ndjson", "discovered")
OUTCOMES = {"routed": "succeeded", "without a job": "not_configured", "discovered": "job_failed"}
ATTEMPTS = {"succeeded": 1, "job_failed": 2}  # what fails is tried again once
ARCHIVE = "archive/"
FOLDERS = 20


def key_of(lane: str, number: int) -> str:
    """Return the key of a lane's n-th upload."""
    return {
        "routed": f"data/in/soak/{number}/customers.csv",
        "without a job": f"data/in/soak/{number}/nobody-{number}.csv",
        "ndjson": f"in/{DAY}/{number:06}.ndjson",
        "discovered": f"incoming/soak-{number % FOLDERS}/orders_{number}.csv",
    }[lane]


def uploads(count: int) -> list[tuple[str, str]]:
    """Return `count` uploads as lane and key, the lanes taking turns."""
    return [(LANES[n % len(LANES)], key_of(LANES[n % len(LANES)], n)) for n in range(count)]


def body_of(key: str) -> bytes:
    """Return the content of a CSV file."""
    return f"id\n{key}\n".encode()


def put(stack: DeployedSluice, s3: Any, lane: str, key: str) -> None:
    """Upload one file."""
    bucket = stack.names["NDJSON_BUCKET" if lane == "ndjson" else "LANDING_BUCKET"]
    s3.put_object(Bucket=bucket, Key=key, Body=LINE * 10 if lane == "ndjson" else body_of(key))


def outcomes(stack: DeployedSluice) -> Counter[tuple[str, str]]:
    """Count settled outcomes by key and status; a file in a manifest counts as `in a manifest`."""
    rows = [row for row in _scan(stack, "CATALOG_TABLE") if "status" in row and "retry" not in row]
    found = Counter((row["file_key"], row["status"]) for row in rows)
    bucket = stack.names["NDJSON_BUCKET"]
    found += Counter((path.removeprefix(f"s3://{bucket}/"), "in a manifest") for path in _listed(stack))
    return found


def expected(sent: list[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Return the outcomes that must be stored: one for each upload."""
    return Counter((key, "in a manifest" if lane == "ndjson" else OUTCOMES[lane]) for lane, key in sent)


def executions(stack: DeployedSluice) -> Counter[str]:
    """Count the executions that were started, by the key of their file."""
    states = stack.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=stack.names["STEP_FUNCTION_ARN"])
    arns = [each["executionArn"] for page in pages for each in page["executions"]]
    return Counter(json.loads(states.describe_execution(executionArn=arn)["input"])["key"] for arn in arns)


def archived(stack: DeployedSluice) -> Counter[bytes]:
    """Count the files in the archive by their content, which names their key."""
    s3, bucket = stack.client("s3"), stack.names["LANDING_BUCKET"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=ARCHIVE)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return Counter(s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)


def _listed(stack: DeployedSluice) -> Iterator[str]:
    s3, bucket = stack.client("s3"), stack.names["MANIFEST_BUCKET"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"manifests/{DAY}/")
    for key in (item["Key"] for page in pages for item in page.get("Contents", ())):
        body = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        yield from body["fileLocations"][0]["URIPrefixes"]


def _scan(stack: DeployedSluice, table: str) -> Iterator[dict[str, Any]]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.names[table])
    yield from (from_item(item) for page in pages for item in page["Items"])
