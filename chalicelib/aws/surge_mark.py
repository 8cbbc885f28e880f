"""The mark that a surge of batches was told: it stands in the sparse index, beside what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.aws.items import to_item
from chalicelib.aws.tracking_keys import SURGE, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = tracking_key(SURGE + "flush", "SURGE")


class SurgeMark:
    """The mark in the tracking table, by its name; every method is one call."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def store(self, now: str) -> None:
        """Note that the surge was told."""
        self._dynamodb.put_item(TableName=self.name, Item={**KEY, **to_item({"pending_since": now})})

    def clear(self) -> None:
        """Forget it: the surge is over."""
        self._dynamodb.delete_item(TableName=self.name, Key=KEY)
