"""The tracking table: a row per version of an NDJSON file, and a counter of bytes per date.

The counter is a hint that saves reading the pending rows: a lost or doubled count delays or repeats a check.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import refusing_row
from chalicelib.aws.items import BATCH_KEYS, Row, from_item, read_batch, to_item, to_value
from chalicelib.aws.tracking_keys import COUNTER, FAILED, PENDING_INDEX, QUARANTINED_INDEX, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# what a row that is replaced hands on to one that lacks it
KEPT = (
    *("released_by", "released_from", "released_at", "released_reason"),
    *("replayed_by", "replayed_from", "replayed_at", "sequencer"),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """Pending rows of one date in order of arrival; `more` when there are others behind them."""

    rows: list[Row]
    more: bool

    @property
    def size_bytes(self) -> int:
        """The bytes of all rows."""
        return sum(row["size_bytes"] for row in self.rows)


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
                UpdateExpression="SET #status = :manifested, #manifest_key = :key REMOVE #pending_since",
                ConditionExpression="#status = :pending AND #revision = :revision",
                ExpressionAttributeNames={
                    "#status": "status",
                    "#manifest_key": "manifest_key",
                    "#pending_since": "pending_since",
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

    def pending(self, date_prefix: str, enough_bytes: int, enough_path_bytes: int) -> Pending:
        """Read the pending rows of a date, consistently, oldest first, until files or paths are enough.

        One call per megabyte of index.
        """
        rows: list[Row] = []
        size, paths, start = 0, 0, dict[str, Any]()
        while True:
            page = self._dynamodb.query(
                TableName=self.name,
                IndexName=PENDING_INDEX,
                KeyConditionExpression="#date = :date",
                ExpressionAttributeNames={"#date": "date_prefix"},
                ExpressionAttributeValues={":date": {"S": date_prefix}},
                ConsistentRead=True,
                **start,
            )
            read = [from_item(item) for item in page["Items"]]
            rows += read
            if "LastEvaluatedKey" not in page:
                return Pending(rows, more=False)
            size += sum(row["size_bytes"] for row in read)
            paths += sum(len(row["file_path"]) for row in read)
            if size >= enough_bytes or paths >= enough_path_bytes:
                return Pending(rows, more=True)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def unfinished(self) -> Iterator[Row]:
        """Stream the pending rows of every date and the manifest records that need work (sparse index)."""
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.scan(
                TableName=self.name, IndexName=PENDING_INDEX, ConsistentRead=True, **start
            )
            yield from [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

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

    def count(self, date_prefix: str, size_bytes: int) -> int:
        """Add to the date's counter of pending bytes and return what it holds then."""
        answer = self._dynamodb.update_item(
            TableName=self.name,
            Key=_counter(date_prefix),
            UpdateExpression="ADD #bytes :bytes",
            ExpressionAttributeNames={"#bytes": "bytes"},
            ExpressionAttributeValues={":bytes": {"N": str(size_bytes)}},
            ReturnValues="ALL_NEW",
        )
        return int(answer["Attributes"]["bytes"]["N"])

    def recount(self, date_prefix: str, was: int, is_now: int) -> bool:
        """Set the date's counter unless it changed since it held `was`."""
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_counter(date_prefix),
                UpdateExpression="SET #bytes = :now",
                ConditionExpression="#bytes = :was",
                ExpressionAttributeNames={"#bytes": "bytes"},
                ExpressionAttributeValues={":was": {"N": str(was)}, ":now": {"N": str(is_now)}},
            )
        except ClientError as error:
            refusing_row(error)
            return False
        return True


def _counter(date_prefix: str) -> dict[str, Any]:
    return tracking_key(COUNTER + date_prefix, "COUNTER")
