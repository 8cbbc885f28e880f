"""Object events: every shape in which AWS or Sluice says "an object is there", read into one record.

Native S3 notifications, S3 inside an SQS body, S3 inside an SNS envelope inside an SQS body, EventBridge
"Object Created" and the messages of `discover_csv` all become `ObjectEvent`. An event is a hint: the
object that it names decides what happens.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.errors import EventError

MAX_KEY_BYTES = 1024  # S3's limit on a key, in UTF-8
S3_ETAG = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")  # anything else in an event names no version that ever was
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
MAX_NESTING = 4  # Lambda event, SQS body, SNS envelope, S3 notification

EVENTBRIDGE_REASONS = {  # EventBridge names API operations; S3 notifications name event types
    "PutObject": "ObjectCreated:Put",
    "POST Object": "ObjectCreated:Post",
    "CopyObject": "ObjectCreated:Copy",
    "CompleteMultipartUpload": "ObjectCreated:CompleteMultipartUpload",
}


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """One object that an event names: `key` decoded, `etag` without quotes, absent strings empty."""

    bucket: str
    key: str
    size_bytes: int
    etag: str
    event_name: str
    event_time: datetime
    sequencer: str = ""
    version_id: str = ""

    @property
    def is_folder_marker(self) -> bool:
        """Tell whether this is the empty object that consoles make for a folder."""
        return self.key.endswith("/") and self.size_bytes == 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What one payload held: the objects to process, and how many entries were ignored, by reason."""

    events: list[ObjectEvent] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def without(self, prefixes: Iterable[str]) -> Reading:
        """Leave out objects under Sluice's own output `prefixes`, counting them as ignored."""
        own = tuple(prefix for prefix in prefixes if prefix)
        kept = [event for event in self.events if not event.key.startswith(own)]
        if len(kept) == len(self.events):
            return self
        ignored = self.ignored + Counter({"own_output": len(self.events) - len(kept)})
        return Reading(kept, ignored)


def read_body(body: object) -> Reading:
    """Read the body of one queue message; raise EventError naming what is wrong with it."""
    if not isinstance(body, str):
        raise EventError(f"message body is {_kind(body)}, expected a JSON string")
    return read_event(_json(body, "message body"))


def was_delivered_before(record: Mapping[str, Any]) -> bool:
    """Tell whether SQS has delivered this message before: whoever had it failed, or died."""
    attributes = record.get("attributes")
    count = str(attributes.get("ApproximateReceiveCount", "")) if isinstance(attributes, Mapping) else ""
    return count.isdecimal() and int(count) > 1


def read_event(payload: object) -> Reading:
    """Read any accepted payload; raise EventError naming the first part that cannot be read."""
    reading = Reading()
    _read_into(reading, payload, MAX_NESTING)
    return reading


def _read_into(reading: Reading, payload: object, depth: int) -> None:
    if depth == 0:
        raise EventError(f"event is nested more than {MAX_NESTING} deep")
    if not isinstance(payload, Mapping):
        raise EventError(f"event is {_kind(payload)}, expected a JSON object")
    if payload.get("Event") == "s3:TestEvent":
        reading.ignored["test_event"] += 1
    elif "Records" in payload:
        _read_records(reading, payload["Records"], depth)
    elif "detail-type" in payload:
        _read_eventbridge(reading, payload)
    elif payload.get("Type") == "Notification":
        _read_into(reading, _json(payload.get("Message"), "SNS Message"), depth - 1)
    elif "bucket" in payload and "key" in payload:
        _add(reading, _discovered(payload))
    else:
        raise EventError(
            f"event has none of Records, detail-type, Type or bucket and key: its keys are {_some(payload)}"
        )


def _read_records(reading: Reading, records: object, depth: int) -> None:
    if not isinstance(records, list):
        raise EventError(f"Records is {_kind(records)}, expected a list")
    for index, record in enumerate(records):
        where = f"Records[{index}]"
        if not isinstance(record, Mapping):
            raise EventError(f"{where} is {_kind(record)}, expected an object")
        if "body" in record:
            _read_into(reading, _json(record["body"], f"{where}.body"), depth - 1)
        elif "s3" in record:
            _read_s3_record(reading, record, where)
        else:
            raise EventError(f"{where} has neither s3 nor body: its keys are {_some(record)}")


def _read_s3_record(reading: Reading, record: Mapping[str, Any], where: str) -> None:
    name = _text(record, "eventName", where).removeprefix("s3:")
    if not name.startswith("ObjectCreated:"):
        reading.ignored["not_created"] += 1
        return
    s3 = _object(record, "s3", where)
    item = _object(s3, "object", f"{where}.s3")
    event = ObjectEvent(
        bucket=_text(_object(s3, "bucket", f"{where}.s3"), "name", f"{where}.s3.bucket"),
        key=_checked_key(_decoded(_text(item, "key", f"{where}.s3.object")), where),
        size_bytes=_size(item.get("size", 0), where),
        etag=_optional(item, "eTag").strip('"'),
        event_name=name,
        event_time=_time(record.get("eventTime"), f"{where}.eventTime"),
        sequencer=_optional(item, "sequencer"),
        version_id=_optional(item, "versionId"),
    )
    _add(reading, event)


def _read_eventbridge(reading: Reading, payload: Mapping[str, Any]) -> None:
    if payload.get("source") != "aws.s3":
        raise EventError(f"EventBridge source is {payload.get('source')!r:.80}, expected 'aws.s3'")
    if payload["detail-type"] != "Object Created":
        reading.ignored["not_created"] += 1
        return
    detail = _object(payload, "detail", "event")
    item = _object(detail, "object", "detail")
    reason = _optional(detail, "reason")
    event = ObjectEvent(
        bucket=_text(_object(detail, "bucket", "detail"), "name", "detail.bucket"),
        key=_checked_key(_text(item, "key", "detail.object"), "detail"),
        size_bytes=_size(item.get("size", 0), "detail"),
        etag=_optional(item, "etag").strip('"'),
        event_name=EVENTBRIDGE_REASONS.get(reason, "ObjectCreated:" + (reason or "Unknown")),
        event_time=_time(payload.get("time"), "time"),
        sequencer=_optional(item, "sequencer"),
        version_id=_optional(item, "version-id"),
    )
    _add(reading, event)


def _discovered(payload: Mapping[str, Any]) -> ObjectEvent:
    return ObjectEvent(
        bucket=_text(payload, "bucket", "message"),
        key=_checked_key(_text(payload, "key", "message"), "message"),
        size_bytes=_size(payload.get("size", 0), "message"),
        etag=_optional(payload, "etag").strip('"'),
        event_name="Discovered:" + (_optional(payload, "change") or "new"),
        event_time=_time(payload.get("last_modified"), "message.last_modified"),
    )


def _add(reading: Reading, event: ObjectEvent) -> None:
    if event.is_folder_marker:
        reading.ignored["folder_marker"] += 1
    else:
        reading.events.append(event)


def _decoded(key: str) -> str:
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        raise EventError(f"key {key[:200]!r} is not URL-encoded UTF-8") from None


def _checked_key(key: str, where: str) -> str:
    length = len(key.encode())
    if length > MAX_KEY_BYTES:
        raise EventError(f"{where} key has {length} bytes, S3 allows {MAX_KEY_BYTES}: {key[:80]!r}…")
    return key


def _json(text: object, where: str) -> object:
    if not isinstance(text, str):
        raise EventError(f"{where} is {_kind(text)}, expected a JSON string")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EventError(f"{where} is not JSON ({error}): {text[:200]!r}") from None


def _object(parent: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = parent.get(name)
    if not isinstance(value, Mapping):
        raise EventError(f"{where}.{name} is {_kind(value)}, expected an object")
    return value


def _text(parent: Mapping[str, Any], name: str, where: str) -> str:
    value = parent.get(name)
    if not isinstance(value, str) or not value:
        raise EventError(f"{where}.{name} is {_kind(value)}, expected a text that is not empty")
    return _unicode(value, name)


def _optional(parent: Mapping[str, Any], name: str) -> str:
    value = parent.get(name)
    return _unicode(value, name) if isinstance(value, str) else ""


def _unicode(value: str, name: str) -> str:
    """Refuse half a surrogate pair, which JSON can carry and neither UTF-8 nor DynamoDB can."""
    if not value.isascii() and LONE_SURROGATE.search(value):
        raise EventError(f"{name} {value[:200]!r} is not valid Unicode")
    return value


def _size(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise EventError(f"{where} size is {value!r:.80}, expected a number of bytes")
    return value


def _time(value: object, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]  # a wrong type is caught below
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise EventError(f"{where} is {value!r:.80}, expected an ISO 8601 time") from None


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    return f"empty {type(value).__name__}" if value == "" else f"a {type(value).__name__}"


def _some(payload: Mapping[str, Any]) -> str:
    return repr(sorted(map(str, payload))[:8])[:200]
