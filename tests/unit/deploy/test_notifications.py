"""Joining a bucket's notifications, and that none of ours overlap: S3 refuses two for one object."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from chalice.app import S3EventConfig

import app
from ops.deploy.notifications import announce_to_queue, merged
from ops.stages import LOCAL, load_stage

QUEUE = "arn:aws:sqs:us-east-1:123456789012:sluice-local-ndjson"
OTHER: dict[str, Any] = {"Id": "theirs", "QueueArn": f"{QUEUE}-2", "Events": ["s3:ObjectRemoved:*"]}
LAMBDA: dict[str, Any] = {
    "Id": "chalice",
    "LambdaFunctionArn": "arn:aws:lambda:::f",
    "Events": ["s3:ObjectCreated:*"],
}


def test_ours_is_added_and_others_stay() -> None:
    current = {"QueueConfigurations": [OTHER], "LambdaFunctionConfigurations": [LAMBDA]}
    result = merged(current, QUEUE)
    assert OTHER in result["QueueConfigurations"]
    assert result["LambdaFunctionConfigurations"] == [LAMBDA]
    assert len(result["QueueConfigurations"]) == 2


def test_merging_again_changes_nothing() -> None:
    once = merged({"QueueConfigurations": [OTHER]}, QUEUE)
    assert merged(once, QUEUE) == once


def test_a_notification_to_our_queue_under_another_id_is_replaced_not_doubled() -> None:
    older = {"Id": "by hand", "QueueArn": QUEUE, "Events": ["s3:ObjectCreated:Put"]}
    assert len(merged({"QueueConfigurations": [older]}, QUEUE)["QueueConfigurations"]) == 1


def test_a_bucket_is_written_to_only_once(aws: None) -> None:
    assert not announce_to_queue(boto3.client("s3"), "sluice-local-ndjson", QUEUE)
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket="sluice-local-ndjson", NotificationConfiguration={}
    )
    assert announce_to_queue(boto3.client("s3"), "sluice-local-ndjson", QUEUE)


def _filters(configuration: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return (event, prefix, suffix) of every entry of a bucket's notifications."""
    found = []
    for entry in (each for entries in configuration.values() for each in entries):
        rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", [])
        ends = {rule["Name"].lower(): rule["Value"] for rule in rules}
        found += [(event, ends.get("prefix", ""), ends.get("suffix", "")) for event in entry["Events"]]
    return found


def _overlap(one: tuple[str, str, str], two: tuple[str, str, str]) -> bool:
    """Tell whether some key can match both: S3 compares prefixes and suffixes, and families of events."""
    families = [event.removesuffix("*") for event in (one[0], two[0])]
    return all(a.startswith(b) or b.startswith(a) for a, b in (families, (one[1], two[1]))) and (
        one[2].endswith(two[2]) or two[2].endswith(one[2])
    )


def overlapping(configuration: dict[str, Any]) -> list[Any]:
    """Return the pairs of a bucket's notifications that one object could match both of."""
    filters = _filters(configuration)
    pairs = [(one, two) for index, one in enumerate(filters) for two in filters[index + 1 :]]
    return [pair for pair in pairs if _overlap(*pair)]


def _entry(event: str = "s3:ObjectCreated:*", **ends: str) -> dict[str, Any]:
    rules = [{"Name": name, "Value": value} for name, value in ends.items()]
    return {"Events": [event], "Filter": {"Key": {"FilterRules": rules}}}


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (_entry(), _entry(), True),
        (_entry(), _entry(prefix="data/"), True),
        (_entry(prefix="data/"), _entry(prefix="data/in/"), True),
        (_entry(prefix="a/"), _entry(prefix="b/"), False),
        (_entry(suffix=".csv"), _entry(suffix=".json"), False),
        (_entry(prefix="a/", suffix=".csv"), _entry(prefix="a/", suffix="s.csv"), True),
        (_entry("s3:ObjectCreated:Put"), _entry("s3:ObjectCreated:*"), True),
        (_entry("s3:ObjectRemoved:*"), _entry("s3:ObjectCreated:*"), False),
    ],
)
def test_overlap_is_what_s3_calls_it(one: Any, two: Any, expected: bool) -> None:
    configuration = {"QueueConfigurations": [one], "LambdaFunctionConfigurations": [two]}
    assert bool(overlapping(configuration)) is expected


def test_no_two_notifications_of_ours_overlap() -> None:
    names = load_stage(LOCAL).environment
    by_bucket: dict[str, dict[str, Any]] = {names["NDJSON_BUCKET"]: merged({}, QUEUE)}
    sources = [source for source in app.app.event_sources if isinstance(source, S3EventConfig)]
    for source in sources:
        ends = {"prefix": source.prefix or "", "suffix": source.suffix or ""}
        entries = [_entry(event, **ends) for event in source.events]
        ours = by_bucket.setdefault(source.bucket, {})
        ours["LambdaFunctionConfigurations"] = ours.get("LambdaFunctionConfigurations", []) + entries
    assert app.LANDING_BUCKET in by_bucket
    assert {bucket: overlapping(found) for bucket, found in by_bucket.items() if overlapping(found)} == {}
