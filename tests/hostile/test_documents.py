"""Hostile documents: configs are refused with their faults, NDJSON files are accepted or quarantined."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app
from chalicelib.errors import ConfigError
from chalicelib.landing.entries import FIELDS
from tests.hostile.corpus import CONFIGS, HEADERS, NDJSON, SECRET, WRONG_VALUES
from tests.support import builders
from tests.support.builders import job, s3_event, sqs_event
from tests.support.lanes import ndjson
from tests.support.world import World

WRONG_FIELDS = [(name, number) for name in FIELDS for number in range(len(WRONG_VALUES))]


@pytest.mark.parametrize("name", CONFIGS)
def test_a_broken_config_moves_nothing_and_is_alerted(hostile_world: World, name: str) -> None:
    key = f"data/in/while config is {name}.csv"
    hostile_world.configure(CONFIGS[name])
    hostile_world.forget_last_good_config()
    etag = hostile_world.upload(key, SECRET.encode())
    with pytest.raises(ConfigError):
        app.object_created(s3_event(key, etag=etag), None)
    assert hostile_world.row(key)["status"] == "failed"
    assert hostile_world.read(key) == SECRET.encode()
    assert "config" in hostile_world.alerts()[-1]["Subject"]


@pytest.mark.parametrize(("name", "number"), WRONG_FIELDS)
def test_a_wrong_value_in_a_job_is_a_fault_or_works(hostile_world: World, name: str, number: int) -> None:
    jobs = [job(**{"source_file_name": "claimed.csv", "is_active": False, name: WRONG_VALUES[number]})]
    key = f"data/in/{name}-{number}/claimed.csv"
    hostile_world.configure(jobs)
    hostile_world.forget_last_good_config()
    etag = hostile_world.upload(key, SECRET.encode())
    faults = _process(key, etag)
    row = hostile_world.row(key)
    assert row["status"] in ({"failed"} if faults else {"inactive", "triggered", "not_configured"})
    assert not faults or any(
        name in fault or "surrogate" in fault or "no JSON value" in fault for fault in faults
    )
    assert json.loads(json.dumps(row)) == row


def _process(key: str, etag: str) -> list[str]:
    try:
        app.object_created(s3_event(key, etag=etag), None)
    except ConfigError as error:
        return error.faults
    return []


@pytest.mark.parametrize("name", NDJSON)
def test_a_file_is_accepted_or_quarantined_with_its_reason(
    hostile_world: World, environ: Any, name: str
) -> None:
    body, status = NDJSON[name]
    content = body.replace(b'"a"', f'"{SECRET}"'.encode(), 1)
    suffix = "ndjson.gz" if name.endswith(" packed") else "ndjson"
    environ(NDJSON_SUFFIXES=".ndjson,.ndjson.gz")
    record = ndjson.upload(f"in/2026-01-15/{name}.{suffix}", body=content)
    assert app.ndjson_arrived(sqs_event({"Records": [record]}), None) == {"batchItemFailures": []}
    row = ndjson.row(f"{name}.{suffix}")
    assert row["status"] == status
    assert len(row.get("reason", "")) < 300
    assert row.get("reason", "").isprintable()
    where = ndjson.QUARANTINE if status == "quarantined" else builders.NDJSON
    assert content in _contents(hostile_world, where, name)


def _contents(world: World, bucket: str, name: str) -> list[bytes]:
    keys = [key for key in ndjson.keys_in(bucket) if f"/{name}.ndjson" in key]
    found: Any = [world.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    return list(found)


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_is_taken_or_rejected_with_a_reason_on_one_line(hostile_world: World, name: str) -> None:
    body, status = HEADERS[name]
    hostile_world.configure([job(columns=["id", "größe"])])
    app.landing.cache_clear()
    outcome = hostile_world.land(f"data/in/{name}/customers.csv", body)
    assert outcome["status"] == status
    assert hostile_world.read(outcome.get("moved_to", f"data/in/{name}/customers.csv")) == body
    if status == "rejected":
        assert outcome["reason"].isprintable()
        assert len(outcome["reason"]) <= 1000
        (alert,) = hostile_world.alerts()
        assert len(alert["Message"].splitlines()) == 5
