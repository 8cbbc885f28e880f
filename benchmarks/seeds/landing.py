"""The seeds of the landing lane, catalogue and routing, one function each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3

from chalicelib.aws.items import to_item
from chalicelib.landing.executions import sanitize
from tests.support.builders import CONFIG_KEY, LANDING
from tests.support.world import MACHINE, TABLE, TOPIC


def catalogue(key: str) -> None:
    """Look at the object, read it for its preview, write its row."""
    s3 = boto3.client("s3")
    head = s3.head_object(Bucket=LANDING, Key=key)
    preview = s3.get_object(Bucket=LANDING, Key=key)["Body"].read().decode(errors="replace")[:500]
    row = {
        "file_key": key,
        "timestamp": datetime.now(UTC).isoformat(),
        "bucket_name": LANDING,
        "file_size": head["ContentLength"],
        "content_type": head["ContentType"],
        "last_modified": head["LastModified"].isoformat(),
        "etag": head["ETag"],
        "event_name": "ObjectCreated:Put",
        "processed_at": datetime.now(UTC).isoformat(),
        "content_preview": preview,
    }
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=to_item(row))


def route(key: str) -> None:
    """Load the config, start the matching job or move the file and notify."""
    s3 = boto3.client("s3")
    jobs = json.loads(s3.get_object(Bucket=LANDING, Key=CONFIG_KEY)["Body"].read())
    name = key.split("/")[-1]
    job = next((job for job in jobs if job["source_file_name"] == name.lower()), None)
    if job is None:
        moved_to = f"data/new_files/{name}"
        s3.copy_object(Bucket=LANDING, CopySource={"Bucket": LANDING, "Key": key}, Key=moved_to)
        s3.delete_object(Bucket=LANDING, Key=key)
        _notify("New / Not Configured File", f"Original: {key}\nMoved to: {moved_to}")
    elif not job["is_active"]:
        _notify("Inactive Job", f"File: {name}\nJob ID: {job['job_id']}")
    else:
        _start(name, job)


def _notify(subject: str, message: str) -> None:
    boto3.client("sns").publish(TopicArn=TOPIC, Subject=subject, Message=message)


def _start(name: str, job: dict[str, Any]) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
    payload = json.dumps({"glue_jobs": [{**job, "source_file_name": name}]})
    states = boto3.client("stepfunctions")
    states.start_execution(stateMachineArn=MACHINE, name=f"run-{sanitize(name)}-{stamp}", input=payload)
