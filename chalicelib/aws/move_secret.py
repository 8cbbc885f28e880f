"""The secret by which an installation knows the copies that it made itself (docs/adr/016)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.aws.failures import refusing_row
from chalicelib.aws.items import to_item
from chalicelib.aws.tracking_keys import MOVES, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class MoveSecret:
    """The secret, kept in the tracking table under a key that no part of the API reads."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name
        self._secret = ""

    def read(self) -> str:
        """Return the secret, read once per process; the first that asks makes it."""
        if not self._secret:
            self._secret = self._find() or self._create()
        return self._secret

    def _find(self) -> str:
        key = tracking_key(MOVES, "SECRET")
        found = self._dynamodb.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return found["Item"]["secret"]["S"] if "Item" in found else ""

    def _create(self) -> str:
        secret = secrets.token_hex(32)
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item={**tracking_key(MOVES, "SECRET"), **to_item({"secret": secret})},
                ConditionExpression="attribute_not_exists(#key)",
                ExpressionAttributeNames={"#key": "date_prefix"},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return str(refusing_row(error)["secret"])
        return secret
