"""Lists of the files that wait for a batch, in the tracking table, and a counter of their bytes per date.

`PENDING#<date>` / `<since>#<id>`: one list for the files that one invocation accepted. A list may name a file
that another names too, or one that waits no longer: the file's row decides. `COUNTER#<date>` is a hint that
saves reading lists. While a date may have lists, its counter carries `pending_since` and so stands in the
sparse index, where `reconcile` finds the date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import refusing_row
from chalicelib.aws.items import Row, from_item, to_item
from chalicelib.aws.tracking_keys import COUNTER, PENDING, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_WRITES = 25  # of one BatchWriteItem
BATCH_TRIES = 5  # of one batch, while a throttled table leaves writes undone


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of one date in order of arrival; `more` when there are others behind them."""

    items: list[Row]
    more: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """What a date's counter held: the bytes that may be pending, and how many lists were ever made.

    `since` is when the index began to show the date, empty when it does not.
    """

    size_bytes: int
    listings: int
    since: str = ""


class PendingLists:
    """The lists and counters by the table's name; every method is one call unless it says otherwise."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def add(self, date_prefix: str, item: Row) -> None:
        """Store a list; `item` has its `file_name`, `since`, `files`, `size_bytes` and `members`."""
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

    def remove(self, date_prefix: str, names: Sequence[str]) -> bool:
        """Remove lists, 25 a call; False when a throttled table leaves some, which name files that went."""
        gone: list[Any] = [
            {"DeleteRequest": {"Key": tracking_key(PENDING + date_prefix, name)}} for name in names
        ]
        left: list[Any] = []
        for first in range(0, len(gone), BATCH_WRITES):
            left += self._write(gone[first : first + BATCH_WRITES])
        return not left

    def _write(self, writes: list[Any]) -> list[Any]:
        for _ in range(BATCH_TRIES):
            answer = self._dynamodb.batch_write_item(RequestItems={self.name: writes})
            writes = list(answer.get("UnprocessedItems", {}).get(self.name, ()))
            if not writes:
                break
        return writes

    def count(self, date_prefix: str, size_bytes: int) -> None:
        """Add to the date's counter of pending bytes."""
        self._dynamodb.update_item(
            TableName=self.name,
            Key=_counter(date_prefix),
            UpdateExpression="ADD #bytes :bytes",
            ExpressionAttributeNames={"#bytes": "bytes"},
            ExpressionAttributeValues={":bytes": {"N": str(size_bytes)}},
        )

    def count_listed(self, date_prefix: str, size_bytes: int, now: str, listings: int = 1) -> Counted:
        """Count bytes that are new and lists that were made; the index shows the date from then on.

        Without a list, of files that one names already, a counter in the index stays as it is.
        """
        answer = self._dynamodb.update_item(
            TableName=self.name,
            Key=_counter(date_prefix),
            UpdateExpression="SET #since = if_not_exists(#since, :now) ADD #bytes :bytes, #listings :made",
            ExpressionAttributeNames={
                "#bytes": "bytes",
                "#listings": "listings",
                "#since": "pending_since",
            },
            ExpressionAttributeValues={
                ":bytes": {"N": str(size_bytes)},
                ":made": {"N": str(listings)},
                ":now": {"S": now},
            },
            ReturnValues="ALL_NEW",
        )
        return _counted(from_item(answer["Attributes"]))

    def counted(self, date_prefix: str) -> Counted:
        """Read the date's counter, consistently."""
        found = self._dynamodb.get_item(TableName=self.name, Key=_counter(date_prefix), ConsistentRead=True)
        return _counted(from_item(found.get("Item", {})))

    def recount(self, date_prefix: str, was: Counted, size_bytes: int, *, emptied: bool = False) -> bool:
        """Set the date's counter unless it changed since it held `was`; once `emptied` it leaves the index.

        A worker that listed files since then has changed it, or will put the date into the index again.
        """
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_counter(date_prefix),
                UpdateExpression="SET #bytes = :now" + (" REMOVE #since" if emptied else ""),
                ConditionExpression="#bytes = :was AND #listings = :listings",
                ExpressionAttributeNames={"#bytes": "bytes", "#listings": "listings"}
                | ({"#since": "pending_since"} if emptied else {}),
                ExpressionAttributeValues={
                    ":was": {"N": str(was.size_bytes)},
                    ":listings": {"N": str(was.listings)},
                    ":now": {"N": str(size_bytes)},
                },
            )
        except ClientError as error:
            refusing_row(error)
            return False
        return True


def _counter(date_prefix: str) -> dict[str, Any]:
    return tracking_key(COUNTER + date_prefix, "COUNTER")


def _counted(item: Row) -> Counted:
    return Counted(item.get("bytes", 0), item.get("listings", 0), item.get("pending_since", ""))
