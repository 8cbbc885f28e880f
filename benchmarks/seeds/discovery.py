"""The seed of discovery: the state in memory, a message per file, the state written last."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError


def discover(s3: Any, sqs: Any, bucket: str, prefix: str, queue_url: str, state: tuple[str, str]) -> int:
    """Scan, enqueue what is new or changed, persist the state; return how many files it saw."""
    files = _load(s3, *state)
    seen = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            key, etag = item["Key"], item["ETag"].strip('"')
            parts = key.removeprefix(prefix).split("/")
            if len(parts) != 2 or not key.lower().endswith(".csv"):
                continue
            seen += 1
            if key in files and files[key]["etag"] == etag:
                continue
            entry = {"status": "queued", "size": item["Size"], "folder": parts[0], "etag": etag}
            files[key] = {**entry, "queued_at": datetime.now(UTC).isoformat()}
            sqs.send_message(
                QueueUrl=queue_url, MessageBody=json.dumps({"bucket": bucket, "key": key, **entry})
            )
    s3.put_object(Bucket=state[0], Key=state[1], Body=json.dumps({"version": 1, "files": files}).encode())
    return seen


def _load(s3: Any, bucket: str, key: str) -> dict[str, Any]:
    try:
        document = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError:
        return {}
    files: dict[str, Any] = document["files"]
    return files
