"""Marks of alerts in the sparse index, beside what waits: one that is to be sent, a surge that was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.aws.items import to_item
from chalicelib.aws.tracking_keys import tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class AlertMarks:
    """Marks in the tracking table, by its name; every method is one call."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def store(self, partition: str, name: str, **details: str) -> None:
        """Set a mark; `pending_since` puts it into the index, which shows `file_path` and `etag` too."""
        item: Any = {**tracking_key(partition, name), **to_item(details)}
        self._dynamodb.put_item(TableName=self.name, Item=item)

    def is_set(self, partition: str, name: str) -> bool:
        """Tell whether a mark is set, consistently."""
        key = tracking_key(partition, name)
        return "Item" in self._dynamodb.get_item(TableName=self.name, Key=key, ConsistentRead=True)

    def clear(self, partition: str, name: str) -> None:
        """Remove a mark."""
        self._dynamodb.delete_item(TableName=self.name, Key=tracking_key(partition, name))
