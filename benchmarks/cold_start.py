"""Cold start per handler, from the deployed zip, beside a bare Chalice app that makes the same clients.

Both run in turns, each in a fresh isolated process with the runtime's boto3 and nothing else installed. The
bare app makes the same clients and repeats the same AWS calls, so the ratio is what Sluice's own code adds.
CPU time, because it does not depend on what else the machine does; wall time in Lambda is about this much at
one vCPU (1,769 MB).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import boto3

from benchmarks.embedded import embedded_aws
from benchmarks.lambda_package import link_runtime, unpack
from benchmarks.scale import scaled
from benchmarks.tables import show
from ops import package
from tests.support.builders import SEED_JOBS, s3_event, s3_record, sqs_event

PAIRS = scaled(5)
PROGRAM = Path(__file__).with_name("cold_process.py")
BARE = Path(__file__).with_name("bare") / "app.py"
HANDLERS = (
    "object_created",
    "ndjson_arrived",
    "reconcile",
    "authorize",
    "GET /health",
    "GET /summary",
)
BUDGET = 1.25
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


def main() -> None:
    """Measure every handler."""
    with TemporaryDirectory(prefix="sluice-bench-") as folder, embedded_aws() as environment:
        starts = ColdStarts(Path(folder), environment)
        show(
            "cold_start",
            f"Cold start, ms of CPU, median of {PAIRS} pairs",
            [starts.row(handler) for handler in HANDLERS],
        )


class ColdStarts:
    """The unpacked zip and the bare app beside the runtime, and uploads to handle."""

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
        self._number = 0
        self._put("LANDING_BUCKET", "config/config.json", json.dumps(SEED_JOBS).encode())

    def row(self, handler: str) -> Measurement:
        """Measure one handler and the bare app in turns."""
        pairs = [self._pair(handler) for _ in range(PAIRS + 1)][1:]  # the first warms the disk
        ours, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return {
            "handler": handler,
            "clients": len(ours[0]["services"]),
            "modules": ours[0]["modules"],
            "ready": median(run["ready"] for run in ours),
            "bare ready": median(run["ready"] for run in bare),
            "ratio": median(us["ready"] / them["ready"] for us, them in pairs),
            "budget": BUDGET,
            "first result": median(run["result"] for run in ours),
            "bare result": median(run["result"] for run in bare),
            "result ratio": median(us["result"] / them["result"] for us, them in pairs),
        }

    def _pair(self, handler: str) -> tuple[Measurement, Measurement]:
        name, _, path = handler.partition(" ")
        ours = self._run(self._sluice, "app" if path else name, self._event(handler))
        services = ",".join(dict.fromkeys(ours["services"]))
        bare = self._run(self._bare, "handler", {"calls": ours["calls"]}, BARE_SERVICES=services)
        return ours, bare

    def _run(self, task: Path, handler: str, event: Any, **environ: str) -> Measurement:
        given = self._folder / "given.json"
        path = [str(task), str(self._runtime)]
        given.write_text(json.dumps({"path": path, "handler": handler, "event": event}))
        command = [sys.executable, "-I", "-S", "-B", str(PROGRAM), str(given)]
        environment = self._environment | environ
        run = subprocess.run(command, env=environment, cwd=task, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"{handler} failed in a fresh process:\n{run.stderr}")
        measured: Measurement = json.loads(run.stdout)
        return measured

    def _event(self, handler: str) -> Any:
        """Build an event as AWS sends it, of a new upload where the handler is about one."""
        self._number += 1
        name, _, path = handler.partition(" ")
        if path:
            context = {"resourcePath": path, "httpMethod": name, "identity": {"sourceIp": "127.0.0.1"}}
            return API_EVENT | {"requestContext": context}
        if name == "authorize":
            return {
                "type": "TOKEN",
                "authorizationToken": "Bearer local-reader",
                "methodArn": "arn:aws:x/y/GET/",
            }
        key = f"data/in/{self._number}/customers.csv"
        if name == "ndjson_arrived":
            key = f"in/2026-01-15/{self._number}.ndjson"
            etag = self._put("NDJSON_BUCKET", key, b'{"a": 1}\n' * 100)
            bucket = self._environment["NDJSON_BUCKET"]
            record = s3_record(key, bucket=bucket, etag=etag, size=10 * 1024**2)
            return sqs_event({"Records": [record]})
        if name in {"object_created", "csv_discovered"}:
            etag = self._put("LANDING_BUCKET", key, b"id,name\n1,Ada\n")
            event = s3_event(key, etag=etag)
            return event if name == "object_created" else sqs_event(event)
        return {}

    def _put(self, bucket: str, key: str, body: bytes) -> str:
        answer = self._s3.put_object(Bucket=self._environment[bucket], Key=key, Body=body)
        return str(answer["ETag"]).strip('"')


if __name__ == "__main__":
    main()
