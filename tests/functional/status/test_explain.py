"""Explain: the recorded story of a key over every lane, and what would happen now, without any effect."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

import app
from chalicelib.status.explain_ndjson import key_in
from tests.support.api import Api
from tests.support.aws_calls import recorded
from tests.support.builders import LANDING, NDJSON, job, sqs_event
from tests.support.lanes.ndjson import LINES, messages, rows, upload
from tests.support.lanes.scans import Scans
from tests.support.world import World

STORY_OF_A_RELEASE = ("It was quarantined: Line 1", "An operator released it", "It was accepted")
READS = {"Query", "GetItem", "HeadObject", "GetObject", "Scan"}


def explain(key: str) -> Any:
    reply = Api().get("/explain", key=key)
    assert reply.status == 200, reply.text
    return reply.body


def told(body: Any) -> str:
    return " ".join(line["text"] for line in body["story"])


def test_a_triggered_file_tells_its_job_and_execution(world: World) -> None:
    outcome = world.land("data/in/customers.csv")
    body = explain("data/in/customers.csv")
    assert "matched job JOB001" in told(body)
    assert outcome["execution"] in told(body)
    assert (body["now"]["outcome"], body["now"]["job"]["job_id"]) == ("triggered", "JOB001")
    assert body["uploads"][0]["content_preview"].startswith("id,name")
    assert body["objects"]["landing"]["size"] == 14


def test_a_parked_file_tells_where_it_went(world: World) -> None:
    world.land("data/in/mystery.csv")
    assert "parked as data/new_files/mystery.csv" in told(explain("data/in/mystery.csv"))


def test_a_file_that_discovery_is_still_to_find_is_not_said_to_be_done_with(world: World) -> None:
    world.land("incoming/shop/customers.csv")
    body = explain("incoming/shop/customers.csv")
    assert "It was recorded, which is all that its event asks for." in told(body)
    assert body["now"]["outcome"] == "triggered"


def test_an_inactive_job_is_said_with_the_way_out(world: World) -> None:
    world.land("data/in/products.csv")
    body = explain("data/in/products.csv")
    assert "inactive" in told(body)
    assert body["now"]["outcome"] == "inactive"
    assert "is_active of job JOB003" in body["now"]["next_step"]


def test_with_an_inactive_prefix_the_file_is_said_to_be_moved(world: World, environ: Any) -> None:
    environ(INACTIVE_PREFIX="data/inactive/")
    now = explain("data/in/products.csv")["now"]
    assert (now["outcome"], now["moved_to"]) == ("inactive", "data/inactive/products.csv")
    assert "it would be parked as data/inactive/products.csv and reported" in now["why"]


def test_a_near_miss_says_what_differs(world: World) -> None:
    now = explain("data/in/customer.csv")["now"]
    assert now["outcome"] == "not_configured"
    assert now["near_misses"][0]["source_file_name"] == "customers.csv"
    assert now["near_misses"][0]["differs"] == "'s' is missing after 'customer'"
    assert "customers.csv" in now["why"]


def test_a_pattern_says_that_it_fits(world: World) -> None:
    world.configure([job(source_file_name="orders_*.csv", job_id="P1")])
    now = explain("data/in/orders_2026.csv")["now"]
    assert now["outcome"] == "triggered"
    assert "fits the pattern 'orders_*.csv' of job P1" in now["why"]


def test_an_invalid_config_says_all_its_faults(world: World) -> None:
    world.configure([job(is_active="yes"), {"job_id": 1}])
    now = explain("data/in/customers.csv")["now"]
    assert now["outcome"] == "failed"
    assert any("[0].is_active" in fault for fault in now["config"]["faults"])
    assert any("[1].job_id" in fault for fault in now["config"]["faults"])


@pytest.mark.parametrize(
    ("key", "outcome"),
    [
        ("notes.txt", "received"),
        ("config/config.json", "linted"),
        ("data/new_files/x.csv", "ignored"),
        ("incoming/north/customers.csv", "triggered"),
        ("incoming/logs/customers.csv", "received"),
        ("incoming/a/b/customers.csv", "received"),
        ("incoming/a/.csv", "received"),
        ("incoming/a/A.CSV", "not_configured"),
        ("data/in/<img src=x onerror=alert(1)>.csv", "not_configured"),
        ("data/in/new\nline.csv", "not_configured"),
    ],
)
def test_a_key_that_never_landed_says_what_would_happen(world: World, key: str, outcome: str) -> None:
    body = explain(key)
    assert body["key"] == key
    assert body["now"]["outcome"] == outcome
    assert body["story"] == []
    assert body["summary"].startswith("Nothing is recorded")


def test_what_would_happen_is_what_happens(world: World) -> None:
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "data/in/products.csv", "a/b.txt"):
        foreseen = explain(key)["now"]
        outcome = world.land(key)
        assert outcome["status"] == foreseen["outcome"]
        assert outcome.get("moved_to") == foreseen.get("moved_to")


def test_nothing_is_changed_by_asking(world: World) -> None:
    world.land("data/in/mystery.csv")
    with recorded() as calls:
        explain("data/in/mystery.csv")
        explain("in/2026-01-15/a.ndjson")
    assert {operation for operation, _ in calls} <= READS


def test_discovery_tells_what_it_queued(world: World, scans: Scans) -> None:
    scans.upload("incoming/north/customers.csv")
    scans.scan()
    body = explain("incoming/north/customers.csv")
    assert "Discovery queued it from folder north" in told(body)
    assert body["discovery"]["status"] == "queued"


def arrive(key: str, **properties: Any) -> None:
    for event in messages(upload(key, **properties)):
        assert app.ndjson_arrived(event, None) == {"batchItemFailures": []}


def test_an_accepted_ndjson_file_waits_for_its_batch(world: World) -> None:
    arrive("in/2026-01-15/a.ndjson")
    body = explain("in/2026-01-15/a.ndjson")
    assert "waits for its batch of 2026-01-15" in told(body)
    assert body["now"]["lane"] == "ndjson"


def test_a_manifested_file_names_its_manifest(world: World, environ: Any) -> None:
    environ(MAX_BATCH_SIZE_GB="0")
    arrive("in/2026-01-15/a.ndjson")
    body = explain("in/2026-01-15/a.ndjson")
    assert body["tracking"][0]["status"] == "manifested"
    assert body["manifests"][0]["manifest_key"] == body["tracking"][0]["manifest_key"]
    assert body["manifests"][0]["location"].startswith("s3://sluice-local-artifacts/manifests/2026-01-15/")
    assert "members" not in body["manifests"][0]


def test_a_quarantined_file_tells_its_reason(world: World) -> None:
    arrive("in/2026-01-15/a.ndjson", body=b"not json\n")
    body = explain("in/2026-01-15/a.ndjson")
    assert "It was quarantined: Line 1" in told(body)
    assert "quarantine/2026-01-15/in/2026-01-15/a.ndjson" in told(body)


@pytest.mark.parametrize(
    ("key", "body", "outcome", "says"),
    [
        ("in/2026-01-15/ok.ndjson", LINES, "quarantined", "Size"),
        ("in/2026-01-15/big.ndjson", LINES * 12_000, "pending", "accepted"),
        ("in/2026-01-15/wrong.json", LINES, "quarantined", "extension"),
        ("in/2026-01-15/text.ndjson", b"text\n" * 60_000, "quarantined", "not JSON"),
    ],
)
def test_an_object_of_the_ndjson_bucket_is_judged(
    world: World, environ: Any, key: str, body: bytes, outcome: str, says: str
) -> None:
    environ(SIZE_TOLERANCE_PERCENT="99")
    boto3.client("s3").put_object(Bucket=NDJSON, Key=key, Body=body)
    now = explain(key)["now"]
    assert (now["lane"], now["outcome"]) == ("ndjson", outcome)
    assert says in now["why"]


def test_a_file_without_a_date_in_its_key_is_found_by_its_own(world: World) -> None:
    put = boto3.client("s3").put_object(Bucket=NDJSON, Key="plain.ndjson", Body=LINES)
    found = boto3.client("s3").head_object(Bucket=NDJSON, Key="plain.ndjson")
    record = {"bucket": NDJSON, "key": "plain.ndjson", "size": 10 * 1024**2, "etag": put["ETag"],
              "last_modified": found["LastModified"].isoformat()}  # fmt: skip
    app.ndjson_arrived(sqs_event(record), None)
    assert explain("plain.ndjson")["tracking"][0]["status"] == "pending"


def test_a_file_is_found_among_many_of_its_name(world: World) -> None:
    records = [upload(f"in/2026-01-15/folder{n}/part.ndjson") for n in range(60)]
    for event in messages(*records):
        app.ndjson_arrived(event, None)
    last = max(rows(), key=lambda row: str(row["file_name"]))
    (only,) = explain(key_in(last["file_path"]))["tracking"]
    assert (only["file_path"], only["status"]) == (last["file_path"], "pending")


def test_a_quarantined_file_is_told_its_verdict_again_not_that_it_would_pass(world: World) -> None:
    arrive("in/2026-01-15/a.ndjson", body=b"not json\n")
    now = explain("in/2026-01-15/a.ndjson")["now"]
    assert now["outcome"] == "quarantined"
    assert "Line 1" in now["why"]
    assert now["next_step"].startswith("Mend the file")


def test_a_mended_file_under_a_quarantined_key_is_judged_for_itself(world: World) -> None:
    arrive("in/2026-01-15/a.ndjson", body=b"not json\n")
    world.s3.put_object(Bucket=NDJSON, Key="in/2026-01-15/a.ndjson", Body=LINES * 12_000)
    assert explain("in/2026-01-15/a.ndjson")["now"]["outcome"] == "pending"


def test_a_released_file_tells_its_quarantine_then_its_release_then_its_acceptance(world: World) -> None:
    key = "in/2026-01-15/a.ndjson"
    arrive(key, body=b"not json\n")
    Api("local-operator").post("/quarantine/release", {"key": key})
    back = boto3.client("s3").head_object(Bucket=NDJSON, Key=key)
    record = {"bucket": NDJSON, "key": key, "size": back["ContentLength"], "etag": back["ETag"],
              "last_modified": back["LastModified"].isoformat()}  # fmt: skip
    app.ndjson_arrived(sqs_event(record), None)
    texts = [line["text"] for line in explain(key)["story"]]
    assert [text[: len(start)] for text, start in zip(texts, STORY_OF_A_RELEASE, strict=True)] == [
        *STORY_OF_A_RELEASE
    ]


def test_a_parked_name_that_is_taken_is_not_promised_again(world: World) -> None:
    world.land("data/in/mystery.csv", b"one")
    foreseen = explain("data/in/mystery.csv")["now"]
    outcome = world.land("data/in/mystery.csv", b"two")
    assert foreseen["moved_to"] == "data/new_files/xxxxxxxx/mystery.csv"
    assert len(outcome["moved_to"]) == len(foreseen["moved_to"])


def test_a_folder_marker_gets_no_row_and_none_is_foreseen(world: World) -> None:
    assert explain("data/in/shop/")["now"]["outcome"] == "ignored"
    world.s3.put_object(Bucket=LANDING, Key="data/in/full/", Body=b"1")
    assert explain("data/in/full/")["now"]["outcome"] == "not_configured"


def test_a_file_that_repair_found_says_that_no_event_came(world: World, environ: Any) -> None:
    boto3.client("s3").put_object(Bucket=NDJSON, Key="in/2026-01-15/a.ndjson", Body=LINES * 12_000)
    environ(RECONCILE_GRACE_SECONDS="0")
    app.reconcile({}, None)
    assert "No event came, and repair found it. It was accepted" in told(explain("in/2026-01-15/a.ndjson"))


def test_a_failed_file_tells_its_attempts(world: World) -> None:
    world.configure(b"[")
    with pytest.raises(Exception, match="not usable"):
        world.land("data/in/customers.csv")
    assert "no outcome after 1 attempt: ConfigError" in told(explain("data/in/customers.csv"))


@pytest.mark.parametrize("query", [{}, {"key": ""}, {"key": "k" * 1025}, {"key": "a", "date": "2026-01-01"}])
def test_a_bad_question_is_400(query: dict[str, str]) -> None:
    reply = Api().get("/explain", query)
    assert reply.status == 400
    assert reply.body["Message"]


def test_an_object_beyond_the_catalogue_is_seen(world: World) -> None:
    world.s3.put_object(Bucket=LANDING, Key="data/in/customers.csv", Body=b"1")
    assert explain("data/in/customers.csv")["objects"]["landing"]["size"] == 1


@pytest.mark.parametrize(
    ("announced", "way_out"),
    [(True, "replay its key"), (False, "delete it, wait for a scan, and upload it again")],
)
def test_a_discovered_file_that_is_put_back_unchanged_tells_why_no_scan_queues_it(
    world: World, scans: Scans, announced: bool, way_out: str
) -> None:
    key = "incoming/shop/mystery.csv"
    world.upload(key)
    scans.put_state(scans.document(key, body=world.read(key)))
    if announced:
        world.deliver(key)
    assert scans.scan()["queued"] == 0
    assert way_out in explain(key)["summary"]
    Api("local-operator").post("/replay", {"keys": [key]})
    assert announced == ("no scan queues it" not in told(explain(key)))


def test_a_discovered_file_that_waits_for_its_message_has_nothing_wrong(world: World, scans: Scans) -> None:
    world.upload("incoming/shop/mystery.csv")
    scans.scan()
    assert "no scan queues it" not in told(explain("incoming/shop/mystery.csv"))
