"""The tracking table: a row per version of an NDJSON file, and a counter of bytes per date (seed 003).

The counter is a hint that saves reading the pending rows: a lost or doubled count delays or repeats a check.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import code_of
from chalicelib.aws.items import Row, from_item, to_item, to_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COUNTER = "COUNTER#"
PENDING_INDEX = "pending"
ROW_ATTRIBUTES = (  # all that a row may have: what a new version does not set, it removes
    "file_path", "file_size_mb", "size_bytes", "etag", "sequencer", "status", "created_at", "pending_since",
    "quarantine", "quarantined_at", "reason", "moved_to",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """What writing a row did: `refused_by` is the row that stands, `replaced` the one that is gone."""

    refused_by: Row | None = None
    replaced: Row | None = None


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

    def record(
        self, row: Row, versions: Collection[str], by_newer: Collection[str], by_any: Collection[str]
    ) -> Written:
        """Write `row` where there is none, or over one of the same path that it may replace.

        It replaces a status in `by_any`, and one in `by_newer` whose ETag is not in `versions`, never a row
        with a higher sequencer. `revision` grows with every write, so no later row is mistaken for this one.
        """
        values = {f":{name}": to_value(value) for name, value in row.items() if name in ROW_ATTRIBUTES}
        gone = [f"#{name}" for name in ROW_ATTRIBUTES if f":{name}" not in values]
        sets = ", ".join(f"#{name[1:]} = {name}" for name in values)
        allowed, condition_values = _replaceable(versions, by_newer, by_any)
        in_order = "(attribute_not_exists(#sequencer) OR #sequencer <= :sequencer)"
        newer = f"{in_order} AND " if ":sequencer" in values else ""
        try:
            answer = self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(row["date_prefix"], row["file_name"]),
                UpdateExpression=f"SET {sets} REMOVE {', '.join(gone)} ADD #revision :one",
                ConditionExpression=f"attribute_not_exists(#status) OR (#file_path = :file_path AND {newer}({allowed}))",
                ExpressionAttributeNames={f"#{name}": name for name in (*ROW_ATTRIBUTES, "revision")},
                ExpressionAttributeValues={**values, **condition_values, ":one": {"N": "1"}},
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return Written(refused_by=_refusing(error))
        old = answer.get("Attributes")
        return Written(replaced=from_item(old) if old else None)

    def find(self, date_prefix: str, file_name: str) -> Row | None:
        """Read one row, consistently."""
        found = self._dynamodb.get_item(
            TableName=self.name, Key=_key(date_prefix, file_name), ConsistentRead=True
        )
        return from_item(found["Item"]) if "Item" in found else None

    def claim(self, date_prefix: str, file_name: str, revision: int, manifest_key: str) -> bool:
        """Give a pending row of this revision to a manifest; tell whether it is that manifest's, now or before.

        The answer is final: a revision never comes back, and a manifested row never changes.
        """
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(date_prefix, file_name),
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
            return _refusing(error).get("manifest_key") == manifest_key
        return True

    def pending(self, date_prefix: str, enough_bytes: int) -> Pending:
        """Read the pending rows of a date, consistently, oldest first, until they hold `enough_bytes`.

        One call per megabyte of index.
        """
        rows: list[Row] = []
        size, start = 0, dict[str, Any]()
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
            rows += [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return Pending(rows, more=False)
            size = sum(row["size_bytes"] for row in rows)
            if size >= enough_bytes:
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

    def count(self, date_prefix: str, size_bytes: int) -> int:
        """Add to the date's counter of pending bytes and return what it holds then."""
        answer = self._dynamodb.update_item(
            TableName=self.name,
            Key=_counter(date_prefix),
            UpdateExpression="ADD #bytes :bytes",
            ExpressionAttributeNames={"#bytes": "bytes"},
            ExpressionAttributeValues={":bytes": {"N": str(size_bytes)}},
            ReturnValues="UPDATED_NEW",
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
            _refusing(error)
            return False
        return True


def _replaceable(
    versions: Collection[str], by_newer: Collection[str], by_any: Collection[str]
) -> tuple[str, dict[str, Any]]:
    groups = {"v": sorted(versions), "n": sorted(by_newer), "a": sorted(by_any)}
    values = {f":{kind}{i}": {"S": text} for kind, texts in groups.items() for i, text in enumerate(texts)}

    def listed(kind: str) -> str:
        return ", ".join(f":{kind}{i}" for i in range(len(groups[kind])))

    newer = f"(#status IN ({listed('n')}) AND NOT #etag IN ({listed('v')}))" if by_newer else ""
    any_version = f"#status IN ({listed('a')})" if by_any else ""
    return " OR ".join(filter(None, (any_version, newer))), values


def _refusing(error: ClientError) -> Row:
    if code_of(error) != "ConditionalCheckFailedException":
        raise error
    return from_item(error.response.get("Item", {}))  # type: ignore[arg-type]  # absent without ALL_OLD


def _key(date_prefix: str, file_name: str) -> dict[str, Any]:
    return to_item({"date_prefix": date_prefix, "file_name": file_name})


def _counter(date_prefix: str) -> dict[str, Any]:
    return _key(COUNTER + date_prefix, "COUNTER")
