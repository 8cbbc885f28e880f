"""What is remembered of expected files: an item a job in the tracking table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import is_condition_failed
from chalicelib.aws.items import Row, from_item, to_item, to_value
from chalicelib.aws.tracking_keys import EXPECTED, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WATCHED = ("expectation", "since", "due", "state", "used", "telling", "untold")


class ArrivalLog:
    """When a file last came for a job; every method is one call."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def note(self, job_id: str, arrival: str) -> None:
        """Remember an arrival, unless a later one is known."""
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(EXPECTED, job_id),
                UpdateExpression="SET #arrival = :arrival",
                ConditionExpression="attribute_not_exists(#arrival) OR #arrival < :arrival",
                ExpressionAttributeNames={"#arrival": "last_arrival"},
                ExpressionAttributeValues={":arrival": {"S": arrival}},
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise


class ExpectedReader:
    """The items of all jobs."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def read(self) -> dict[str, Row]:
        """Return what is remembered, by job; a call per megabyte."""
        found: dict[str, Row] = {}
        start: dict[str, Any] = {}
        while True:
            page = self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#partition = :partition",
                ExpressionAttributeNames={"#partition": "date_prefix"},
                ExpressionAttributeValues={":partition": {"S": EXPECTED}},
                ConsistentRead=True,
                **start,
            )
            found |= {row["file_name"]: row for row in map(from_item, page["Items"])}
            if "LastEvaluatedKey" not in page:
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


class ExpectedFiles:
    """Writes of what is watched; each holds only if nobody wrote since `revision` was read."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def settle(self, job_id: str, watched: Row, revision: int) -> bool:
        """Replace what is watched of a job; attributes that `watched` has not are removed.

        A write that botocore repeats because its answer was lost is known by its own `telling`.
        """
        values = {name: value for name, value in watched.items() if value is not None}
        removed = [name for name in WATCHED if name not in values]
        names = {f"#{name}": name for name in (*values, *removed, "revision")}
        sets = ", ".join(f"#{name} = :{name}" for name in (*values, "revision"))
        removes = ", ".join(f"#{name}" for name in removed)
        condition = "#revision = :known" if revision else "attribute_not_exists(#revision)"
        known = {":known": to_value(revision)} if revision else {}
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(EXPECTED, job_id),
                UpdateExpression=f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    **to_item({f":{name}": value for name, value in values.items()}),
                    ":revision": to_value(revision + 1),
                    **known,
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            there: Any = error.response.get("Item", {})  # with ALL_OLD; none when there is no item
            return "telling" in values and from_item(there).get("telling") == values["telling"]
        return True
