"""Many uploads at once over every lane, on the deployed zip, while its workers are killed: none is lost.

SOAK says how many: 60 in `make test`, 10,000 by `make soak`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ops.local.demo import create_glue_jobs
from ops.local.processes import free_port
from ops.local.sluice import LocalSluice, running
from ops.stages import LOCAL, load_stage
from tests.soak.processes import Watch, watched
from tests.soak.uploads import (
    ARCHIVE,
    ATTEMPTS,
    archived,
    body_of,
    executions,
    expected,
    outcomes,
    put,
    uploads,
)
from tests.support.builders import job
from tests.support.deployed import DeployedSluice, copy_project

SOAK = int(os.environ.get("SOAK", "60"))
CLIENTS = 16
LOOKS_BETWEEN_KILLS = 4  # every two seconds one worker dies
WORKER_LIMIT_MB, SERVER_LIMIT_MB = 150, 1024
QUEUES = ("NDJSON_QUEUE", "DISCOVERED_QUEUE")
ENVIRONMENT = {
    "EXPECTED_FILE_SIZE_MB": "0.001",  # small files, in batches of about fifty
    "SIZE_TOLERANCE_PERCENT": "100",
    "MAX_BATCH_SIZE_GB": f"{5_000 / 1024**3:.9f}",
    "MAX_BATCH_AGE_SECONDS": "5",
    "LOCK_TTL_SECONDS": "5",
    "RECONCILE_GRACE_SECONDS": "5",
    "ARCHIVE_PREFIX": ARCHIVE,
}


@pytest.fixture
def soaked(tmp_path: Any) -> Iterator[DeployedSluice]:
    """Start a Sluice that takes up a dead worker's uploads after seconds, not minutes."""
    local = LocalSluice(free_port(), free_port(), tmp_path / "aws", copy_project(tmp_path / "project"))
    with running(local, lambda _: None):
        stack = DeployedSluice(local, load_stage(LOCAL).environment, auth=False)
        functions, queues = stack.client("lambda"), stack.client("sqs")
        for function in functions.list_functions()["Functions"]:
            variables = {**function["Environment"]["Variables"], **ENVIRONMENT}
            functions.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )
        for name in QUEUES:
            url = queues.get_queue_url(QueueName=stack.names[name])["QueueUrl"]
            queues.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "15"})
        fails = {"job_name": "absent", "max_retries": 1}  # there is no such Glue job
        jobs = [job(job_name="load_customers"), job(job_id="O", source_file_name="orders_*.csv", **fails)]
        create_glue_jobs(stack.client("glue"))
        config = json.dumps(jobs)
        stack.client("s3").put_object(
            Bucket=stack.names["LANDING_BUCKET"], Key="config/config.json", Body=config.encode()
        )
        yield stack


def test_every_upload_has_its_outcome_though_workers_are_killed(
    soaked: DeployedSluice, capsys: pytest.CaptureFixture[str]
) -> None:
    sent, s3 = uploads(SOAK), soaked.client("s3", max_pool_connections=CLIENTS)
    wanted = expected(sent)
    with watched(soaked.stack.children[0].process.pid, LOOKS_BETWEEN_KILLS) as watch:
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda upload: put(soaked, s3, *upload), sent))
        soaked.wait_for(lambda: _repaired(soaked, wanted.keys()), seconds=300 + SOAK)
    found = outcomes(soaked)
    started, moved = executions(soaked), archived(soaked)
    with capsys.disabled():
        print(_report(watch, len(wanted & found), found.total()))  # noqa: T201
    assert wanted - found == {}, "uploads without their outcome"
    assert {each: count for each, count in found.items() if each in wanted and count > 1} == {}
    assert started == {key: ATTEMPTS[status] for (key, status) in wanted if status in ATTEMPTS}
    assert moved == {body_of(key): 1 for (key, status) in wanted if status == "succeeded"}
    assert watch.killed
    assert max(watch.worker_kb.values()) < WORKER_LIMIT_MB * 1024
    assert max(watch.server_kb) < SERVER_LIMIT_MB * 1024


def _repaired(soaked: DeployedSluice, wanted: Any) -> bool:
    """Run the scheduled functions, and tell whether every upload has its outcome."""
    functions = soaked.client("lambda", read_timeout=900)  # these calls wait behind the uploads' events
    for function in ("discover_csv", "reconcile"):
        functions.invoke(FunctionName=f"sluice-local-{function}", Payload=b"{}")
    return bool(wanted <= outcomes(soaked).keys())


def _report(watch: Watch, balanced: int, stored: int) -> str:
    workers, server = watch.worker_kb.values(), watch.server_kb
    return (
        f"\nsoak: {SOAK} uploads, {balanced} with the outcome meant (difference {SOAK - balanced}), "
        f"{stored} rows and listed files; {len(watch.killed)} of {len(workers)} workers killed; resident "
        f"memory: workers at most {max(workers) // 1024} MB each, the embedded AWS {server[0] // 1024} to "
        f"{max(server) // 1024} MB"
    )
