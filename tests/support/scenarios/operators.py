"""What operators can ask for; together these make every AWS call that their requests can make."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import boto3

from chalicelib.errors import ConfigError
from tests.support.api import OPERATOR, Api
from tests.support.aws_calls import failing
from tests.support.builders import LANDING, job, s3_event
from tests.support.lanes import glue_runs, ndjson, runs
from tests.support.scenarios.first import forget_secret
from tests.support.scenarios.landing import files_are_parked, files_start_jobs
from tests.support.scenarios.ndjson import (
    BIG,
    fill_batches,
    forget_wiring,
    ndjson_files_arrive,
)
from tests.support.world import World


def the_api_is_asked(world: World) -> None:
    """A reader asks for every page of the API, each with something to show."""
    files_start_jobs(world)
    ndjson_files_arrive(world)
    api = Api()
    for path in ("/health", "/summary", "/files", "/files?status=triggered", "/jobs", "/discovery"):
        api.get(path)
    for path in ("/batches", "/manifests"):
        api.get(path, date=ndjson.DATE)
    for path in ("/quarantine", "/alerts"):
        api.get(path)
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
    for key in ("data/in/new.csv", "data/in/small.csv"):
        asked = {"key": key, "content_type": "text/csv", "size": 5, "replace": True}
        operator.post("/upload", asked)
    for key in ("new.ndjson", f"in/{ndjson.DATE}/0.ndjson"):
        operator.post("/upload", {"key": key, "size": 5, "replace": True, "bucket": "ndjson"})


def failed_files_are_replayed(world: World, operator: Api) -> None:
    """Files failed by a broken config; after its repair one starts, one is parked, one is inactive."""
    world.configure()
    keys = ["data/in/customers.csv", "data/in/unknown.csv", "data/in/products.csv"]
    world.land(keys[0])
    world.stop_executions()
    world.forget_rows()
    world.forget_last_good_config()
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


def what_ended_is_started_again(world: World) -> None:
    """An operator has failed executions and Glue runs tried again, and their dead letters told again."""
    operator = Api(OPERATOR)
    ndjson.create_glue_job("sluice-job")
    world.configure([job(source_file_name="*.csv")])
    fill_batches([ndjson.upload(f"in/{ndjson.DATE}/{name}.ndjson") for name in "ab"])
    with patch.dict(os.environ, {"GLUE_JOB_NAME": "sluice-job"}):
        forget_wiring()
        failed = [runs.end(str(world.land(f"data/in/{name}.csv")["execution"]), "FAILED") for name in "ab"]
        ended = [
            glue_runs.end_glue_run(run, "FAILED", job="sluice-job") for run in glue_runs.run_ids("sluice-job")
        ]
        for event in [*failed, *ended]:
            send("sluice-local-events-dlq", json.dumps(event))
        operator.post("/redrive", {"queue": "events"})
        operator.post("/replay", {"keys": ["data/in/a.csv", "data/in/b.csv", *ndjson.manifests()]})
        Api().get("/trend", days=1)
    forget_wiring()


def files_come_back(world: World) -> None:
    """Parked and quarantined files are brought back: in parts, with tags, under names that no XML has."""
    operator = Api(OPERATOR)
    world.configure([])
    names = ("parts", "big", "odd\x01")
    keys = [f"data/in/{name}.csv" for name in names]
    upload_in_one_part(world, keys[0])
    world.deliver(keys[0])
    world.land(keys[1], b"x" * BIG, Tagging="a=b")
    world.land(keys[2], b"x" * BIG)
    ndjson_files_arrive(world)
    world.configure([job(source_file_name="*.csv")])
    forget_secret()
    with failing("CompleteMultipartUpload", "Refused"):
        operator.post("/replay", {"keys": keys})
    operator.post("/replay", {"keys": keys})
    operator.post("/quarantine/release", {"key": f"in/{ndjson.DATE}/odd\x01.txt"})


def upload_in_one_part(world: World, key: str) -> None:
    """Upload a small file as clients do that always upload in parts."""
    place: Any = {"Bucket": LANDING, "Key": key}
    upload = world.s3.create_multipart_upload(**place)["UploadId"]
    part = world.s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"id\n1\n")
    parts: Any = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    world.s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)


def refused_objects_are_explained(world: World) -> None:
    """S3 gives out neither the landing nor the NDJSON object that a reader asks for."""
    world.upload("data/in/secret.csv")
    ndjson.upload(f"in/{ndjson.DATE}/secret.ndjson")
    for key in ("data/in/secret.csv", f"in/{ndjson.DATE}/secret.ndjson"):
        with failing("HeadObject", "403", 403, key), failing("GetObject", "AccessDenied", 403, key):
            Api().get("/explain", key=key)


def send(queue: str, body: str) -> None:
    """Put a message into a queue."""
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)
