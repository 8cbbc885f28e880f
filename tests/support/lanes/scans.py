"""The scheduled lanes in tests: files, the state document, the queue, and Lambda's clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from math import inf
from typing import Any, cast

import boto3
from botocore.exceptions import ClientError

import app
from tests.faults.dying import Call, Send
from tests.support.builders import LANDING

ARTIFACTS = "sluice-local-artifacts"
STATE_KEY = "state/processed_files.json"
LAST_SCAN_KEY = "state/last_scan.json"
BODY = b"id\n1\n"
QUEUE = "sluice-local-discovered"


class LambdaContext:
    """A Lambda context that reports `milliseconds` left for the first `looks` at its clock, then 1."""

    def __init__(self, looks: float = inf, milliseconds: int = 60_000) -> None:
        self._looks = looks
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left."""
        self._looks -= 1
        return self._milliseconds if self._looks >= 0 else 1

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass."""
        self._milliseconds -= milliseconds


class Scans:
    """Everything that discovery reads and writes."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3")
        self.sqs = boto3.client("sqs")
        self._queue_url = self.sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]

    def upload(self, *keys: str, body: bytes = BODY) -> None:
        """Upload objects that no event announces."""
        for key in keys:
            self.s3.put_object(Bucket=LANDING, Key=key, Body=body)

    def delete(self, key: str) -> None:
        """Delete an object of the landing bucket."""
        self.s3.delete_object(Bucket=LANDING, Key=key)

    def scan(self, context: object = None) -> dict[str, Any]:
        """Run `discover_csv` and return its result."""
        result: dict[str, Any] = app.discover_csv({"source": "aws.events"}, context)
        assert result == json.loads(json.dumps(result)), "Lambda returns JSON"
        return result

    def scan_to_the_end(self, context: Callable[[], object]) -> list[dict[str, Any]]:
        """Scan until a scan is complete and return all results."""
        results = [self.scan(context())]
        while not results[-1]["complete"]:
            results.append(self.scan(context()))
        return results

    def document(self, *keys: str, body: bytes = BODY, **changes: Any) -> dict[str, Any]:
        """Build the document that holds `keys` as queued with `body`."""
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        entry = {"status": "queued", "size": len(body), "etag": etag, "queued_at": "2026-01-31T00:00:00Z"}
        files = {key: {**entry, "folder": key.split("/")[1]} for key in keys}
        return {"version": 1, "files": files} | changes

    def put_state(self, document: dict[str, Any] | str | bytes) -> bytes:
        """Store a state document in the contract's layout; store bytes and text unchanged."""
        text = document if isinstance(document, (str, bytes)) else laid_out(document)
        body = text.encode() if isinstance(text, str) else text
        self.s3.put_object(Bucket=ARTIFACTS, Key=STATE_KEY, Body=body)
        return body

    def raw_state(self) -> bytes:
        """Return the bytes of the state document."""
        body: bytes = self.s3.get_object(Bucket=ARTIFACTS, Key=STATE_KEY)["Body"].read()
        return body

    def state(self) -> dict[str, Any]:
        """Return the state document; fail when it has not the contract's layout."""
        return checked_layout(self.raw_state())

    def recorded(self) -> dict[str, str]:
        """Return the recorded keys and their ETags."""
        return {key: fields["etag"] for key, fields in self.state()["files"].items()}

    def last_scan(self) -> dict[str, Any]:
        """Return the last scan's report, which the API shows."""
        body = self.s3.get_object(Bucket=ARTIFACTS, Key=LAST_SCAN_KEY)["Body"].read()
        loaded: dict[str, Any] = json.loads(body)
        return loaded

    def written_keys(self) -> list[str]:
        """Return the keys of the artifacts bucket."""
        page = self.s3.list_objects_v2(Bucket=ARTIFACTS)
        return [item["Key"] for item in page.get("Contents", [])]

    def messages(self) -> list[dict[str, Any]]:
        """Take every message off the queue."""
        taken: list[dict[str, Any]] = []
        while found := self.sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            taken += [json.loads(message["Body"]) for message in found]
            for message in found:
                self.sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(taken, key=lambda message: str(message["key"]))

    def queued_keys(self) -> list[str]:
        """Take every message off the queue and return their keys, sorted."""
        return [message["key"] for message in self.messages()]


def pages_of(count: int) -> Callable[[Call, Send], Any]:
    """Have listings return pages of `count` keys."""

    def fault(call: Call, send: Send) -> Any:
        if call.operation == "ListObjectsV2":
            cast("dict[str, Any]", call.parameters)["MaxKeys"] = count
        return send()

    return fault


def aws_error(code: str, status: int = 400) -> ClientError:
    """Build AWS's error `code`, as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


def laid_out(document: dict[str, Any]) -> str:
    """Return a state document in the contract's layout."""
    names = ("status", "size", "folder", "etag", "queued_at")
    entries = [
        json.dumps({key: {name: fields[name] for name in names}}, ensure_ascii=False, separators=(",", ":"))[
            1:-1
        ]
        for key, fields in sorted(document["files"].items())
    ]
    resume = f'"resume_after":{json.dumps(document["resume_after"])},' if "resume_after" in document else ""
    return "\n".join([f'{{"version":1,{resume}"files":{{', *([",\n".join(entries)] if entries else []), "}}"])


def checked_layout(body: bytes) -> dict[str, Any]:
    """Read a state document and check its layout: header line, one entry a line in byte order, end."""
    document: dict[str, Any] = json.loads(body)
    assert document["version"] == 1
    first, *entries, end = body.split(b"\n")
    assert first.startswith(b'{"version":1,')
    assert first.endswith(b'"files":{')
    assert end == b"}}"
    keys = [next(iter(json.loads(b"{" + line.rstrip(b",") + b"}"))) for line in entries]
    assert keys == sorted(document["files"], key=str.encode)
    for fields in document["files"].values():
        assert list(fields) == ["status", "size", "folder", "etag", "queued_at"]
        assert '"' not in fields["etag"]
    return document
