"""The ends of executions in the catalogue: written into the row of the upload that each was started for.

Every write names the execution that it is about. A row that names another one by then is left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.catalog_reader import AFTER_TIMES, BY_DATE
from chalicelib.aws.failures import refusing_row
from chalicelib.aws.items import Row, from_item, to_item, to_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class RunLog:
    """The catalogue by table name, as far as executions have ended."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def change(
        self,
        row: Row,
        sets: Mapping[str, Any],
        removes: Collection[str] = (),
        *,
        statuses: Collection[str],
        stopped_before: str = "",
    ) -> tuple[bool, Row]:
        """Change the row that has the key and the execution of `row`, and one of `statuses`.

        With `stopped_before` its run must have ended earlier. Return True and the new row, else False and
        the row as it is, empty when there is none.
        """
        conditions = ["#execution = :execution", f"#status IN ({', '.join(f':s_{one}' for one in statuses)})"]
        names = {f"#{name}": name for name in (*sets, *removes, "execution", "status")}
        values = {f":s_{one}": {"S": str(one)} for one in statuses}
        values |= {":execution": {"S": row["execution"]}}
        values |= {f":new_{name}": to_value(value) for name, value in sets.items()}
        if stopped_before:
            conditions.append("#run_stopped_at < :before")
            names["#run_stopped_at"] = "run_stopped_at"
            values[":before"] = {"S": stopped_before}
        expression = "SET " + ", ".join(f"#{name} = :new_{name}" for name in sets) if sets else ""
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removes) if removes else ""
        try:
            changed = self._dynamodb.update_item(
                TableName=self.name,
                Key=to_item({"file_key": row["file_key"], "timestamp": row["timestamp"]}),
                UpdateExpression=expression,
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return False, refusing_row(error)
        return True, from_item(changed["Attributes"])

    def started(self, date: str, status: str, after: str, until: str, count: int) -> list[Row]:
        """Read up to `count` uploads of a date that have a status, oldest first, behind `after`.

        The index shows a write a moment later than the table.
        """
        page = self._dynamodb.query(
            TableName=self.name,
            IndexName=BY_DATE,
            KeyConditionExpression="#date = :date AND #order BETWEEN :after AND :until",
            ExpressionAttributeNames={"#date": "date", "#order": "status_timestamp"},
            ExpressionAttributeValues={
                ":date": {"S": date},
                ":after": {"S": f"{status}#{after}!"},  # sorts right behind the row of that timestamp
                ":until": {"S": f"{status}#{until or AFTER_TIMES}"},
            },
            Limit=count,
        )
        return [from_item(item) for item in page["Items"]]
