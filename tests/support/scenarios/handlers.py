"""What can happen to each handler: together these make every AWS call that its code can make."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import boto3
from botocore.exceptions import ClientError

import app
from chalicelib.errors import ConfigError
from tests.support.api import OPERATOR, Api
from tests.support.aws_calls import failing, recorded
from tests.support.builders import CONFIG_KEY, LANDING, SEED_JOBS, job, s3_event, sqs_event
from tests.support.lanes import ndjson
from tests.support.scenarios.first import a_first_move_copies_what_no_xml_names, secrets_are_read
from tests.support.scenarios.ndjson import (
    BIG,
    batches_are_repaired,
    batches_fill,
    forget_wiring,
    glue_runs_end,
    lost_arrivals_are_found,
    ndjson_files_arrive,
    repair,
)
from tests.support.scenarios.runs import executions_end
from tests.support.world import World

Scenario = Callable[[World], None]


def files_start_jobs(world: World) -> None:
    """A file starts its job; its event repeats, and again after the execution ended; an empty file too."""
    world.land("data/in/customers.csv")
    world.deliver("data/in/customers.csv")
    world.stop_executions()
    world.forget_rows()
    world.deliver("data/in/customers.csv")
    world.land("data/in/orders.csv", b"")
    world.land("elsewhere/orders.csv")
    world.configure([job(source_file_name="expected.csv", expected={"every_hours": 24})])
    world.land("data/in/expected.csv")
    world.configure()


def files_are_parked(world: World) -> None:
    """Files without a job arrive: small, tagged, big, under a taken name; and one of an inactive job."""
    world.land("data/in/products.csv")
    world.land("data/in/small.csv")
    world.land("data/in/tagged.csv", b"x" * BIG, Tagging="a=b")
    world.land("data/in/tagged.csv", b"x" * 10, Tagging="a=b")
    with suppress(Exception), failing("CompleteMultipartUpload", "AccessDenied"):
        world.land("data/in/broken.csv", b"y" * BIG)


def a_newer_upload_gets_in_between(world: World) -> None:
    """While a file is parked, a newer one takes its key: the copy is discarded."""
    key = "data/in/racing.csv"
    etag = world.upload(key)
    with newer_upload_before_delete(world, key):
        world.deliver(key, etag)


def newer_upload_before_delete(world: World, key: str) -> Any:
    """Upload a key anew right before it is deleted."""

    def upload(_parameters: dict[str, Any]) -> None:
        world.upload(key, b"newer")

    return recorded(before={"DeleteObject": upload})


def objects_vanish(world: World) -> None:
    """Events of an object that is gone, and of one that was moved."""
    world.deliver("data/in/never.csv", "0" * 32)
    etag = world.upload("data/in/moved.csv")
    world.deliver("data/in/moved.csv", etag)
    world.deliver("data/in/moved.csv", etag)


def the_last_good_config_serves(world: World, read_config: Callable[[], object]) -> None:
    """A usable config is copied by whoever reads it; once it is broken, the copy is read."""
    world.forget_last_good_config()
    for config in (SEED_JOBS, [job()], b"{"):
        world.configure(config)
        app.landing.cache_clear()
        app.discovered_files.cache_clear()
        read_config()
    world.configure()


def the_config_breaks(world: World) -> None:
    """A broken config is alerted; files are routed by the last good one, or fail where there is none."""
    the_last_good_config_serves(
        world, lambda: world.land("data/in/customers.csv", b"by the last good config")
    )
    world.forget_last_good_config()
    world.configure(b"{")
    world.upload("data/in/waiting.csv")
    for _ in range(2):
        with suppress(ConfigError):
            world.deliver("data/in/waiting.csv")
    app.object_created(s3_event(CONFIG_KEY), None)
    world.s3.delete_object(Bucket=LANDING, Key=CONFIG_KEY)
    with suppress(ConfigError):
        world.deliver("data/in/waiting.csv")
    world.configure()


def an_object_cannot_be_read(world: World) -> None:
    """S3 refuses to give out an object, as when its encryption key is another account's."""
    etag = world.upload("data/in/customers.csv")
    with failing("GetObject", "AccessDenied", 403, "data/in/customers.csv"), suppress(ClientError):
        world.deliver("data/in/customers.csv", etag)


def the_landing_lane_is_repaired(world: World) -> None:
    """Reconcile finds uploads that no event brought to their outcome."""
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "data/in/products.csv"):
        world.upload(key)
    world.upload("data/in/big.csv", b"x" * BIG, Tagging="a=b")
    repair()
    world.stop_executions()
    world.forget_rows()
    repair()
    the_config_breaks(world)
    repair()
    with newer_upload_before_delete(world, "data/in/late.csv"):
        world.upload("data/in/late.csv")
        repair()


def repairs_fail_too(world: World) -> None:
    """AWS refuses a repair; it is recorded and repeated."""
    world.upload("data/in/customers.csv")
    world.upload("data/in/broken.csv", b"y" * BIG)
    with failing("StartExecution", "ThrottlingException"), failing("CompleteMultipartUpload", "Refused"):
        repair()
    repair()


def the_api_is_asked(world: World) -> None:
    """A reader asks for every page of the API, each with something to show."""
    files_start_jobs(world)
    ndjson_files_arrive(world)
    api = Api()
    for path in ("/health", "/summary", "/files", "/files?status=triggered", "/jobs", "/discovery"):
        api.get(path)
    for path in ("/batches", "/manifests"):
        api.get(path, date=ndjson.DATE)
    api.get("/quarantine")
    ndjson.upload(f"in/{ndjson.DATE}/unseen.ndjson", body=ndjson.LINES * 10_000)
    api.get("/explain", key=f"in/{ndjson.DATE}/unseen.ndjson")
    for key in ("data/in/customers.csv", "data/in/none.csv", f"in/{ndjson.DATE}/0.ndjson", "wrong.txt"):
        api.get("/file", key=key)
        api.get("/explain", key=key)


def an_operator_acts(world: World) -> None:
    """An operator replays, releases, redrives and uploads."""
    operator = Api(OPERATOR)
    files_are_parked(world)
    jobs = [job(job_id=name, source_file_name=f"{name}.csv") for name in ("small", "products", "tagged")]
    world.configure(jobs)
    keys = ["data/in/small.csv", "data/in/products.csv", "data/in/tagged.csv", "data/in/absent.csv"]
    operator.post("/replay", {"keys": keys, "dry_run": True})
    operator.post("/replay", {"keys": keys})
    failed_files_are_replayed(world, operator)
    ndjson_files_arrive(world)
    release = {"key": f"in/{ndjson.DATE}/wrong-big.txt"}
    with failing("CompleteMultipartUpload", "Refused"):
        operator.post("/quarantine/release", release)
    for name in ("wrong.txt", "wrong-big.txt", "empty.ndjson"):
        operator.post("/quarantine/release", {**release, "key": f"in/{ndjson.DATE}/{name}"})
    for queue in ("ndjson", "discovered", "landing"):
        body = json.dumps(s3_event("data/in/customers.csv"))
        send(f"sluice-local-{queue}-dlq", body)
        operator.post("/redrive", {"queue": queue})
    operator.post(
        "/upload", {"key": "data/in/new.csv", "content_type": "text/csv", "size": 5, "replace": True}
    )


def failed_files_are_replayed(world: World, operator: Api) -> None:
    """Files failed by a broken config; after its repair one starts, one is parked, one is inactive."""
    world.configure()
    keys = ["data/in/customers.csv", "data/in/unknown.csv", "data/in/products.csv"]
    world.land(keys[0])
    world.stop_executions()
    world.forget_rows()
    world.configure(b"{")
    world.upload(keys[1], b"z" * BIG)
    world.upload(keys[2])
    for key in keys:
        with suppress(ConfigError):
            world.deliver(key)
    world.configure()
    with failing("CompleteMultipartUpload", "Refused"):
        operator.post("/replay", {"keys": [keys[1]]})
    with failing("GetObject", "AccessDenied", 403, keys[2]):
        operator.post("/replay", {"keys": [keys[2]]})
    operator.post("/replay", {"keys": keys})
    operator.post("/replay", {"keys": [keys[0]], "force": True})


def send(queue: str, body: str) -> None:
    """Put a message into a queue."""
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)


def through_the_queue(scenario: Scenario) -> Scenario:
    """Have the files of a landing scenario brought by the queue of discovered files."""

    def consume(event: Any, _context: Any) -> list[dict[str, Any]]:
        app.csv_discovered(sqs_event(event), None)
        return [{}]

    def brought(world: World) -> None:
        with patch.object(app, "object_created", consume), patch.dict(os.environ, {"S3_PREFIX": "data/"}):
            forget_wiring()
            scenario(world)
        forget_wiring()

    return brought


def csv_files_are_discovered(world: World) -> None:
    """A first scan runs, and one that finds a change."""
    world.upload("incoming/shop/orders.csv")
    app.discover_csv({}, None)
    world.upload("incoming/shop/orders.csv", b"changed")
    app.discover_csv({}, None)


def tables_get_manifests(world: World) -> None:
    """A table's manifest is created, and replaced."""
    world.upload("lake/orders/1.csv")
    app.write_table_manifests({}, None)
    world.upload("lake/orders/2.csv")
    the_last_good_config_serves(world, lambda: app.write_table_manifests({}, None))


def files_are_expected(world: World) -> None:
    """A file that is late, and a job that is switched off."""
    hourly = job(expected={"every_hours": 1, "grace_minutes": 0})
    world.configure([hourly])
    app.watch_expected({}, None)
    boto3.client("dynamodb").update_item(
        TableName="sluice-local-tracking",
        Key={"date_prefix": {"S": "EXPECTED#"}, "file_name": {"S": hourly["job_id"]}},
        UpdateExpression="SET since = :since",
        ExpressionAttributeValues={":since": {"S": "2026-01-01T00:00:00Z"}},
    )
    app.watch_expected({}, None)
    world.configure([{**hourly, "is_active": False}])
    app.watch_expected({}, None)
    the_last_good_config_serves(world, lambda: app.watch_expected({}, None))


FILES_LAND: list[Scenario] = [
    files_start_jobs,
    files_are_parked,
    a_newer_upload_gets_in_between,
    objects_vanish,
    the_config_breaks,
    an_object_cannot_be_read,
    a_first_move_copies_what_no_xml_names,
]
SCENARIOS: dict[str, list[Scenario]] = {
    "object_created": FILES_LAND,
    "ndjson_arrived": [ndjson_files_arrive, batches_fill],
    "csv_discovered": [through_the_queue(scenario) for scenario in FILES_LAND],
    "discover_csv": [csv_files_are_discovered],
    "execution_changed": [executions_end],
    "glue_run_changed": [glue_runs_end],
    "write_table_manifests": [tables_get_manifests],
    "watch_expected": [files_are_expected],
    "reconcile": [
        the_landing_lane_is_repaired,
        repairs_fail_too,
        batches_are_repaired,
        lost_arrivals_are_found,
    ],
    "api_handler": [the_api_is_asked, an_operator_acts],
    "authorize": [secrets_are_read],
}
