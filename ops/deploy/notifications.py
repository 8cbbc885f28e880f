"""Announce the NDJSON bucket's new objects to its queue, beside whatever else is configured; take that back.

The template does not hold this notification: CloudFormation would replace all of a bucket's notifications.
Chalice reads, merges and writes them, and so does this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.deploy.propagation import once_permitted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOTIFICATION_ID = "sluice-ndjson-arrivals"
EVENTS = ["s3:ObjectCreated:*"]
TO_FUNCTIONS = "LambdaFunctionConfigurations"
TO_QUEUES = "QueueConfigurations"


def announce_to_queue(s3: S3Client, bucket: str, queue_arn: str) -> bool:
    """Have every new object of `bucket` sent to the queue; return whether anything had to change."""
    current: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    current.pop("ResponseMetadata", None)
    wanted: Any = merged(current, queue_arn)
    if _comparable(wanted) == _comparable(current):
        return False
    once_permitted(
        lambda: s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    )
    return True


def merged(current: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    """Return the configuration with our notification in it, once, and everything else as it was."""
    ours = {"Id": NOTIFICATION_ID, "QueueArn": queue_arn, "Events": EVENTS}
    others = [each for each in current.get("QueueConfigurations", []) if not _is_ours(each, queue_arn)]
    return {**current, "QueueConfigurations": [*others, ours]}


def withdraw(s3: Any, bucket: str, prefix: str, *kinds: str) -> None:
    """Remove the notifications of these kinds, or of both, to what is named `prefix-…`; leave all others."""
    try:
        current = s3.get_bucket_notification_configuration(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        return
    current.pop("ResponseMetadata", None)
    kept = {
        kind: [each for each in current[kind] if f":{prefix}-" not in _destination(each)]
        for kind in kinds or (TO_FUNCTIONS, TO_QUEUES)
        if kind in current
    }
    if any(len(kept[kind]) != len(current[kind]) for kind in kept):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=current | kept)


def _destination(configuration: dict[str, Any]) -> str:
    return str(configuration.get("LambdaFunctionArn") or configuration["QueueArn"])


def _is_ours(configuration: dict[str, Any], queue_arn: str) -> bool:
    return configuration.get("Id") == NOTIFICATION_ID or configuration["QueueArn"] == queue_arn


def _comparable(configuration: dict[str, Any]) -> list[Any]:
    """Return what two configurations must have in common to be equal; S3 keeps no order."""
    return sorted(
        (kind, each.get("Id", ""), str(sorted(each.items())))
        for kind, entries in configuration.items()
        if isinstance(entries, list)
        for each in entries
    )
