"""The landing lane on the emulated AWS: upload, deliver events, look at what is stored."""

from __future__ import annotations

import json
from typing import Any

import boto3

import app
from chalicelib.aws.items import from_item
from chalicelib.events import read_event
from chalicelib.landing.routing import route
from tests.support.aws_calls import by_others
from tests.support.builders import CONFIG_KEY, LANDING, SEED_JOBS, s3_event

TABLE = "sluice-local-catalog"
TOPIC = "arn:aws:sns:us-east-1:123456789012:sluice-local-alerts"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:sluice-local-etl"


class World:
    """The landing lane's stored state, and how users and AWS change it."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self._dynamodb = boto3.client("dynamodb")
        self._states = boto3.client("stepfunctions")
        self._sqs = boto3.client("sqs")
        self._inbox = self._sqs.create_queue(QueueName="alerts-inbox")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:alerts-inbox"
        boto3.client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)
        self._alerts: list[dict[str, str]] = []

    def configure(self, jobs: Any = SEED_JOBS) -> None:
        """Upload the job config; bytes are uploaded unchanged."""
        body = jobs if isinstance(jobs, bytes) else json.dumps(jobs).encode()
        self.s3.put_object(Bucket=LANDING, Key=CONFIG_KEY, Body=body)

    def forget_last_good_config(self) -> None:
        """Delete the copy of the last good config, as if there never was one."""
        self.s3.delete_object(Bucket="sluice-local-artifacts", Key="state/job-config.json")

    def upload(self, key: str, body: bytes = b"id,name\n1,Ada\n", **properties: Any) -> str:
        """Upload an object and return its ETag."""
        with by_others():  # a hook may upload while a handler runs
            answer = self.s3.put_object(Bucket=LANDING, Key=key, Body=body, **properties)
        return str(answer["ETag"]).strip('"')

    def deliver(self, key: str, etag: str = "", **record: Any) -> dict[str, Any]:
        """Deliver S3's event of one object to `object_created` and return its outcome."""
        outcomes = app.object_created(s3_event(key, etag=etag, **record), None)
        assert outcomes == json.loads(json.dumps(outcomes)), "Lambda returns JSON"
        assert len(outcomes) == 1
        return dict(outcomes[0])

    def discover(self, key: str) -> dict[str, Any]:
        """Route a file as `csv_discovered` does."""
        found = self.s3.head_object(Bucket=LANDING, Key=key)
        message = {
            "bucket": LANDING,
            "key": key,
            "etag": found["ETag"],
            "size": found["ContentLength"],
            "folder": key.split("/")[1],
            "last_modified": found["LastModified"].isoformat(),
            "change": "new",
        }
        (event,) = read_event(message).events
        return route(app.landing(), event, discovered=True)

    def land(self, key: str, body: bytes = b"id,name\n1,Ada\n", **properties: Any) -> dict[str, Any]:
        """Upload an object and deliver its event."""
        return self.deliver(key, self.upload(key, body, **properties))

    def rows(self, key: str | None = None) -> list[dict[str, Any]]:
        """Return the catalogue's rows, without its alert marks."""
        items = self._dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Items"]
        rows = [row for row in map(from_item, items) if "status" in row]
        return [row for row in rows if key in {None, row["file_key"]}]

    def row(self, key: str) -> dict[str, Any]:
        """Return the one row of a key."""
        (row,) = self.rows(key)
        return row

    def executions(self) -> list[dict[str, Any]]:
        """Return the inputs of all executions, each with its `name`."""
        found = self._states.list_executions(stateMachineArn=MACHINE)["executions"]
        return [{"name": each["name"], **self._input(each["executionArn"])} for each in found]

    def _input(self, arn: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self._states.describe_execution(executionArn=arn)["input"])
        return loaded

    def stop_executions(self) -> None:
        """End every running execution."""
        for each in self._states.list_executions(stateMachineArn=MACHINE)["executions"]:
            self._states.stop_execution(executionArn=each["executionArn"])

    def forget_rows(self) -> None:
        """Delete every row, as if every process had died before it wrote one."""
        for row in self.rows():
            key = {name: {"S": row[name]} for name in ("file_key", "timestamp")}
            self._dynamodb.delete_item(TableName=TABLE, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        """Return the landing bucket's keys below `prefix`."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=LANDING, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """Return an object's content."""
        body: bytes = self.s3.get_object(Bucket=LANDING, Key=key)["Body"].read()
        return body

    def forget_alerts(self) -> None:
        """Forget every alert so far."""
        self._alerts.clear()

    def alerts(self) -> list[dict[str, str]]:
        """Return every alert so far, as {Subject, Message}."""
        while found := self._sqs.receive_message(QueueUrl=self._inbox, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                self._alerts.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._inbox, ReceiptHandle=message["ReceiptHandle"])
        return self._alerts
