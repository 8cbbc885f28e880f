"""What discovery finds, queues and records."""

from __future__ import annotations

import json
import re
from typing import Any

import app
from tests.faults.dying import Process, running
from tests.support.builders import LANDING, sqs_event
from tests.support.lanes.scans import ARTIFACTS, STATE_KEY, Scans, pages_of

A, B = "incoming/a/x.csv", "incoming/b/y.csv"


def counts(result: dict[str, Any]) -> tuple[int, int, int, int]:
    return result["queued"], result["skipped"], result["errors"], result["removed"]


def test_new_files_are_queued_and_recorded_once(scans: Scans) -> None:
    scans.upload(A, B)
    result = scans.scan()
    assert set(result) == {
        "statusCode", "queued", "skipped", "errors", "removed", "complete", "execution_time_seconds"
    }  # fmt: skip
    assert (result["statusCode"], counts(result), result["complete"]) == (200, (2, 0, 0, 0), True)
    assert scans.queued_keys() == [A, B]
    assert counts(scans.scan()) == (0, 2, 0, 0)
    assert scans.queued_keys() == []


def test_a_message_and_an_entry_say_what_the_contract_asks_for(scans: Scans) -> None:
    scans.upload(A, body=b"id\n12\n")
    found = scans.s3.head_object(Bucket=LANDING, Key=A)
    scans.scan()
    etag = found["ETag"].strip('"')
    (message,) = scans.messages()
    modified = found["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert message == {"bucket": LANDING, "key": A, "etag": etag, "size": 6, "folder": "a",
                       "last_modified": modified, "change": "new"}  # fmt: skip
    entry = scans.state()["files"][A]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.pop("queued_at"))
    assert entry == {"status": "queued", "size": 6, "folder": "a", "etag": etag}


def test_a_changed_file_is_queued_again_and_a_deleted_one_leaves_the_state(scans: Scans) -> None:
    scans.upload(A, B)
    scans.scan()
    scans.messages()
    scans.upload(A, body=b"changed")
    scans.delete(B)
    assert counts(scans.scan()) == (1, 0, 0, 1)
    (message,) = scans.messages()
    assert (message["key"], message["change"]) == (A, "updated")
    assert list(scans.recorded()) == [A]


def test_csv_files_exactly_one_folder_deep_are_found(scans: Scans) -> None:
    names = ("a/X.CSV", "a b/+%41.csv", "Ä/𝄞.csv", "../a..csv", "<script>/a\nb.csv",
             "a/" + "x" * 1009 + ".csv", "logs2/a.csv", '"/\\".csv', "a/%2e.csv",
             "\u2028/\ufffd.csv")  # fmt: skip
    keys = sorted("incoming/" + name for name in names)
    scans.upload(*keys)
    assert scans.scan()["queued"] == len(keys)
    messages = scans.messages()
    assert [message["key"] for message in messages] == keys
    assert [message["folder"] for message in messages] == [key.split("/")[1] for key in keys]
    assert list(scans.state()["files"]) == keys
    assert counts(scans.scan()) == (0, len(keys), 0, 0)


def test_names_of_uploads_under_way_are_left_until_they_are_renamed(scans: Scans, environ: Any) -> None:
    environ(IGNORED_NAMES="*.part,up_*.csv,*~")
    scans.upload("incoming/a/UP_1.csv", "incoming/a/x.csv.part", "incoming/a/x.csv")
    scans.scan()
    (message,) = scans.messages()
    assert message["key"] == "incoming/a/x.csv"
    forged = {**message, "key": "incoming/a/UP_1.csv"}
    assert app.csv_discovered(sqs_event(forged), None)["batchItemFailures"] != []


def test_anything_else_is_not(scans: Scans) -> None:
    names = ("x.csv", "a/b/x.csv", "a/x.csv.gz", "a/x.txt", "logs/x.csv", "TEMP/x.csv", "Backups/x.csv",
             "a/x.csv/", "a/csv", "/x.csv", "a/.csv", "a/._x.csv")  # fmt: skip
    scans.upload("other/a/x.csv", *("incoming/" + name for name in names))
    assert counts(scans.scan()) == (0, 0, 0, 0)
    assert scans.queued_keys() == []


def test_folders_to_skip_can_be_chosen_and_be_none(scans: Scans, environ: Any) -> None:
    scans.upload("incoming/Logs/x.csv", "incoming/drafts/x.csv")
    environ(SKIP_FOLDERS="Drafts, ")
    scans.scan()
    assert list(scans.recorded()) == ["incoming/Logs/x.csv"]
    environ(SKIP_FOLDERS="")
    scans.scan()
    assert list(scans.recorded()) == ["incoming/Logs/x.csv", "incoming/drafts/x.csv"]


def test_folders_sort_with_their_slash(scans: Scans) -> None:
    keys = [
        "incoming/a-b/x.csv",
        "incoming/a/x.csv",
        "incoming/a0/x.csv",
        "incoming/Z/x.csv",
        "incoming/é/x.csv",
    ]
    scans.upload(*keys)
    assert scans.scan()["queued"] == 5
    assert list(scans.state()["files"]) == sorted(keys, key=str.encode)
    assert counts(scans.scan()) == (0, 5, 0, 0)


def test_outputs_of_sluice_are_never_data(scans: Scans, environ: Any) -> None:
    environ(S3_PREFIX="data/")
    scans.upload("data/new_files/orders.csv", "data/in/orders.csv")
    scans.scan()
    assert scans.queued_keys() == ["data/in/orders.csv"]


def test_an_unchanged_state_is_not_written_again(scans: Scans) -> None:
    scans.upload(A)
    scans.scan()
    before = scans.s3.head_object(Bucket=ARTIFACTS, Key=STATE_KEY)
    scans.s3.put_object_tagging(
        Bucket=ARTIFACTS, Key=STATE_KEY, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    )
    scans.scan()
    tags = scans.s3.get_object_tagging(Bucket=ARTIFACTS, Key=STATE_KEY)["TagSet"]
    assert (before["ETag"], len(tags)) == (scans.s3.head_object(Bucket=ARTIFACTS, Key=STATE_KEY)["ETag"], 1)


def test_nothing_found_and_nothing_known_writes_no_state(scans: Scans) -> None:
    scans.scan()
    assert STATE_KEY not in scans.written_keys()


def test_more_files_than_a_page_and_than_a_batch(scans: Scans) -> None:
    keys = [f"incoming/{folder}/{number:02}.csv" for folder in "ab" for number in range(30)]
    scans.upload(*keys)
    scans.put_state(scans.document(*keys[::2]))
    with running(Process(pages_of(7))):
        assert counts(scans.scan()) == (30, 30, 0, 0)
        assert list(scans.recorded()) == keys
        assert scans.queued_keys() == keys[1::2]
        assert counts(scans.scan()) == (0, 60, 0, 0)


def test_new_files_of_many_folders_share_requests_of_ten(scans: Scans) -> None:
    old = [f"incoming/{number:02}/old.csv" for number in range(25)]
    scans.upload(*old, *(key.replace("old", "new") for key in old))
    scans.put_state(scans.document(*old))
    process = Process()
    with running(process):
        assert counts(scans.scan()) == (25, 25, 0, 0)
    assert sum(call.operation == "SendMessageBatch" for call in process.calls) == 3
    assert list(scans.recorded()) == sorted([*old, *(key.replace("old", "new") for key in old)])


def test_the_last_scan_is_kept_for_the_api(scans: Scans) -> None:
    scans.upload(A)
    result = scans.scan()
    last = scans.last_scan()
    assert {name: last[name] for name in result} == result
    assert last["outcome"] == "complete"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", last["started_at"])


def test_each_scan_logs_one_summary_and_its_metrics(scans: Scans, capsys: Any) -> None:
    scans.upload(A)
    scans.scan()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (summary,) = [line for line in lines if line["message"] == "discovery"]
    (metrics,) = [line for line in lines if line.get("lane") == "discovery"]
    assert (summary["queued"], summary["outcome"]) == (1, "complete")
    assert {"queued", "skipped", "errors", "removed", "duration_seconds"} <= metrics.keys()
