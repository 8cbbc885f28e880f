"""The seed of table manifests: all objects in a list, every manifest written every time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Objects = list[dict[str, Any]]


def write_manifests(s3: Any, bucket: str, tables: Sequence[str]) -> int:
    """List the bucket, filter it for every table, write the manifests; return how many objects there were."""
    objects = _list_objects_in_bucket(s3, bucket)
    for table in tables:
        _create_manifest_file(
            s3, bucket, table, [item for item in objects if table in item["Key"].split("/")]
        )
    return len(objects)


def _list_objects_in_bucket(s3: Any, bucket: str) -> Objects:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [item for page in pages for item in page.get("Contents", ())]


def _create_manifest_file(s3: Any, bucket: str, table: str, objects: Objects) -> None:
    entries = [
        {
            "url": f"s3://{bucket}/{item['Key']}",
            "mandatory": True,
            "meta": {"content_length": item["Size"]},
        }
        for item in objects
    ]
    body = json.dumps({"entries": entries}).encode()
    s3.put_object(Bucket=bucket, Key=f"manifests/tables/{table}.manifest", Body=body)
