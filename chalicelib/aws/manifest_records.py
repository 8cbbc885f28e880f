"""Records of batch manifests in the tracking table: what a manifest will hold, fixed before any claim.

`MANIFEST#<date>` / `<manifest key>`. While a record needs work it carries `pending_since` and so stands in
the sparse index, beside the pending files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import false_if_condition_failed, refusing_row
from chalicelib.aws.items import Row, from_item, to_item, to_value
from chalicelib.aws.tracking_keys import MANIFEST, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REVISION = "step"  # the attribute, as stored, that counts the changes of a record


class ManifestRecords:
    """The records in the tracking table by its name; every method is one call unless it says otherwise."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def create(self, record: Row) -> bool:
        """Create a record once; False when another plan has its key.

        A repeat of the same call returns True and leaves alone what was done for the record since.
        """
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item(record),
                ConditionExpression="attribute_not_exists(#status)",
                ExpressionAttributeNames={"#status": "status"},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return bool(refusing_row(error).get("plan") == record["plan"])
        return True

    def find(self, date_prefix: str, manifest_key: str) -> Row | None:
        """Read one record, consistently."""
        found = self._dynamodb.get_item(
            TableName=self.name, Key=_key(date_prefix, manifest_key), ConsistentRead=True
        )
        return from_item(found["Item"]) if "Item" in found else None

    def advance(self, date_prefix: str, record: Row, changes: Mapping[str, Any]) -> bool:
        """Change a record that still has the status and revision of `record`; False when another was faster.

        A record that becomes `done` leaves the sparse index.
        """
        done = " REMOVE #pending_since" if changes["status"] == "done" else ""
        names = {f"#{name}": name for name in ("status", *changes)} | {"#revision": REVISION}
        names |= {"#pending_since": "pending_since"} if done else {}
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(date_prefix, record["file_name"]),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes) + done
                + " ADD #revision :one",
                ConditionExpression="#status = :was AND #revision = :revision",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    **{f":{name}": to_value(value) for name, value in changes.items()},
                    ":was": to_value(record["status"]),
                    ":revision": to_value(record[REVISION]),
                    ":one": {"N": "1"},
                },
            )  # fmt: skip
        except ClientError as error:
            return false_if_condition_failed(error)
        return True


def _key(date_prefix: str, manifest_key: str) -> dict[str, Any]:
    return tracking_key(MANIFEST + date_prefix, manifest_key)
