"""Files a second that the deployed zip brings to their outcome on the embedded AWS, and how long each waits.

Files come as fast as CLIENTS put them, so that most of a file's time is the queue before the functions. Its
row tells when it had its outcome. The embedded AWS works on the same cores: its CPU and that of functions,
botocore included, are read from /proc. Ours is the lane's own code, as `cpu` measures it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.support.reporting import Row, load, show
from benchmarks.support.scale import scaled
from ops.local.demo import create_glue_jobs
from ops.local.processes import free_port
from ops.local.sluice import LocalSluice, running
from ops.stages import LOCAL, load_stage
from tests.soak.processes import workers_of
from tests.support.builders import job
from tests.support.deployed import DeployedSluice, copy_project

FILES = scaled(2000)
CLIENTS = 8
SECONDS_A_FILE = 0.3  # more than ten times what it takes: then something is lost
SMALL = {"EXPECTED_FILE_SIZE_MB": "0.001", "SIZE_TOLERANCE_PERCENT": "100"}
TICKS = os.sysconf("SC_CLK_TCK")
NAMED = "{0[handler]}, {0[case]}"


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane: where its n-th file goes, and how a row tells of which file it is and when it was judged."""

    bucket: str
    key: str
    body: bytes
    table: str
    file: str
    moment: str
    measured_as: str  # by the benchmark `cpu`


LANES = {
    "landing, routed": Lane(
        "LANDING_BUCKET",
        "data/in/{}/customers.csv",
        b"id,name\n" + b"1,Ada\n" * 100,
        "CATALOG_TABLE",
        "file_key",
        "processed_at",
        "object_created, routed",
    ),
    "NDJSON": Lane(
        "NDJSON_BUCKET",
        "in/2026-01-15/{}.ndjson",
        b'{"id": 1}\n' * 100,
        "TRACKING_TABLE",
        "file_path",
        "created_at",
        "ndjson_arrived, content checked, ten a batch",
    ),
}


def main() -> None:
    """Deploy, and measure every lane."""
    own = {NAMED.format(row): row["ms/file"] for row in load("cpu")["rows"]}
    with TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = Path(name)
        local = LocalSluice(free_port(), free_port(), folder / "aws", copy_project(folder / "project"))
        with running(local, lambda _: None):
            stack = DeployedSluice(local, load_stage(LOCAL).environment, auth=False)
            create_glue_jobs(stack.client("glue"))
            config = json.dumps([job(job_name="load_customers")]).encode()
            bucket = stack.names["LANDING_BUCKET"]
            stack.client("s3").put_object(Bucket=bucket, Key="config/config.json", Body=config)
            with stack.changed("ndjson_arrived", **SMALL):
                rows = [measure(stack, lane, FILES, own[LANES[lane].measured_as]) for lane in LANES]
    show("throughput", f"{FILES} files of each lane through the zip on the embedded AWS", rows)


def measure(stack: DeployedSluice, name: str, files: int, own_ms: float) -> Row:
    """Upload `files` of a lane, one of whose files takes `own_ms` of our code; wait until all have a row."""
    lane, server = LANES[name], stack.stack.children[0].process.pid
    _brought_to_outcome(
        stack, lane, 1
    )  # one error while functions start has the embedded AWS end all of them
    before, began = _cpu_seconds(server), time.monotonic()
    waited = _brought_to_outcome(stack, lane, files)
    seconds = time.monotonic() - began
    used = [now - then for now, then in zip(_cpu_seconds(server), before, strict=True)]
    functions, emulator = (1000 * each / files for each in used)
    return {
        "lane": name,
        "files/s": files / seconds,
        "median s": waited[len(waited) // 2],
        "p99 s": waited[len(waited) * 99 // 100],
        "functions, CPU ms/file": functions,
        "embedded AWS, CPU ms/file": emulator,
        "own code, CPU ms/file": own_ms,
        "own code, % of all": own_ms / (functions + emulator) * 100,
    }


def _brought_to_outcome(stack: DeployedSluice, lane: Lane, files: int) -> list[float]:
    """Upload files and wait until all have a row; return the seconds that each waited, the longest last."""
    uploaded = _upload(stack, lane, files)
    recorded = _await(lambda: _recorded(stack, lane, uploaded), files)
    return sorted((recorded[file] - uploaded[file]).total_seconds() for file in uploaded)


def _upload(stack: DeployedSluice, lane: Lane, files: int) -> dict[str, datetime]:
    """Upload files at once; return when each was there."""
    s3, bucket = stack.client("s3", max_pool_connections=CLIENTS), stack.names[lane.bucket]
    run = time.time_ns()  # no file of another run has its name

    def put(number: int) -> tuple[str, datetime]:
        key = lane.key.format(f"{run}-{number}")
        s3.put_object(Bucket=bucket, Key=key, Body=lane.body)
        return key if lane.file == "file_key" else f"s3://{bucket}/{key}", datetime.now(UTC)

    with ThreadPoolExecutor(CLIENTS) as clients:
        return dict(clients.map(put, range(files)))


def _recorded(stack: DeployedSluice, lane: Lane, uploaded: dict[str, datetime]) -> dict[str, datetime]:
    """Return when the uploads with a row had their outcome."""
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stack.names[lane.table],
            ProjectionExpression="#file, #moment",
            ExpressionAttributeNames={"#file": lane.file, "#moment": lane.moment},
        )
    )
    rows = (row for page in pages for row in page["Items"] if len(row) == 2)
    moments = {row[lane.file]["S"]: datetime.fromisoformat(row[lane.moment]["S"]) for row in rows}
    return {file: moments[file] for file in uploaded if file in moments}


def _await(recorded: Callable[[], dict[str, Any]], files: int) -> dict[str, Any]:
    """Return what is recorded when it is all; a look takes the embedded AWS time, so they are few."""
    deadline = time.monotonic() + 30 + files * SECONDS_A_FILE
    while time.monotonic() < deadline:
        if len(found := recorded()) == files:
            return found
        time.sleep(0.5 + files / 1000)
    raise RuntimeError(f"{files - len(recorded())} of {files} files have no row")


def _cpu_seconds(server: int) -> tuple[float, float]:
    """Return the CPU seconds of the functions' processes, also those that have ended, and of the server."""
    own, ended = _times(server)
    return ended + sum(sum(_times(worker)) for worker in workers_of(server)), own


def _times(process: int) -> tuple[float, float]:
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        own, ended = (sum(map(int, fields[first : first + 2])) / TICKS for first in (11, 13))
        return own, ended
    return 0.0, 0.0


if __name__ == "__main__":
    main()
