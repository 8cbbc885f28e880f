"""Discovery when the queue or the listing fails it, and when two scans overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ConnectTimeoutError

import app
from chalicelib.aws import queue
from tests.faults.dying import Call, Process, Send, calls_of, deaths, run, running
from tests.support.builders import LANDING
from tests.support.lanes.scans import (
    ARTIFACTS,
    LAST_SCAN_KEY,
    STATE_KEY,
    Scans,
    aws_error,
    pages_of,
)

A, B, C, D = (f"incoming/{folder}/x.csv" for folder in "abcd")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "BACKOFF_SECONDS", 0)


def refusing(keys: set[str], *, times: int = 99, sender_fault: bool = False) -> Callable[[Call, Send], Any]:
    """Have the queue refuse the messages about `keys`, the first `times` times that each is sent."""
    left = dict.fromkeys(keys, times)

    def refuse(entry: Any) -> bool:
        key = next((key for key in keys if f'"{key}"' in entry["MessageBody"]), "")
        left[key] = left.get(key, 0) - 1
        return left[key] >= 0

    def fault(call: Call, send: Send) -> Any:
        if call.operation != "SendMessageBatch":
            return send()
        entries = call.parameters["Entries"]
        failed = [entry for entry in entries if refuse(entry)]
        call.parameters["Entries"][:] = [entry for entry in entries if entry not in failed]
        answer = send() if call.parameters["Entries"] else {}
        refused = [
            {"Id": each["Id"], "SenderFault": sender_fault, "Code": "InternalError"} for each in failed
        ]
        return {**answer, "Failed": refused}

    return fault


def failing(operation: str, error: Exception, **parameters: str) -> Callable[[Call, Send], Any]:
    """Have every call of `operation` with these parameters fail."""

    def fault(call: Call, send: Send) -> Any:
        if call.operation == operation and parameters.items() <= call.parameters.items():
            raise error
        return send()

    return fault


def scan_with(scans: Scans, fault: Callable[[Call, Send], Any], context: object = None) -> dict[str, Any]:
    with running(Process(fault)):
        return scans.scan(context)


def test_a_rejected_message_is_an_error_and_its_file_is_queued_by_the_next_scan(scans: Scans) -> None:
    scans.upload(A, B, C)
    result = scan_with(scans, refusing({B}))
    assert (result["statusCode"], result["queued"], result["errors"]) == (207, 2, 1)
    assert list(scans.recorded()) == [A, C]
    assert scans.scan()["queued"] == 1
    assert scans.queued_keys() == [A, B, C]


def test_a_rejected_update_keeps_the_old_entry(scans: Scans) -> None:
    scans.upload(A, B)
    scans.scan()
    before = scans.recorded()
    scans.upload(A, body=b"changed")
    result = scan_with(scans, refusing({A}, sender_fault=True))
    assert (result["statusCode"], result["skipped"], result["errors"]) == (207, 1, 1)
    assert scans.recorded() == before
    assert scans.scan()["queued"] == 1


def test_an_entry_that_fails_for_a_moment_is_sent_again_at_once(scans: Scans) -> None:
    scans.upload(A, B, C)
    result = scan_with(scans, refusing({B, C}, times=2))
    assert (result["statusCode"], result["queued"], result["errors"]) == (200, 3, 0)
    assert scans.queued_keys() == [A, B, C]


@pytest.mark.parametrize(
    "error", [aws_error("AWS.SimpleQueueService.NonExistentQueue"), ConnectTimeoutError(endpoint_url="x")]
)
def test_a_queue_out_of_reach_loses_nothing_and_is_soon_left_alone(scans: Scans, error: Exception) -> None:
    scans.upload(A)
    scans.scan()
    scans.upload(*(f"incoming/b/{number:03}.csv" for number in range(400)))
    process = Process(failing("SendMessageBatch", error))
    with running(process):
        result = scans.scan()
    assert (result["statusCode"], result["queued"], result["skipped"], result["errors"]) == (207, 0, 1, 400)
    assert list(scans.recorded()) == [A]
    assert sum(call.operation == "SendMessageBatch" for call in process.calls) == 12


def test_a_folder_that_cannot_be_listed_keeps_its_entries(scans: Scans) -> None:
    scans.upload(A, B, C)
    scans.scan()
    scans.messages()
    scans.delete(A)
    scans.delete(B)
    scans.upload("incoming/b/other.txt", D)
    result = scan_with(scans, failing("ListObjectsV2", aws_error("AccessDenied", 403), Prefix="incoming/b/"))
    assert (result["statusCode"], result["queued"], result["errors"], result["removed"]) == (207, 1, 1, 1)
    assert list(scans.recorded()) == [B, C, D]
    assert scans.scan()["removed"] == 1


def test_folders_that_cannot_be_listed_at_all_keep_everything(scans: Scans) -> None:
    scans.upload(A, B)
    scans.scan()
    scans.delete(A)
    before = scans.raw_state()
    result = scan_with(scans, failing("ListObjectsV2", aws_error("SlowDown", 503)))
    assert (result["statusCode"], result["errors"], result["removed"]) == (207, 1, 0)
    assert scans.raw_state() == before


def test_a_later_page_that_fails_keeps_only_what_was_not_seen(scans: Scans) -> None:
    keys = [f"incoming/a/{number}.csv" for number in range(9)]
    scans.upload(*keys[1:6], D)
    scans.put_state(scans.document(*keys, C))

    def fault(call: Call, send: Send) -> Any:
        if "ContinuationToken" in call.parameters:
            raise aws_error("InternalError", 500)
        return pages_of(3)(call, send)

    result = scan_with(scans, fault)
    assert (result["statusCode"], result["queued"], result["errors"], result["removed"]) == (207, 1, 1, 2)
    assert list(scans.recorded()) == [*keys[1:], D]


@contextmanager
def overtaken(scans: Scans, before: str, occurrence: int = 1) -> Iterator[list[dict[str, Any]]]:
    """Run a whole other scan right before a call named `before`."""
    real: Any = BaseClient._make_api_call  # type: ignore[attr-defined]
    other: list[dict[str, Any]] = []
    seen = 0

    def call(self: Any, operation: str, parameters: Any) -> Any:
        nonlocal seen
        seen += operation == before
        if operation == before and seen == occurrence and not other:
            other.append({})
            other[0] = scans.scan()
        return real(self, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", call):
        yield other


OVERTAKEN_BEFORE = [("PutObject", 1), ("SendMessageBatch", 1), ("ListObjectsV2", 2)]


@pytest.mark.parametrize(
    ("known", "before", "occurrence"),
    [
        *(([], *moment) for moment in OVERTAKEN_BEFORE),
        *(([A], *moment) for moment in [*OVERTAKEN_BEFORE, ("GetObject", 2)]),
    ],
)
def test_of_two_overlapping_scans_one_stores_its_result_and_the_other_says_it_lost(
    scans: Scans, known: list[str], before: str, occurrence: int
) -> None:
    scans.upload(A, B, C)
    if known:
        scans.put_state(scans.document(*known))
    with overtaken(scans, before, occurrence) as other:
        loser = scans.scan()
    assert (other[0]["statusCode"], other[0]["errors"]) == (200, 0)
    assert (loser["statusCode"], loser["errors"] >= 1, loser["complete"]) == (207, True, False)
    assert list(scans.recorded()) == [A, B, C]
    assert scans.last_scan()["outcome"] == "complete"
    assert set(scans.queued_keys()) == {A, B, C} - set(known)
    assert scans.scan()["queued"] == 0


def test_a_scan_killed_at_any_of_its_calls_loses_nothing(scans: Scans) -> None:
    def fresh() -> None:
        for bucket in (LANDING, ARTIFACTS):
            for item in scans.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                scans.s3.delete_object(Bucket=bucket, Key=item["Key"])
        scans.messages()
        scans.upload(A, B, C, D)
        scans.upload(C, body=b"changed")
        scans.put_state(scans.document(A, C, "incoming/gone/x.csv"))

    fresh()
    calls = calls_of(scans.scan)
    assert {call.operation for call in calls} == {
        "GetObject",
        "ListObjectsV2",
        "SendMessageBatch",
        "PutObject",
    }
    for death in deaths(calls):
        fresh()
        assert run(scans.scan, death), str(death)
        scans.state()
        again = scans.scan()
        assert (again["statusCode"], again["complete"]) == (200, True), str(death)
        assert list(scans.recorded()) == [A, B, C, D], str(death)
        assert set(scans.queued_keys()) == {B, C, D}, str(death)
        assert scans.scan()["queued"] == 0, str(death)


def test_a_result_that_cannot_be_stored_for_the_api_does_not_fail_the_scan(scans: Scans) -> None:
    scans.upload(A)
    result = scan_with(scans, failing("PutObject", aws_error("AccessDenied", 403), Key=LAST_SCAN_KEY))
    assert (result["statusCode"], result["queued"]) == (200, 1)
    assert list(scans.recorded()) == [A]


def test_a_killed_first_scan_leaves_no_half_a_state(scans: Scans) -> None:
    scans.upload(A, B)
    calls = calls_of(scans.scan)
    for death in deaths(calls):
        scans.s3.delete_object(Bucket=ARTIFACTS, Key=STATE_KEY)
        run(scans.scan, death)
        scans.scan()
        assert list(scans.recorded()) == [A, B], str(death)


def test_without_the_settings_it_needs_the_scan_names_them(scans: Scans, environ: Any) -> None:
    assert app.settings().s3_state_key == STATE_KEY
    environ(SQS_QUEUE_URL="not a url")
    with pytest.raises(Exception, match="SQS_QUEUE_URL"):
        scans.scan()
