"""The catalogue table: one row per upload, written so that an outcome is never undone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import false_if_condition_failed, is_condition_failed
from chalicelib.aws.items import Row, from_item, read_batch, to_item, to_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MARKER = "alert#"  # sorts after every timestamp, so a key's versions are what lies before it
NOTES = ("replays", "replay_count")
RETRY = "1"  # the partition of the sparse index `retry` with the failed rows
RUN_DUE = "run"  # and that with ended executions for which something is still to be done


class CatalogTable:
    """The catalogue by table name; docs/contracts/catalog-row.schema.json describes the rows."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def record(self, row: Row, replaces: Collection[str]) -> Row | None:
        """Write `row` unless the same upload has a row whose status is not in `replaces`.

        Return None when `row` was written, else the existing row. Notes of replays in a replaced row are
        kept, also those that come during this call.
        """
        noted = row.get("replay_count")
        while existing := self._put(row, replaces, noted):
            if existing["status"] not in replaces:
                return existing
            row = {**row, **{name: existing[name] for name in NOTES if name in existing}}
            noted = existing.get("replay_count")
        return None

    def _put(self, row: Row, replaces: Collection[str], noted: int | None) -> Row | None:
        """Write `row` where there is none, or over a row of a status in `replaces` with `noted` replays."""
        condition = "attribute_not_exists(#key)"
        names = {"#key": "file_key"}
        request: dict[str, Any] = {}
        if replaces:
            values = {f":s{index}": {"S": status} for index, status in enumerate(sorted(replaces))}
            same = "#count = :count" if noted else "attribute_not_exists(#count)"
            condition += f" OR (#status IN ({', '.join(values)}) AND {same})"
            names |= {"#status": "status", "#count": "replay_count"}
            counted = {":count": to_value(noted)} if noted else {}
            request["ExpressionAttributeValues"] = {**values, **counted}
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item(row),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **request,
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            return from_item(error.response["Item"])  # type: ignore[typeddict-item]  # present with ALL_OLD
        return None

    def record_failure(
        self, row: Row, replaces: Collection[str], *, retry: bool, count: int = 1, excused: int = 0
    ) -> int:
        """Write `row` as failed and add `count` attempts; return how many count, 0 if an outcome stands.

        Attempts that met an unusable config are `excused`: they do not count. With `retry` the row enters the
        sparse `retry` index, from which `reconcile` takes it up again.
        """
        key = {"file_key": row["file_key"], "timestamp": row["timestamp"]}
        counted = {*key, "attempts", "config_failures", "retry"}
        values = {name: value for name, value in row.items() if name not in counted and value is not None}
        values |= {"retry": RETRY} if retry else {}
        names = {f"#{name}": name for name in (*values, *counted - {*key})}
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        statuses = {f":s{index}": {"S": status} for index, status in enumerate(sorted(replaces))}
        try:
            updated = self._dynamodb.update_item(
                TableName=self.name,
                Key=to_item(key),
                UpdateExpression=f"SET {sets} ADD #attempts :count, #config_failures :excused"
                + ("" if retry else " REMOVE #retry"),
                ConditionExpression=f"attribute_not_exists(#status) OR #status IN ({', '.join(statuses)})",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    **{f":{name}": to_value(value) for name, value in values.items()},
                    **statuses,
                    ":count": {"N": str(count)},
                    ":excused": {"N": str(excused)},
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            return 0
        return counted_attempts(from_item(updated["Attributes"]))

    def count_move(self, row: Row, now: str) -> bool:
        """Count an attempt to end a recorded move, before it is made; False when it is ended by now."""
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(row),
                UpdateExpression="SET #processed_at = :now ADD #attempts :one",
                ConditionExpression="#moved_to = :moved_to AND attribute_exists(#retry)",
                ExpressionAttributeNames={
                    "#processed_at": "processed_at",
                    "#attempts": "attempts",
                    "#moved_to": "moved_to",
                    "#retry": "retry",
                },
                ExpressionAttributeValues={
                    ":now": {"S": now},
                    ":one": {"N": "1"},
                    ":moved_to": {"S": row["moved_to"]},
                },
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def end_move(self, row: Row, source_stays: str, *, retry: bool) -> bool:
        """Note that a recorded move was reported, and that it is ended or why its source stays.

        With `retry` reconcile tries again. False when the row tells another outcome by now.
        """
        names = {
            "#retry": "retry",
            "#unreported": "unreported",
            "#stays": "source_stays",
            "#attempts": "attempts",
        }
        values = {":moved_to": {"S": row["moved_to"]}, ":status": {"S": row["status"]}}
        change = "REMOVE #unreported, #retry, #attempts, #stays"
        if source_stays:
            values |= {":stays": {"S": source_stays}, ":attempts": to_value(row.get("attempts", 1))}
            change = "SET #stays = :stays, #attempts = :attempts"
            values |= {":retry": {"S": RETRY}} if retry else {}
            change += ", #retry = :retry REMOVE #unreported" if retry else " REMOVE #unreported, #retry"
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(row),
                UpdateExpression=change,
                ConditionExpression="#moved_to = :moved_to AND #status = :status",
                ExpressionAttributeNames={**names, "#moved_to": "moved_to", "#status": "status"},
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def leave_for_replay(self, file_key: str, timestamp: str) -> bool:
        """Take a failed row out of the `retry` index; the row itself stays. False when it is not in there."""
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=to_item({"file_key": file_key, "timestamp": timestamp}),
                UpdateExpression="REMOVE #retry",
                ConditionExpression="attribute_exists(#retry)",
                ExpressionAttributeNames={"#retry": "retry"},
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def find(self, file_key: str, timestamp: str) -> Row | None:
        """Read one upload's row, consistently."""
        found = self._dynamodb.get_item(
            TableName=self.name,
            Key={"file_key": {"S": file_key}, "timestamp": {"S": timestamp}},
            ConsistentRead=True,
        )
        return from_item(found["Item"]) if "Item" in found else None

    def find_many(self, keys: Sequence[tuple[str, str]]) -> list[Row]:
        """Read the rows of up to 100 (file_key, timestamp) at half the price of consistent reads.

        A new row, or one that a throttled table left unread, may be missing: a caller who misses it reads it
        alone.
        """
        return read_batch(
            self.name,
            [{"file_key": {"S": key}, "timestamp": {"S": timestamp}} for key, timestamp in keys],
            lambda asked: self._dynamodb.batch_get_item(RequestItems={self.name: {"Keys": asked}}),
        )

    def failed(self) -> Iterator[Row]:
        """Stream the failed rows that are to be tried again, oldest first."""
        return self._retry_index(RETRY)

    def due_runs(self) -> Iterator[Row]:
        """Stream the rows of ended executions for which something is still to be done, oldest first."""
        return self._retry_index(RUN_DUE)

    def _retry_index(self, partition: str) -> Iterator[Row]:
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.query(
                TableName=self.name,
                IndexName="retry",
                KeyConditionExpression="#retry = :retry",
                ExpressionAttributeNames={"#retry": "retry"},
                ExpressionAttributeValues={":retry": {"S": partition}},
                **start,
            )
            yield from [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def versions(self, file_key: str) -> Iterator[Row]:
        """Stream the recorded uploads of one key of any bucket, newest first, consistently; a call per MB."""
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#key = :key AND #timestamp < :marker",
                ExpressionAttributeNames={"#key": "file_key", "#timestamp": "timestamp"},
                ExpressionAttributeValues={":key": {"S": file_key}, ":marker": {"S": MARKER}},
                ScanIndexForward=False,
                ConsistentRead=True,
                **start,
            )
            yield from map(from_item, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def is_marked(self, file_key: str, version: str) -> bool:
        """Tell whether an alert about this version of a file was sent, and is in force."""
        found = self.find(file_key, MARKER + version)
        return found is not None and "cleared_at" not in found

    def clear_marks(self, file_key: str, now: str) -> None:
        """End the alerts about a file, so that its next fault is alerted again."""
        found = self._dynamodb.query(
            TableName=self.name,
            KeyConditionExpression="#key = :key AND begins_with(#timestamp, :marker)",
            ExpressionAttributeNames={"#key": "file_key", "#timestamp": "timestamp"},
            ExpressionAttributeValues={":key": {"S": file_key}, ":marker": {"S": MARKER}},
        )
        for mark in map(from_item, found["Items"]):
            if "cleared_at" not in mark:
                version = mark["timestamp"].removeprefix(MARKER)
                self.mark(file_key, version, {**mark, "cleared_at": now})

    def mark(self, file_key: str, version: str, details: Mapping[str, str]) -> None:
        """Remember that an alert about this version of a file was sent."""
        self._dynamodb.put_item(
            TableName=self.name,
            Item=to_item({"file_key": file_key, "timestamp": MARKER + version, **details}),
        )


def _key(row: Row) -> dict[str, Any]:
    return to_item({"file_key": row["file_key"], "timestamp": row["timestamp"]})


def counted_attempts(failed: Row) -> int:
    """Return how many attempts at a failed upload count: not those that met an unusable config."""
    return int(failed.get("attempts", 0)) - int(failed.get("config_failures", 0))
