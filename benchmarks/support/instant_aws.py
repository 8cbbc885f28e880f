"""An AWS that answers every call at once from a table: botocore's own work is skipped."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.support.builders import CONFIG_KEY, job

ETAG = "6c1abef29d8c78fb8e696f94546a3918"
FILE_SIZE = 10 * 1024**2
CSV = b"id,name\n" + b"1,Ada\n" * 1000
LINE = b'{"id": "0f9209ebbbf0fd1d", "at": "2026-01-15T01:02:03Z", "user": {"name": "Ada"}, "amount": 12.34}\n'
LINES = LINE * 1000
CONFIG = json.dumps([job()]).encode()


@contextmanager
def instant_aws() -> Iterator[None]:
    """Answer calls without serialising, signing, sending and parsing; make each client once."""
    with (
        patch.object(BaseClient, "_make_api_call", lambda _client, name, given: ANSWERS[name](given)),
        patch.object(boto3, "client", cache(boto3.client)),
    ):
        yield


def _object(given: dict[str, Any]) -> dict[str, Any]:
    if given["Key"] == CONFIG_KEY:
        if "IfNoneMatch" in given:  # it is as it was: botocore has an error for that
            raise ClientError({"Error": {"Code": "304", "Message": "Not Modified"}}, "GetObject")
        return _found(CONFIG, len(CONFIG))
    content = LINES if given["Key"].endswith(".ndjson") else CSV
    last = int(given["Range"].rpartition("-")[2]) if "Range" in given else len(content) - 1
    return _found(content[: last + 1], FILE_SIZE)


def _found(content: bytes, size: int) -> dict[str, Any]:
    return {
        "Body": io.BytesIO(content),
        "ContentLength": len(content),
        "ContentRange": f"bytes 0-{len(content) - 1}/{size}",
        "ContentType": "text/csv",
        "ETag": f'"{ETAG}"',
        "LastModified": datetime.now(UTC),
        "Metadata": {},
        "ResponseMetadata": {"HTTPHeaders": {}},
    }


ANSWERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "GetObject": _object,
    "HeadObject": _object,
    "CreateMultipartUpload": lambda _: {"UploadId": "upload"},
    "UploadPartCopy": lambda _: {"CopyPartResult": {"ETag": f'"{ETAG}"'}},
    "CompleteMultipartUpload": lambda _: {},
    "CopyObject": lambda _: {},
    "DeleteObject": lambda _: {},
    "PutItem": lambda _: {},
    "PutObject": lambda _: {"ETag": f'"{ETAG}"'},
    "GetItem": lambda _: {"Item": {"secret": {"S": "0" * 64}}},
    "Query": lambda _: {"Items": []},
    "UpdateItem": lambda _: {"Attributes": {"bytes": {"N": "1"}}},
    "Publish": lambda _: {},
    "StartExecution": lambda _: {},
}
