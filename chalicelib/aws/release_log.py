"""The release of a quarantined file, noted in its tracking row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import false_if_condition_failed
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ReleaseLog:
    """Releases in the tracking table, by its name."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def release(self, row: Row, by: str, address: str, at: str) -> bool:
        """Let a quarantined version pass validation once; False when its row changed meanwhile.

        A released row is released again: that finishes what a dead process began. It stays among the
        quarantined ones until `leave_quarantine`.
        """
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(row["date_prefix"], row["file_name"]),
                UpdateExpression="SET #status = :released, #by = :by, #address = :address, #at = :at, "
                "#why = :why",
                ConditionExpression="#status IN (:quarantined, :released) AND #etag = :etag",
                ExpressionAttributeNames={
                    "#status": "status",
                    "#etag": "etag",
                    "#by": "released_by",
                    "#address": "released_from",
                    "#at": "released_at",
                    "#why": "released_reason",
                },
                ExpressionAttributeValues={
                    ":released": {"S": "released"},
                    ":quarantined": {"S": "quarantined"},
                    ":etag": {"S": row["etag"]},
                    ":by": {"S": by},
                    ":address": {"S": address},
                    ":at": {"S": at},
                    ":why": {"S": row.get("reason") or "no reason was recorded"},
                },
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def leave_quarantine(self, row: Row) -> bool:
        """Take a released row, whose file is back, from among the quarantined; False when it changed."""
        return self._update(
            row,
            "REMOVE #quarantine, #quarantined_at",
            {"#quarantine": "quarantine", "#quarantined_at": "quarantined_at"},
            {},
        )

    def take_back(self, row: Row) -> bool:
        """Have a released row quarantined again: its file cannot come back; False when it changed."""
        return self._update(row, "SET #status = :quarantined", {}, {":quarantined": {"S": "quarantined"}})

    def note_replay(self, row: Row, by: str, address: str, at: str) -> bool:
        """Note who asks to have a failed file tried again; False when it has another outcome by now."""
        return self._update(
            row,
            "SET #by = :by, #address = :address, #at = :at",
            {"#by": "replayed_by", "#address": "replayed_from", "#at": "replayed_at"},
            {":by": {"S": by}, ":address": {"S": address}, ":at": {"S": at}},
            status="failed",
        )

    def _update(
        self, row: Row, change: str, names: dict[str, str], values: dict[str, Any], status: str = "released"
    ) -> bool:
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(row["date_prefix"], row["file_name"]),
                UpdateExpression=change,
                ConditionExpression="#status = :was AND #etag = :etag",
                ExpressionAttributeNames={**names, "#status": "status", "#etag": "etag"},
                ExpressionAttributeValues={
                    **values,
                    ":was": {"S": status},
                    ":etag": {"S": row["etag"]},
                },
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True
