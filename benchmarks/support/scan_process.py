"""One scan in a process of its own: `python -m benchmarks.support.scan_process <implementation>`.

An implementation first runs on a bucket with one key, so that every import is done. Then it is measured on
the bucket that the environment names. A message tells when an implementation is not installed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.support.scan_runs import STATE_KEY, STATES, WARM_TREE, Meter, SyntheticAws

PREFIX = "incoming/"
Scan = Callable[[str], int]  # from a bucket to the number of its keys


def main() -> None:
    """Measure one implementation and print what it took."""
    try:
        run = IMPLEMENTATIONS[sys.argv[1]]()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    run(WARM_TREE)
    SyntheticAws(os.environ["AWS_ENDPOINT_URL"]).requests()  # drop those of the first run
    meter = Meter()
    keys = run(os.environ["S3_SOURCE_BUCKET"])
    print(json.dumps({**meter.read(), "keys": keys}))


def _paginator() -> Scan:
    import boto3

    s3 = boto3.client("s3")

    def run(bucket: str) -> int:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
        return sum(bool(item["Key"]) for page in pages for item in page.get("Contents", ()))

    return run


def _discover_csv() -> Scan:
    from dataclasses import replace

    import app
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.discovery import listing, scan, wiring

    listing.PARALLEL_FOLDERS = int(os.environ.get("PARALLEL", listing.PARALLEL_FOLDERS))

    def run(bucket: str) -> int:
        lane = wiring.discovery_scan(app.settings())
        lane = replace(lane, source=Bucket(client("s3", ""), bucket), state_key=_state_key(bucket))
        result = scan.discover_csv(lane, None)
        return int(result["queued"] + result["skipped"])

    return run


def _literal_discovery() -> Scan:
    import boto3

    from benchmarks.seeds.discovery import discover

    s3, sqs = boto3.client("s3"), boto3.client("sqs")

    def run(bucket: str) -> int:
        return discover(s3, sqs, bucket, PREFIX, os.environ["SQS_QUEUE_URL"], (STATES, _state_key(bucket)))

    return run


def _table_manifests() -> Scan:
    from dataclasses import replace

    import app
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.document_store import DocumentStore
    from chalicelib.tables import wiring
    from chalicelib.tables.manifests import write_table_manifests

    def run(bucket: str) -> int:
        s3 = client("s3", "")
        lane = wiring.table_manifests(app.settings())
        lane = replace(lane, source=Bucket(s3, bucket), manifests=DocumentStore(s3, bucket))
        result = write_table_manifests(lane, None)
        return sum(table["files"] for table in result["manifests"])

    return run


def _literal_tables() -> Scan:
    import boto3

    from benchmarks.seeds.tables import write_manifests

    s3 = boto3.client("s3")
    return lambda bucket: write_manifests(s3, bucket, os.environ["TABLE_NAMES"].split(","))


def _s3fs() -> Scan:
    import s3fs  # type: ignore[import-not-found,unused-ignore]

    files: Any = s3fs.S3FileSystem()
    return lambda bucket: len(files.find(f"{bucket}/{PREFIX}"))


def _dlt() -> Scan:
    from dlt.sources.credentials import AwsCredentials  # type: ignore[import-not-found,unused-ignore]
    from dlt.sources.filesystem import filesystem  # type: ignore[import-not-found,unused-ignore]

    keys = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    place = {"endpoint_url": os.environ["AWS_ENDPOINT_URL"], "region_name": "us-east-1"}
    credentials: Any = AwsCredentials(*keys, **place)

    def run(bucket: str) -> int:
        url = f"s3://{bucket}/{PREFIX.rstrip('/')}"
        return sum(1 for _ in filesystem(bucket_url=url, file_glob="*/*.csv", credentials=credentials))

    return run


def _dagster() -> Scan:
    from dagster_aws.s3.sensor import get_objects  # type: ignore[import-not-found,unused-ignore]

    return lambda bucket: len(get_objects(bucket, PREFIX))


def _state_key(bucket: str) -> str:
    return "state/warm.json" if bucket == WARM_TREE else STATE_KEY


IMPLEMENTATIONS: dict[str, Callable[[], Scan]] = {
    "bare paginator": _paginator,
    "discover_csv": _discover_csv,
    "literal seed 004": _literal_discovery,
    "write_table_manifests": _table_manifests,
    "literal seed 000": _literal_tables,
    "s3fs": _s3fs,
    "dlt": _dlt,
    "Dagster": _dagster,
}

if __name__ == "__main__":
    main()
