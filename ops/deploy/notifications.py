"""Tell S3 to announce the NDJSON bucket's new objects to its queue, beside whatever else is configured there.

The template does not hold this notification: CloudFormation would replace all of a bucket's notifications.
Chalice reads, merges and writes them, and so does this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.deploy.propagation import once_permitted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOTIFICATION_ID = "sluice-ndjson-arrivals"
EVENTS = ["s3:ObjectCreated:*"]


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
