"""Batches, manifests, quarantine, jobs and discovery, on what the real handlers stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

import app
from chalicelib.api.cursors import Position, encode_cursor
from chalicelib.status.batches import NdjsonLists
from chalicelib.status.files import Uploads
from tests.support.api import Api
from tests.support.builders import SEED_JOBS, job
from tests.support.lanes.ndjson import MB, messages, upload
from tests.support.lanes.scans import ARTIFACTS, Scans
from tests.support.world import World

DATE = "2026-01-15"


@pytest.fixture
def api() -> Api:
    return Api()


def arrive(*names: str, size: int = MB, date: str = DATE, **properties: Any) -> None:
    for event in messages(*[upload(f"in/{date}/{name}", size=size, **properties) for name in names]):
        app.ndjson_arrived(event, None)


def test_waiting_files_fill_their_date_against_the_threshold(world: World, api: Api) -> None:
    arrive("a.ndjson", "b.ndjson", "c.ndjson")
    body = api.get("/batches", date=DATE).body
    (waiting,) = body["waiting"]
    assert (waiting["date"], waiting["files"], waiting["bytes"]) == (DATE, 3, 3 * MB)
    assert body["threshold_bytes"] == waiting["threshold_bytes"] == int(0.7 * 1024**3)
    assert body["counter_bytes"] == 3 * MB
    assert len(api.items("/batches", date=DATE, limit="1")) == 3
    assert api.get("/batches").body["items"] == []
    assert api.get("/summary").body["pending"] == body["waiting"]


def test_manifests_are_listed_by_date_with_their_state(world: World, api: Api, environ: Any) -> None:
    environ(MAX_BATCH_SIZE_GB="0.001")
    for name in ("a.ndjson", "b.ndjson", "c.ndjson"):
        arrive(name, size=2 * MB)
    items = api.items("/manifests", date=DATE, limit="1")
    assert len(items) == 3
    for item in items:
        assert item["status"] == "done"
        assert item["files"] == 1
        assert item["location"] == f"s3://{ARTIFACTS}/{item['manifest_key']}"
        assert not {"members", "plan", "step"} & item.keys()
    assert api.get("/manifests", date="2026-01-16").body["items"] == []


def test_quarantined_files_of_every_date_are_listed_newest_first(world: World, api: Api) -> None:
    arrive("a.ndjson", "b.ndjson", body=b"not json\n")
    arrive("c.txt")
    items = api.items("/quarantine", limit="1")
    assert {item["key"] for item in items} == {
        f"in/{DATE}/{name}" for name in ("a.ndjson", "b.ndjson", "c.txt")
    }
    times = [item["quarantined_at"] for item in items]
    assert times == sorted(times, reverse=True)
    assert all(item["reason"] and item["moved_to"].startswith("s3://") for item in items)


def test_jobs_are_listed_as_configured(world: World, api: Api) -> None:
    world.configure([*SEED_JOBS, job(job_id="X", source_file_name="x_*.csv", owner="sales")])
    body = api.get("/jobs").body
    assert (body["valid"], body["faults"]) == (True, [])
    assert [item["job_id"] for item in body["items"]] == ["JOB001", "JOB002", "JOB003", "X"]
    assert body["items"][3]["extra"] == {"owner": "sales"}
    assert [item["index"] for item in api.items("/jobs", limit="1")] == [0, 1, 2, 3]


def test_a_job_whose_table_has_no_manifest_says_so(world: World, api: Api) -> None:
    world.upload("customers.csv")
    app.write_table_manifests({}, None)
    world.configure([*SEED_JOBS[:2], "no job", job(target_table="x" * 2000)])
    told = [item["table_manifest"] for item in api.get("/jobs").body["items"]]
    assert told[:3] == ["present", "absent", None]
    assert told[3] in {"absent", None}  # no key is so long


def test_faults_stand_beside_their_job(world: World, api: Api) -> None:
    world.configure([job(), "no job", job(job_id="J2", is_active=1, source_file_name="<b>.csv")])
    body = api.get("/jobs").body
    assert body["valid"] is False
    assert len(body["faults"]) == 2
    assert [len(item["faults"]) for item in body["items"]] == [0, 1, 1]
    assert body["items"][2]["source_file_name"] == "<b>.csv"


@pytest.mark.parametrize("config", [b"", b"{}", b"[", b"\xff", b"[" * 100_000])
def test_a_config_that_is_no_list_is_a_fault_and_no_error(world: World, api: Api, config: bytes) -> None:
    world.configure(config)
    body = api.get("/jobs").body
    assert (body["valid"], body["items"]) == (False, [])
    assert body["faults"]


def test_an_absent_config_is_a_fault_that_says_what_to_do(aws: None, api: Api) -> None:
    body = api.get("/jobs").body
    assert body["version"] == "absent"
    assert "upload a list of jobs" in body["faults"][0]


def test_before_any_scan_discovery_is_empty(aws: None, api: Api) -> None:
    body = api.get("/discovery").body
    assert (body["last_scan"], body["state"], body["items"], body["fault"]) == (None, None, [], "")


def test_discovery_shows_the_last_scan_and_its_files(scans: Scans, api: Api) -> None:
    keys = sorted(f"incoming/f{number}/x{number}.csv" for number in range(7))
    scans.upload(*keys)
    scans.scan()
    body = api.get("/discovery").body
    assert body["last_scan"]["queued"] == 7
    assert body["last_scan"]["started_at"].startswith(datetime.now(UTC).date().isoformat())
    assert body["state"]["location"] == f"s3://{ARTIFACTS}/state/processed_files.json"
    assert [item["key"] for item in api.items("/discovery", limit="2")] == keys
    assert api.get("/summary").body["last_scan"]["queued"] == 7


def test_pages_of_a_large_state_are_found_by_halving(scans: Scans, api: Api) -> None:
    keys = sorted(f"incoming/folder-{n % 40:02}/file-{n:05}-ünï.csv" for n in range(1500))
    scans.put_state(scans.document(*keys))
    assert [item["key"] for item in api.items("/discovery", limit="100")] == keys
    entry = Api().get("/explain", key=keys[1234]).body["discovery"]
    assert entry["folder"] == keys[1234].split("/")[1]
    assert Api().get("/explain", key="incoming/folder-07/absent.csv").body["discovery"] is None


def test_a_state_in_another_layout_is_read(scans: Scans, api: Api) -> None:
    scans.put_state(json.dumps(scans.document("incoming/a/x.csv"), indent=4))
    assert [item["key"] for item in api.items("/discovery")] == ["incoming/a/x.csv"]


@pytest.mark.parametrize("state", [b"{}", b"nonsense", b'{"version":2,"files":{\n}}'])
def test_a_corrupt_state_is_a_fault_and_no_error(scans: Scans, api: Api, state: bytes) -> None:
    scans.put_state(state)
    body = api.get("/discovery").body
    assert body["items"] == []
    assert "processed_files.json" in body["fault"]


@pytest.mark.parametrize("path", ["/batches", "/manifests", "/quarantine", "/jobs", "/discovery"])
@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"cursor": "x"}, {"cursor": "AAAAAAAAAAAA"}, {"unknown": "1"}, {"date": "x"}]
)
def test_a_bad_parameter_is_400(api: Api, path: str, query: dict[str, str]) -> None:
    assert api.get(path, query).status == 400


@pytest.mark.parametrize(
    "path", ["files", "batches", "manifests", "quarantine", "jobs", "discovery", "summary"]
)
def test_an_empty_parameter_is_one_that_was_not_given(world: World, api: Api, path: str) -> None:
    accepted = {
        "files": ("date", "status"),
        "batches": ("date",),
        "manifests": ("date",),
        "summary": ("date",),
    }
    names = (*accepted.get(path, ()), *(() if path == "summary" else ("limit", "cursor")))
    reply = api.get(f"/{path}", **dict.fromkeys(names, ""))
    assert (reply.status, reply.body) == (200, api.get(f"/{path}").body)


@pytest.mark.parametrize("path", ["files", "batches", "manifests"])
def test_pages_of_today_go_on_after_midnight(
    world: World, api: Api, path: str, monkeypatch: pytest.MonkeyPatch, environ: Any
) -> None:
    environ(MAX_BATCH_SIZE_GB="0" if path == "manifests" else "1")
    today = datetime.now(UTC).date().isoformat()
    for number in range(3):
        world.land(f"notes/{number}.txt")
        arrive(f"{number}.ndjson", date=today)
    first = api.get(f"/{path}", limit="2").body
    for lists in (Uploads, NdjsonLists):
        monkeypatch.setattr(lists, "today", lambda _: "2099-01-01")
    rest = api.get(f"/{path}", cursor=first["next_cursor"])
    assert (rest.status, rest.body["date"], len(rest.body["items"])) == (200, today, 1), rest.text
    assert api.get(f"/{path}", cursor=first["next_cursor"], date="2099-01-01").status == 400


@pytest.mark.parametrize("at", ["abc", "-1", "", "1.5", "9" * 30])
def test_a_cursor_that_names_no_job_is_refused(world: World, api: Api, at: str) -> None:
    reply = api.get("/jobs", cursor=encode_cursor("jobs", Position(at)))
    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
