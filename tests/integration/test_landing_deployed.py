"""The landing lane as a user meets it: uploads by the AWS CLI, answers by the API, on the deployed zip."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ops.stages import ROOT
from tests.support.deployed import DeployedSluice

BURST = 500
UPLOADERS = 16
UPLOADS = {
    "data/in/e2e/customers.csv": "succeeded",
    "data/in/e2e/unknown to all.csv": "not_configured",
    "data/in/e2e/two\nlines.csv": "not_configured",
    "data/in/e2e/products.csv": "inactive",
    "e2e/notes+more.txt": "received",
}


@pytest.fixture(scope="module")
def configured(stack: DeployedSluice) -> DeployedSluice:
    stack.configure((ROOT / "samples" / "config.json").read_bytes())
    return stack


def _outcome(stack: DeployedSluice, key: str) -> dict[str, Any]:
    status, answer = stack.api(f"/file?key={quote(key)}")
    return dict(answer["items"][0]) if status == 200 and answer["items"] else {}


def test_the_api_shows_what_happened_to_each_upload(configured: DeployedSluice, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("id,name\n1,Ada\n")
    for key in UPLOADS:
        configured.aws_cli("s3", "cp", str(file), f"s3://{configured.names['LANDING_BUCKET']}/{key}")

    def settled() -> dict[str, dict[str, Any]]:
        found = {key: _outcome(configured, key) for key in UPLOADS}
        return found if all(row and row["status"] != "triggered" for row in found.values()) else {}

    rows = configured.wait_for(settled)
    assert {key: row["status"] for key, row in rows.items()} == UPLOADS
    assert rows["e2e/notes+more.txt"]["content_preview"] == "id,name\n1,Ada\n"
    assert rows["data/in/e2e/customers.csv"]["execution"].startswith("run-customers-csv-")
    assert rows["data/in/e2e/unknown to all.csv"]["moved_to"] == "data/new_files/unknown to all.csv"


def test_a_job_s_end_is_told_tried_again_alerted_and_archived(configured: DeployedSluice) -> None:
    s3, bucket = configured.client("s3"), configured.names["LANDING_BUCKET"]
    jobs = json.loads((ROOT / "samples" / "config.json").read_text())
    config = json.dumps([*jobs[:3], jobs[3] | {"max_retries": 1}])
    loaded, lost = "data/in/ended/customers.csv", "data/in/ended/returns.csv"
    before = _alerts(configured)
    with configured.changed("execution_changed", ARCHIVE_PREFIX="archive/"):
        configured.configure(config.encode())
        for key in (loaded, lost):
            s3.put_object(Bucket=bucket, Key=key, Body=b"id\n1\n")
        archived = configured.wait_for(lambda: _outcome(configured, loaded).get("moved_to"))
        row = configured.wait_for(lambda: _failed_twice(_outcome(configured, lost)))
        # here a function that is changed stops at once, whatever it was about to do
        configured.wait_for(lambda: _alerts(configured) - before >= 2)
        configured.wait_for(lambda: "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=loaded))
    names = [*(one["execution"] for one in row["runs"]), row["execution"]]
    assert [name.removeprefix(names[0]) for name in names] == ["", "-r1"]
    assert "load_returns" in row["reason"]
    assert (row["run_status"], row["reason"]) == ("FAILED", f"FAILED: {row['run_error']}: {row['run_cause']}")
    assert archived == f"archive/{row['timestamp'][:10]}/customers.csv"
    assert s3.head_object(Bucket=bucket, Key=archived)["ContentLength"] == 5
    assert _alerts(configured) - before == len(names)


def _failed_twice(row: dict[str, Any]) -> dict[str, Any]:
    return row if row.get("status") == "job_failed" and row.get("runs") else {}


def _alerts(stack: DeployedSluice) -> int:
    """Count the failed executions that were alerted, by what the function logged."""
    group = "/aws/lambda/sluice-local-execution_changed"
    events = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [event["message"] for page in events for event in page["events"]]
    return sum('"message": "alert"' in line and "Job Failed" in line for line in lines)


def test_five_hundred_files_at_once_have_five_hundred_outcomes(configured: DeployedSluice) -> None:
    s3, bucket = configured.client("s3"), configured.names["LANDING_BUCKET"]
    keys = [f"data/in/burst/{number}/customers.csv" for number in range(BURST)]
    with ThreadPoolExecutor(UPLOADERS) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=key.encode()), keys))

    def started() -> list[str]:
        pages = configured.client("dynamodb").get_paginator("scan").paginate(
            TableName=configured.names["CATALOG_TABLE"],
            FilterExpression="begins_with(#key, :burst) AND #status IN (:triggered, :succeeded)",
            ExpressionAttributeNames={"#key": "file_key", "#status": "status"},
            ExpressionAttributeValues={":burst": {"S": "data/in/burst/"}, ":triggered": {"S": "triggered"},
                                       ":succeeded": {"S": "succeeded"}},
        )  # fmt: skip
        return [item["file_key"]["S"] for page in pages for item in page["Items"]]

    configured.wait_for(lambda: len(started()) >= BURST, seconds=120)

    assert sorted(started()) == sorted(keys)
