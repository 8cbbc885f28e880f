"""The seed of the NDJSON lane: every call of its snippets, in their order."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.items import to_item

TABLE = "sluice-local-tracking"
MANIFEST_BUCKET = "sluice-local-artifacts"
MAX_BATCH_BYTES = int(0.7 * 1024**3)
LOCK_TTL_SECONDS = 300

File = dict[str, Any]


def handler(event: Any) -> None:
    """Track every file of the messages; check the batch threshold once per invocation."""
    dates = set()
    for message in event["Records"]:
        for record in json.loads(message["body"])["Records"]:
            dates.add(_track(record["s3"]))
    for date in dates:
        _check_threshold(date)


def _track(s3: Any) -> str:
    key, size = unquote_plus(s3["object"]["key"]), s3["object"]["size"]
    date, name = key.split("/")[-2], key.split("/")[-1]
    row = {
        "date_prefix": date,
        "file_name": name,
        "file_path": f"s3://{s3['bucket']['name']}/{key}",
        "file_size_mb": size / 1024**2,
        "size_bytes": size,
        "status": "pending",
        "created_at": "2025-12-23T10:00:00.000Z",
    }
    client("dynamodb", "").put_item(TableName=TABLE, Item=to_item(row))
    return date


def _check_threshold(date: str) -> None:
    files = _pending(date)
    if sum(int(file["size_bytes"]["N"]) for file in files) < MAX_BATCH_BYTES or not _acquire(date):
        return
    for index, batch in enumerate(_create_batches(_pending(date))):
        _write_manifest(date, index, batch)
        for file in batch:
            _mark(file)
    client("dynamodb", "").delete_item(TableName=TABLE, Key=_lock_key(date))


def _pending(date: str) -> list[File]:
    files: list[File] = []
    start: dict[str, Any] = {}
    while True:
        page = client("dynamodb", "").query(
            TableName=TABLE,
            KeyConditionExpression="date_prefix = :date",
            FilterExpression="#status = :pending",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":date": {"S": date}, ":pending": {"S": "pending"}},
            **start,
        )
        files += page["Items"]
        if "LastEvaluatedKey" not in page:
            return files
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _create_batches(files: list[File]) -> list[list[File]]:
    batches: list[list[File]] = []
    current: list[File] = []
    current_size = 0
    for file in files:
        size = int(file["size_bytes"]["N"])
        if current_size + size > MAX_BATCH_BYTES and current:
            batches.append(current)
            current, current_size = [], 0
        current.append(file)
        current_size += size
    if current and (current_size >= MAX_BATCH_BYTES * 0.5 or not batches):
        batches.append(current)
    return batches


def _acquire(date: str) -> bool:
    now = int(time.time())
    try:
        client("dynamodb", "").put_item(
            TableName=TABLE,
            Item={**_lock_key(date), "lock_id": {"S": "1"}, "ttl": {"N": str(now + LOCK_TTL_SECONDS)}},
            ConditionExpression="attribute_not_exists(date_prefix) OR #ttl < :now",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":now": {"N": str(now)}},
        )
    except ClientError:
        return False
    return True


def _write_manifest(date: str, index: int, batch: list[File]) -> None:
    paths = [file["file_path"]["S"] for file in batch]
    client("s3", "").put_object(
        Bucket=MANIFEST_BUCKET,
        Key=f"manifests/{date}/batch-{index}-{time.time()}.json",
        Body=json.dumps({"fileLocations": [{"URIPrefixes": paths}]}).encode(),
    )


def _mark(file: File) -> None:
    client("dynamodb", "").update_item(
        TableName=TABLE,
        Key={"date_prefix": file["date_prefix"], "file_name": file["file_name"]},
        UpdateExpression="SET #status = :manifested",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":manifested": {"S": "manifested"}},
    )


def _lock_key(date: str) -> dict[str, Any]:
    return {"date_prefix": {"S": f"LOCK#manifest-{date}"}, "file_name": {"S": "LOCK"}}
