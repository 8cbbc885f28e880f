"""Where the walk over a bucket goes on: an item that exists only while a walk is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.aws.items import from_item, to_item
from chalicelib.aws.tracking_keys import CURSOR, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ListingCursor:
    """A lane's cursor in the tracking table; every method is one call."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str, lane: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name
        self._key = tracking_key(CURSOR + lane, "CURSOR")

    def find(self) -> str:
        """Return the key after which to go on, empty for the beginning."""
        found: Any = self._dynamodb.get_item(TableName=self.name, Key=self._key)
        return str(from_item(found["Item"])["after"]) if "Item" in found else ""

    def store(self, after: str) -> None:
        """Note where the next run goes on."""
        self._dynamodb.put_item(TableName=self.name, Item={**self._key, **to_item({"after": after})})

    def clear(self) -> None:
        """Forget the place: the bucket was seen to its end."""
        self._dynamodb.delete_item(TableName=self.name, Key=self._key)
