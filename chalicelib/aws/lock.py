"""A lock in the tracking table: it saves work, correctness rests on claims (docs/adr/004)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.aws.failures import false_if_condition_failed
from chalicelib.aws.items import to_item
from chalicelib.aws.tracking_keys import LOCK, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DistributedLock:
    """Locks by key; one that is held is an answer, not an error."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def acquire(self, lock_key: str, lock_id: str, now: datetime, ttl_seconds: int) -> bool:
        """Take the lock unless another holds it and it has not expired; `ttl` is in epoch seconds.

        Expiry is compared here: DynamoDB's own deletion may lag by days. `pending_since` puts the lock into
        the sparse index, where `reconcile` sees one that a dead holder left.
        """
        seconds = int(now.timestamp())
        created_at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        item = {
            "date_prefix": LOCK + lock_key,
            "file_name": "LOCK",
            "lock_id": lock_id,
            "ttl": seconds + ttl_seconds,
            "created_at": created_at,
            "pending_since": created_at,
        }
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item(item),
                ConditionExpression="attribute_not_exists(#lock_id) OR #ttl < :now OR #lock_id = :mine",
                ExpressionAttributeNames={"#lock_id": "lock_id", "#ttl": "ttl"},
                ExpressionAttributeValues={":now": {"N": str(seconds)}, ":mine": {"S": lock_id}},
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def release(self, lock_key: str, lock_id: str) -> bool:
        """Give the lock back; return False when it expired and is another's, or gone."""
        try:
            self._dynamodb.delete_item(
                TableName=self.name,
                Key=tracking_key(LOCK + lock_key, "LOCK"),
                ConditionExpression="#lock_id = :mine",
                ExpressionAttributeNames={"#lock_id": "lock_id"},
                ExpressionAttributeValues={":mine": {"S": lock_id}},
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def expire(self, lock_key: str, now: datetime) -> bool:
        """Remove a lock whose holder died; return False when it is gone, or held again."""
        try:
            self._dynamodb.delete_item(
                TableName=self.name,
                Key=tracking_key(LOCK + lock_key, "LOCK"),
                ConditionExpression="#ttl < :now",
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True
