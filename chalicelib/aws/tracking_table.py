"""The tracking table: a row per version of an NDJSON file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import false_if_condition_failed, refusing_row
from chalicelib.aws.items import BATCH_KEYS, Row, from_item, read_batch, to_item, to_value
from chalicelib.aws.tracking_keys import FAILED, PENDING_INDEX, QUARANTINED_INDEX, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# what a row that is replaced hands on to one that lacks it
KEPT = (
    *("released_by", "released_from", "released_at", "released_reason"),
    *("replayed_by", "replayed_from", "replayed_at", "sequencer"),
)


class TrackingTable:
    """The tracking table by name; every method is one call unless it says otherwise."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def create(self, row: Row) -> Row | None:
        """Write a row where there is none; return None, or the row that is there."""
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item({**row, "revision": 1}),
                ConditionExpression="attribute_not_exists(#status)",
                ExpressionAttributeNames={"#status": "status"},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return refusing_row(error)
        return None

    def replace(self, row: Row, existing: Row) -> Row | None:
        """Write a row over `existing`, if that is unchanged; return None, or the row that is there now.

        `revision` grows with every write, so that no later row is mistaken for an earlier one. Notes of a
        release and the sequencer outlive the row.
        """
        kept = {name: existing[name] for name in KEPT if name in existing}
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item({**kept, **row, "revision": existing["revision"] + 1}),
                ConditionExpression="#revision = :revision AND #status = :status",
                ExpressionAttributeNames={"#revision": "revision", "#status": "status"},
                ExpressionAttributeValues={
                    ":revision": to_value(existing["revision"]),
                    ":status": to_value(existing["status"]),
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return refusing_row(error)
        return None

    def find(self, date_prefix: str, file_name: str) -> Row | None:
        """Read one row, consistently."""
        found = self._dynamodb.get_item(
            TableName=self.name, Key=tracking_key(date_prefix, file_name), ConsistentRead=True
        )
        return from_item(found["Item"]) if "Item" in found else None

    def find_many(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """Read the rows of (date, name) that are there; one call per hundred, and more when throttled.

        A row written a moment ago, or left unread by a throttled table, may be missing.
        """
        wanted, rows = [tracking_key(*key) for key in dict.fromkeys(keys)], list[Row]()
        for first in range(0, len(wanted), BATCH_KEYS):
            rows += read_batch(
                self.name,
                wanted[first : first + BATCH_KEYS],
                lambda asked: self._dynamodb.batch_get_item(RequestItems={self.name: {"Keys": asked}}),
            )
        return {(row["date_prefix"], row["file_name"]): row for row in rows}

    def claim(self, date_prefix: str, file_name: str, revision: int, manifest_key: str) -> bool:
        """Give a pending row of this revision to a manifest; tell whether it is that manifest's now.

        The answer is final: a revision never comes back, and a manifested row never changes.
        """
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(date_prefix, file_name),
                UpdateExpression="SET #status = :manifested, #manifest_key = :key",
                ConditionExpression="#status = :pending AND #revision = :revision",
                ExpressionAttributeNames={
                    "#status": "status",
                    "#manifest_key": "manifest_key",
                    "#revision": "revision",
                },
                ExpressionAttributeValues={
                    ":manifested": {"S": "manifested"},
                    ":pending": {"S": "pending"},
                    ":key": {"S": manifest_key},
                    ":revision": {"N": str(revision)},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return refusing_row(error).get("manifest_key") == manifest_key
        return True

    def unfinished(self) -> Iterator[Row]:
        """Stream what needs work (sparse index): lists of pending files, manifest records, locks, due alerts.

        The index shows a write a moment later.
        """
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.scan(TableName=self.name, IndexName=PENDING_INDEX, **start)
            yield from [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def leave_index(self, row: Row) -> bool:
        """Take a row out of the sparse index, where Sluice 0.1.0 put it; False when it is in no more."""
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(row["date_prefix"], row["file_name"]),
                UpdateExpression="REMOVE #since",
                ConditionExpression="attribute_exists(#since)",
                ExpressionAttributeNames={"#since": "pending_since"},
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def failed(self, until: str) -> Iterator[Row]:
        """Stream the failed rows that are due by `until`, the one longest due first (sparse index)."""
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.query(
                TableName=self.name,
                IndexName=QUARANTINED_INDEX,
                KeyConditionExpression="#quarantine = :failed AND #at <= :until",
                ExpressionAttributeNames={"#quarantine": "quarantine", "#at": "quarantined_at"},
                ExpressionAttributeValues={":failed": {"S": FAILED}, ":until": {"S": until}},
                **start,
            )
            yield from [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
