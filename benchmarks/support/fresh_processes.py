"""Run handlers of the unpacked zip in fresh processes on the embedded AWS, each on new uploads."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import boto3

from benchmarks.support.lambda_package import link_runtime, unpack
from ops.checks import package
from tests.support.builders import SEED_JOBS, s3_event, s3_record, sqs_event

PROGRAM = Path(__file__).with_name("cold_process.py")
BARE = Path(__file__).with_name("bare") / "app.py"
HANDLERS = (
    "object_created",
    "ndjson_arrived",
    "csv_discovered",
    "discover_csv",
    "write_table_manifests",
    "reconcile",
    "authorize",
    "GET /health",
    "GET /summary",
)
NDJSON_BATCH = 10
NDJSON_BYTES = 10 * 1024**2
API_EVENT: dict[str, Any] = {
    "headers": {},
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "body": None,
    "isBase64Encoded": False,
}
AUTHORIZER_EVENT = {
    "type": "TOKEN",
    "authorizationToken": "Bearer local-reader",
    "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/api/GET/summary",
}
Measurement = dict[str, Any]


class FreshProcesses:
    """The unpacked zip and the bare app, each with Lambda's runtime; every run is a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._environment = environment
        self._folder = folder
        self._runtime = link_runtime(folder / "runtime")
        self._sluice = unpack(package.build(folder / "zip"), folder / "sluice")
        self._bare = folder / "bare"
        shutil.copytree(self._sluice / "chalice", self._bare / "chalice")
        shutil.copy(BARE, self._bare)
        session = boto3.Session("test", "test", region_name="us-east-1")
        self._s3 = session.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"])
        self._numbers = count()
        self._put("LANDING_BUCKET", "config/config.json", json.dumps(SEED_JOBS).encode())

    def sluice(self, handler: str, events: int = 1) -> Measurement:
        """Run a handler on this number of new events."""
        name, _, path = handler.partition(" ")
        given = [self._event(name, path) for _ in range(events)]
        return self._run(self._sluice, "app" if path else name, given)

    def bare(self, like: Measurement) -> Measurement:
        """Run the bare app with the clients and calls of a run of Sluice."""
        services = ",".join(dict.fromkeys(like["services"]))
        return self._run(self._bare, "handler", [{"calls": like["calls"]}], BARE_SERVICES=services)

    def _run(self, task: Path, handler: str, events: list[Any], **environ: str) -> Measurement:
        given = self._folder / "given.json"
        path = [str(task), str(self._runtime)]
        given.write_text(json.dumps({"path": path, "handler": handler, "events": events}))
        command = [sys.executable, "-I", "-S", "-B", str(PROGRAM), str(given)]
        environment = self._environment | environ
        run = subprocess.run(command, env=environment, cwd=task, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"{handler} failed in a fresh process:\n{run.stderr}")
        measured: Measurement = json.loads(run.stdout)
        return measured

    def _event(self, handler: str, path: str) -> Any:
        """Build an event as AWS sends it; upload the files that it tells of."""
        if path:
            context = {"resourcePath": path, "httpMethod": handler, "identity": {"sourceIp": "127.0.0.1"}}
            return API_EVENT | {"requestContext": context}
        if handler == "authorize":
            return AUTHORIZER_EVENT
        if handler == "ndjson_arrived":
            return sqs_event(*[{"Records": [self._ndjson_record()]} for _ in range(NDJSON_BATCH)])
        if handler in {"object_created", "csv_discovered"}:
            key = f"data/in/{next(self._numbers)}/customers.csv"
            event = s3_event(key, etag=self._put("LANDING_BUCKET", key, b"id,name\n1,Ada\n"))
            return event if handler == "object_created" else sqs_event(event)
        return {}

    def _ndjson_record(self) -> Any:
        key = f"in/2026-01-15/{next(self._numbers)}.ndjson"
        etag = self._put("NDJSON_BUCKET", key, b'{"a": 1}\n' * 100)
        bucket = self._environment["NDJSON_BUCKET"]
        return s3_record(key, bucket=bucket, etag=etag, size=NDJSON_BYTES)

    def _put(self, bucket: str, key: str, body: bytes) -> str:
        answer = self._s3.put_object(Bucket=self._environment[bucket], Key=key, Body=body)
        return str(answer["ETag"]).strip('"')
