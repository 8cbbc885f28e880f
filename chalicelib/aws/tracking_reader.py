"""The tracking table as the status API reads it: partitions and indexes only, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws.items import Row, from_item, read_batch, read_rows
from chalicelib.aws.tracking_keys import (
    FAILED,
    MANIFEST,
    PENDING,
    PENDING_INDEX,
    QUARANTINED,
    QUARANTINED_INDEX,
    tracking_key,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FIRST_NAME = "\0"  # sorts before every name
AFTER_ALL = "\U0010ffff"  # sorts after every name and time


class Part(NamedTuple):
    """Rows read up to a bound; `complete` when there are no others."""

    rows: list[Row]
    complete: bool


class TrackingReader:
    """Reads of the tracking table by table name; a call per megabyte that DynamoDB walks."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def statuses(self, date: str, bound: int) -> Part:
        """Read status and size of a date's files, whole megabytes until `bound` files are read."""
        rows: list[Row] = []
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#date = :date",
                ProjectionExpression="#status, #size",
                ExpressionAttributeNames={"#date": "date_prefix", "#status": "status", "#size": "size_bytes"},
                ExpressionAttributeValues={":date": {"S": date}},
                **start,
            )
            rows += [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page or len(rows) >= bound:
                return Part(rows, complete="LastEvaluatedKey" not in page)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def waiting_lists(self, max_pages: int) -> Part:
        """Read what the sparse index shows of the lists of pending files, of every date.

        This walks the index, which holds what is unfinished and nothing else, a megabyte a page; never the
        table.
        """
        rows: list[Row] = []
        start: dict[str, Any] = {}
        for _ in range(max_pages):
            page = self._dynamodb.scan(TableName=self.name, IndexName=PENDING_INDEX, **start)
            found = [from_item(item) for item in page["Items"]]
            rows += [item for item in found if item["date_prefix"].startswith(PENDING)]
            if "LastEvaluatedKey" not in page:
                return Part(rows, complete=True)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return Part(rows, complete=False)

    def pending_lists(self, date: str, until: str, count: int) -> list[Row]:
        """Read up to `count` lists of a date's pending files, newest first, `until` inclusive."""
        return self._newest(PENDING + date, f"{until or AFTER_ALL}#{AFTER_ALL}", count)

    def versions(self, date: str, names: Iterable[str], path: str) -> Iterator[Row]:
        """Read a path's rows of a date under these names, in their order, until one is free."""
        for name in names:
            row = self.find(date, name)
            if row is None:
                return
            if row["file_path"] == path:
                yield row

    def find_many(self, date: str, names: Sequence[str]) -> list[Row]:
        """Read the rows of 1 to 100 names of a date that are there, in no order."""
        return read_batch(
            self.name,
            [tracking_key(date, name) for name in dict.fromkeys(names)],
            lambda asked: self._dynamodb.batch_get_item(RequestItems={self.name: {"Keys": asked}}),
        )

    def manifests(self, date: str, until: str, count: int) -> list[Row]:
        """Read up to `count` manifest records of a date, last key first, `until` inclusive."""
        return self._newest(MANIFEST + date, until or AFTER_ALL, count)

    def _newest(self, partition: str, until: str, count: int) -> list[Row]:
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#date = :date AND #name <= :until",
                ExpressionAttributeNames={"#date": "date_prefix", "#name": "file_name"},
                ExpressionAttributeValues={":date": {"S": partition}, ":until": {"S": until}},
                ScanIndexForward=False,
                Limit=limit,
                **start,
            ),
        )

    def failed_runs(self, date: str, max_pages: int) -> Part:
        """Read the manifest records of a date whose Glue run failed, among `max_pages` megabytes of them."""
        rows: list[Row] = []
        start: dict[str, Any] = {}
        for _ in range(max_pages):
            page = self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#date = :date",
                FilterExpression="attribute_exists(#status) AND #status <> :succeeded",
                ProjectionExpression="#name, #run, #status, #stopped, #error, #alerted",
                ExpressionAttributeNames={
                    "#date": "date_prefix",
                    "#name": "file_name",
                    "#run": "job_run_id",
                    "#status": "run_status",
                    "#stopped": "run_stopped_at",
                    "#error": "run_error",
                    "#alerted": "run_alerted",
                },
                ExpressionAttributeValues={":date": {"S": MANIFEST + date}, ":succeeded": {"S": "SUCCEEDED"}},
                ScanIndexForward=False,
                **start,
            )
            rows += [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return Part(rows, complete=True)
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return Part(rows, complete=False)

    def files(self, date: str, after: str, count: int) -> list[Row]:
        """Read up to `count` files of a date behind the name `after`, by name."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#date = :date AND #name > :after",
                ExpressionAttributeNames={"#date": "date_prefix", "#name": "file_name"},
                ExpressionAttributeValues={":date": {"S": date}, ":after": {"S": after or FIRST_NAME}},
                Limit=limit,
                **start,
            ),
        )

    def quarantined(self, until: str, count: int, since: str = "") -> list[Row]:
        """Read up to `count` quarantined files, newest first, `since` and `until` inclusive."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                IndexName=QUARANTINED_INDEX,
                KeyConditionExpression="#quarantine = :one AND #at BETWEEN :since AND :until",
                ExpressionAttributeNames={"#quarantine": "quarantine", "#at": "quarantined_at"},
                ExpressionAttributeValues={
                    ":one": {"S": QUARANTINED},
                    ":since": {"S": since or FIRST_NAME},
                    ":until": {"S": until or AFTER_ALL},
                },
                ScanIndexForward=False,
                Limit=limit,
                **start,
            ),
        )

    def failed(self, count: int) -> list[Row]:
        """Read up to `count` files of every date that failed, those first that wait for a replay."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                IndexName=QUARANTINED_INDEX,
                KeyConditionExpression="#quarantine = :failed",
                ExpressionAttributeNames={"#quarantine": "quarantine"},
                ExpressionAttributeValues={":failed": {"S": FAILED}},
                ScanIndexForward=False,
                Limit=limit,
                **start,
            ),
        )

    def quarantined_of(self, file_path: str, max_pages: int) -> list[Row]:
        """Read the newest quarantined rows of one path; walks up to `max_pages` megabytes of the index."""
        start: dict[str, Any] = {}
        for _ in range(max_pages):
            page = self._dynamodb.query(
                TableName=self.name,
                IndexName=QUARANTINED_INDEX,
                KeyConditionExpression="#quarantine = :one",
                FilterExpression="#path = :path",
                ExpressionAttributeNames={"#quarantine": "quarantine", "#path": "file_path"},
                ExpressionAttributeValues={":one": {"S": QUARANTINED}, ":path": {"S": file_path}},
                ScanIndexForward=False,
                **start,
            )
            if page["Items"] or "LastEvaluatedKey" not in page:
                return [from_item(item) for item in page["Items"]]
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return []

    def find(self, date: str, file_name: str) -> Row | None:
        """Read one row, consistently."""
        found = self._dynamodb.get_item(
            TableName=self.name,
            Key=tracking_key(date, file_name),
            ConsistentRead=True,
        )
        return from_item(found["Item"]) if "Item" in found else None
