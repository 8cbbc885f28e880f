"""Lists of the files that wait for a batch, in the tracking table, and a counter of their bytes per date.

`PENDING#<date>` / `<pending_since>#<id>`: one list for the files that one invocation accepted. A list may
name a file that another names too, or one that waits no longer: the file's row decides. `COUNTER#<date>` is a
hint that saves reading lists: a lost or doubled count delays or repeats a check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from chalicelib.aws.failures import refusing_row
from chalicelib.aws.items import Row, from_item, to_item
from chalicelib.aws.tracking_keys import COUNTER, PENDING, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_WRITES = 25  # of one BatchWriteItem
BATCH_TRIES = 5  # of one batch, while a throttled table leaves writes undone


class Lists(NamedTuple):
    """Lists of one date in order of arrival; `more` when there are others behind them."""

    items: list[Row]
    more: bool


class PendingLists:
    """The lists and counters by the table's name; every method is one call unless it says otherwise."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def add(self, date_prefix: str, item: Row) -> None:
        """Store a list: its `file_name`, `size_bytes`, `members`, and `pending_since` for the index."""
        self._dynamodb.put_item(
            TableName=self.name, Item=to_item({"date_prefix": PENDING + date_prefix, **item})
        )

    def read(self, date_prefix: str, enough_bytes: int, enough_text: int) -> Lists:
        """Read the lists of a date, consistently, oldest first, until files or texts are enough.

        One call per megabyte of lists.
        """
        items: list[Row] = []
        size = text = 0
        for page in self._pages(date_prefix):
            read = [from_item(item) for item in page["Items"]]
            items += read
            if "LastEvaluatedKey" not in page:
                break
            size += sum(item["size_bytes"] for item in read)
            text += sum(len(item["members"]) for item in read)
            if size >= enough_bytes or text >= enough_text:
                return Lists(items, more=True)
        return Lists(items, more=False)

    def each(self, date_prefix: str) -> Iterator[Row]:
        """Stream all lists of a date, consistently, oldest first. One call per megabyte of lists."""
        for page in self._pages(date_prefix):
            yield from [from_item(item) for item in page["Items"]]

    def _pages(self, date_prefix: str) -> Iterator[Any]:
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#date = :date",
                ExpressionAttributeNames={"#date": "date_prefix"},
                ExpressionAttributeValues={":date": {"S": PENDING + date_prefix}},
                ConsistentRead=True,
                **start,
            )
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def remove(self, date_prefix: str, names: Sequence[str]) -> None:
        """Remove lists, 25 a call; what a throttled table leaves undone stays: it names files that went."""
        gone: list[Any] = [
            {"DeleteRequest": {"Key": tracking_key(PENDING + date_prefix, name)}} for name in names
        ]
        for first in range(0, len(gone), BATCH_WRITES):
            left = gone[first : first + BATCH_WRITES]
            for _ in range(BATCH_TRIES):
                answer = self._dynamodb.batch_write_item(RequestItems={self.name: left})
                left = list(answer.get("UnprocessedItems", {}).get(self.name, ()))
                if not left:
                    break

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
