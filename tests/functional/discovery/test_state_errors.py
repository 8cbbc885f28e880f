"""State documents that cannot be used: named, left alone, and nothing is queued because of them."""

from __future__ import annotations

import pytest

from chalicelib.discovery import stored_state
from chalicelib.errors import StateError
from tests.support.api import Api
from tests.support.lanes.scans import Scans

A, B, C = (f"incoming/{folder}/x.csv" for folder in ("a", "b", "cé"))
LINES = '{"version":1,"files":{\n"incoming/a/x.csv":%s,\n"incoming/b/x.csv":%s\n}}'
HEADER = b'{"version":1,"resume_after":"%s","files":{\n}}'
GOOD = '{"status":"queued","size":1,"folder":"a","etag":"e","queued_at":"2026-01-31T00:00:00Z"}'


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"", 1),
        (b"\x00", 1),
        ("[]", 1),
        ('"files"', 1),
        ("{}", 1),
        ('{"version":2,"files":{}}', 1),
        ('{"version":true,"files":{}}', 1),
        ('{"version":1,"files":[]}', 1),
        ('{"version":1,"files":{},"cursor":"x"}', 1),
        ('{"version":1,"resume_after":7,"files":{}}', 1),
        (HEADER % rb"incoming/\q", 1),
        (HEADER % b"incoming/\xff", 1),
        (HEADER % rb"incoming/\ud800", 1),
        (HEADER % (b"incoming/" + b"x" * 1016), 1),
        ((LINES % (GOOD, GOOD))[:-3], 3),
        ((LINES % (GOOD, GOOD))[:150], 3),
        ((LINES % (GOOD, GOOD)) + "\n}}", 5),
        (LINES % (GOOD, '{"status":"queued"}'), 3),
        (LINES % (GOOD, GOOD.replace("1,", '"1",')), 3),
        (LINES % (GOOD, GOOD.replace('"e"', "null")), 3),
        (LINES % (GOOD, "oops"), 3),
        (LINES % ("[]", GOOD), 2),
        ((LINES % (GOOD, GOOD)).encode().replace(b"/b/", b"/\xff/"), 3),
    ],
)
def test_a_corrupt_or_foreign_document_is_named_left_alone_and_nothing_is_queued(
    shared_scans: Scans, body: str | bytes, line: int
) -> None:
    shared_scans.upload(A, B, C, *(f"incoming/e/{number}.csv" for number in range(50)))
    before = shared_scans.put_state(body)
    with pytest.raises(
        StateError, match=rf"s3://sluice-local-artifacts/state/processed_files.json, line {line}\b"
    ):
        shared_scans.scan()
    assert shared_scans.raw_state() == before
    assert shared_scans.queued_keys() == []
    assert shared_scans.last_scan()["outcome"] == "failed"
    assert f"line {line}" in shared_scans.last_scan()["error"]


def test_a_document_too_large_to_be_normalised_is_named_with_its_line(
    shared_scans: Scans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_state, "LOADABLE_BYTES", 100)
    shared_scans.upload(A, B)
    shared_scans.put_state(LINES % (GOOD, "oops"))
    with pytest.raises(StateError, match=r"line 3 is .*too large to be normalised"):
        shared_scans.scan()
    assert shared_scans.queued_keys() == []


@pytest.mark.parametrize("place", [rb"\q", b"\xff", rb"\ud800"])
def test_the_api_tells_what_is_wrong_with_a_document_that_cannot_be_used(
    shared_scans: Scans, place: bytes
) -> None:
    shared_scans.put_state(HEADER % place)
    reply = Api().get("/discovery")
    assert (reply.status, reply.body["state"], reply.body["items"]) == (200, None, [])
    assert "s3://sluice-local-artifacts/state/processed_files.json, line 1" in reply.body["fault"]
    explained = Api().get("/explain", key=A)
    assert (explained.status, explained.body["discovery"]) == (200, None)
