"""A stage whose input buckets are the user's own: watched beside others, let go with the stage, and kept."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support.account import Account

pytestmark = pytest.mark.xdist_group("given buckets")
LANDING, LINES = "acme-in", "acme-lines"
LARGE_ENOUGH = b'{"id":1}\n' * 20_000
OTHERS = "acme-others"
THEIRS = [OTHERS, OTHERS]  # a queue and a function
SECONDS = 30


def _give(account: Account, queue: str) -> None:
    """Make two buckets that tell others of what is removed or tagged, and have stage dev watch them."""
    s3 = account.session.client("s3")
    function = queue.replace(":sqs:", ":lambda:").replace(":acme", ":function:acme")
    told: Any = {
        "QueueConfigurations": [{"Events": ["s3:ObjectRemoved:*"], "QueueArn": queue}],
        "LambdaFunctionConfigurations": [{"Events": ["s3:ObjectTagging:*"], "LambdaFunctionArn": function}],
    }
    for bucket in (LANDING, LINES):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)
    config = account.project / ".chalice" / "config.json"
    read = json.loads(config.read_text())
    read["stages"]["dev"]["environment_variables"] |= {"LANDING_BUCKET": LANDING, "NDJSON_BUCKET": LINES}
    config.write_text(json.dumps(read))


def _destinations(s3: Any, bucket: str) -> list[str]:
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    entries = [each for value in found.values() if isinstance(value, list) for each in value]
    arns = (each.get("LambdaFunctionArn") or each["QueueArn"] for each in entries)
    return sorted(arn.rpartition(":")[2] for arn in arns)


def _removed(account: Account, url: str, bucket: str) -> str:
    """Put an object and delete it; return the key of which the user's own queue is told."""
    s3, sqs = account.session.client("s3"), account.session.client("sqs")
    s3.put_object(Bucket=bucket, Key="gone.part", Body=b"")
    s3.delete_object(Bucket=bucket, Key="gone.part")
    records: list[Any] = []
    while not records:  # S3 tries every notification when one is put: s3:TestEvent
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        records = json.loads(message["Body"]).get("Records", [])
    (record,) = records
    return f"{record['s3']['bucket']['name']}/{record['s3']['object']['key']}"


def _outcome(account: Account, table: str, name: str, value: str) -> str:
    """Return the status of the row of an upload, as soon as there is one."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for row in account.await_rows(table):
            if row.get(name) == {"S": value}:
                return str(row["status"]["S"])
        time.sleep(0.2)
    raise AssertionError(f"no row of {value} in {table}")


def test_own_buckets_are_watched_beside_others_and_stay_when_the_stage_goes(account: Account) -> None:
    sqs, s3 = account.session.client("sqs"), account.session.client("s3")
    url = sqs.create_queue(QueueName=OTHERS)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    _give(account, arn)
    for _ in range(2):  # the second one finds its notifications there
        deployed = account.deploy()
        assert deployed.returncode == 0, deployed.stderr
        assert _destinations(s3, LANDING) == [*THEIRS, "sluice-dev-object_created"]
        assert _destinations(s3, LINES) == [*THEIRS, "sluice-dev-ndjson"]
    buckets = {each["Name"] for each in s3.list_buckets()["Buckets"]}
    assert not buckets & {f"sluice-dev-{lane}-123456789012" for lane in ("landing", "ndjson")}

    s3.put_object(Bucket=LANDING, Key="note.txt", Body=b"text")
    s3.put_object(Bucket=LINES, Key="2026-11-28/lines.ndjson", Body=LARGE_ENOUGH)
    assert _outcome(account, "sluice-dev-catalog", "file_key", "note.txt") == "received"
    path = f"s3://{LINES}/2026-11-28/lines.ndjson"
    assert _outcome(account, "sluice-dev-tracking", "file_path", path) == "pending"
    assert {_removed(account, url, bucket) for bucket in (LANDING, LINES)} == {
        "acme-in/gone.part",
        "acme-lines/gone.part",
    }

    destroyed = account.destroy("--delete-data")
    assert destroyed.returncode == 0, destroyed.stderr
    for bucket, key in ((LANDING, "note.txt"), (LINES, "2026-11-28/lines.ndjson")):
        assert f"Bucket {bucket}, which is your own, stays" in destroyed.stdout
        assert _destinations(s3, bucket) == THEIRS
        assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
        assert _removed(account, url, bucket) == f"{bucket}/gone.part"
