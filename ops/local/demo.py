"""The sample uploads of `make run`: a job config, and a file for each thing that can happen to a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from ops.local.embedded_aws import ACCOUNT
from ops.stages import LOCAL, ROOT, load_stage

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

SAMPLES = ROOT / "samples"
CONFIG_KEY = "config/config.json"
LANDING_UPLOADS = {
    "data/in/customers.csv": "customers.csv",
    "data/in/mystery.csv": "mystery.csv",
    "data/in/products.csv": "products.csv",
    "data/in/returns.csv": "returns.csv",
    "notes/notes.txt": "notes.txt",
    "incoming/shop/orders_2026-11.csv": "incoming/shop/orders_2026-11.csv",
}
JOB_THAT_FAILS = "load_returns"  # it has no Glue job, so its execution fails
NDJSON_DATE = "2026-11-20"
NDJSON_ROWS = 2000


def upload_samples(environ: Mapping[str, str]) -> None:
    """Upload the job config, files with and without a job, and NDJSON files, into an AWS that is empty."""
    session = boto3.Session(
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=environ["AWS_DEFAULT_REGION"],
    )
    s3: S3Client = session.client("s3", endpoint_url=environ["AWS_ENDPOINT_URL"])
    names = load_stage(LOCAL).environment
    if s3.list_objects_v2(Bucket=names["LANDING_BUCKET"], MaxKeys=1).get("Contents"):
        return  # this AWS remembers what it was given before
    create_glue_jobs(session.client("glue", endpoint_url=environ["AWS_ENDPOINT_URL"]))
    _upload(s3, names["LANDING_BUCKET"], CONFIG_KEY, SAMPLES / "config.json")
    for key, sample in LANDING_UPLOADS.items():
        _upload(s3, names["LANDING_BUCKET"], key, SAMPLES / sample)
    for key, body in ndjson_samples():
        s3.put_object(Bucket=names["NDJSON_BUCKET"], Key=key, Body=body, ContentType="application/x-ndjson")


def ndjson_samples() -> Iterator[tuple[str, bytes]]:
    """Return three valid files, large enough for the default size range, and one that is not JSON."""
    for part in range(3):
        ids = range(part * NDJSON_ROWS, (part + 1) * NDJSON_ROWS)
        rows = (json.dumps({"id": row, "sensor": f"s-{row % 40}", "value": row / 7}) for row in ids)
        yield f"{NDJSON_DATE}/readings-{part}.ndjson", "\n".join([*rows, ""]).encode()
    yield f"{NDJSON_DATE}/broken.ndjson", b"this is not JSON\n" * 10_000


def create_glue_jobs(glue: GlueClient) -> None:
    """Create the jobs that the sample config names, so that the state machine can start them, but for one."""
    for job in json.loads((SAMPLES / "config.json").read_text()):
        if job["job_name"] == JOB_THAT_FAILS:
            continue
        glue.create_job(
            Name=job["job_name"],
            Role=f"arn:aws:iam::{ACCOUNT}:role/sluice-local-etl",
            Command={"Name": "glueetl", "ScriptLocation": "s3://sluice-local-artifacts/jobs/none.py"},
        )


def _upload(s3: S3Client, bucket: str, key: str, path: Path) -> None:
    kinds = {".json": "application/json", ".csv": "text/csv", ".txt": "text/plain"}
    s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), ContentType=kinds[path.suffix])
