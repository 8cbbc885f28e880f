"""Marks in the tracking table: an alert that is to be sent, a surge that was told, a Glue run awaited.

Those that have `pending_since` stand in the sparse index, beside what waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.aws.items import Row, from_item, to_item
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

    def listed(self, partition: str, after: str, count: int) -> list[Row]:
        """Read up to `count` marks of a partition by their names, behind `after`."""
        page = self._dynamodb.query(
            TableName=self.name,
            KeyConditionExpression="#partition = :partition AND #name > :after",
            ExpressionAttributeNames={"#partition": "date_prefix", "#name": "file_name"},
            ExpressionAttributeValues={":partition": {"S": partition}, ":after": {"S": after or " "}},
            ConsistentRead=True,
            Limit=count,
        )
        return [from_item(item) for item in page["Items"]]

    def clear(self, partition: str, name: str) -> None:
        """Remove a mark."""
        self._dynamodb.delete_item(TableName=self.name, Key=tracking_key(partition, name))
