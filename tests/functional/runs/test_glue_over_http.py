"""A batch's Glue run as operators meet it: its end from a dead letter, its story, another run on demand."""

from __future__ import annotations

import json
from typing import Any

import boto3

import app
from tests.support.api import OPERATOR, Api
from tests.support.lanes.glue_runs import JOB, end_glue_run, run_ids
from tests.support.lanes.ndjson import DATE, MB, create_glue_job, messages, upload
from tests.support.lanes.replays import replay
from tests.support.world import World

KEY = f"in/{DATE}/a.ndjson"


def _listed(api: Api) -> dict[str, Any]:
    (item,) = api.items("/manifests", date=DATE)
    return {name: item.get(name) for name in ("status", "job_run_id", "run_status", "run_error")}


def _story(api: Api) -> list[str]:
    return [part["text"] for part in api.get("/explain", key=KEY).body["story"]]


def test_a_failed_run_is_told_from_its_dead_letter_and_started_again_over_http(
    world: World, environ: Any
) -> None:
    create_glue_job(JOB)
    environ(MAX_BATCH_SIZE_GB="0.001", GLUE_JOB_NAME=JOB, RECONCILE_GRACE_SECONDS="0")
    for event in messages(upload(KEY, size=10 * MB)):
        app.ndjson_arrived(event, None)
    (first,) = run_ids()
    operator = Api(OPERATOR)
    assert _listed(operator) == {
        "status": "done", "job_run_id": first, "run_status": None, "run_error": None}  # fmt: skip

    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="sluice-local-events-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(end_glue_run(first, "FAILED", "no column id")))
    reply = operator.post("/redrive", {"queue": "events"}).body
    assert (reply["moved"], reply["failed"]) == (1, 0)
    assert (_listed(operator)["run_status"], _listed(operator)["run_error"]) == ("FAILED", "no column id")
    assert f"Glue run {first} ended as FAILED: no column id." in _story(operator)
    assert len(world.alerts()) == 1

    manifest = operator.items("/manifests", date=DATE)[0]["manifest_key"]
    (planned,) = replay(operator, keys=[manifest], dry_run=True)
    assert (planned["action"], run_ids()) == ("start_again", [first])
    assert replay(operator, keys=[manifest])[0]["action"] == "start_again"
    assert replay(operator, keys=[manifest])[0]["action"] == "none"
    assert Api().post("/replay", {"keys": [manifest]}).status == 403, "a reader"
    for _ in range(2):
        app.reconcile({}, None)
    _, second = sorted(run_ids(), key=lambda run_id: run_id != first)
    app.glue_run_changed(end_glue_run(second), None)
    assert (_listed(operator)["job_run_id"], _listed(operator)["run_status"]) == (second, "SUCCEEDED")
    told = _story(operator)
    assert [text for text in told if text.startswith("Glue run")] == [
        f"Glue run {first} ended as FAILED: no column id.",
        f"Glue run {second} ended as SUCCEEDED.",
    ]
