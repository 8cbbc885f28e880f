"""The catalogue as the status API reads it: by key or by index, never by scan, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.aws.items import Row, read_rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AFTER_TIMES = "a"  # sorts after every timestamp and before the alert markers
BY_DATE = "by_date"


class CatalogReader:
    """Reads of the catalogue by table name; a call per megabyte that DynamoDB walks."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def uploads(self, date: str, status: str, until: str, count: int) -> list[Row]:
        """Read up to `count` uploads of a date with a status, newest first, `until` inclusive."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                IndexName=BY_DATE,
                KeyConditionExpression="#date = :date AND #order BETWEEN :from AND :until",
                ExpressionAttributeNames={"#date": "date", "#order": "status_timestamp"},
                ExpressionAttributeValues={
                    ":date": {"S": date},
                    ":from": {"S": f"{status}#"},
                    ":until": {"S": f"{status}#{until or AFTER_TIMES}"},
                },
                ScanIndexForward=False,
                Limit=limit,
                **start,
            ),
        )

    def count(self, date: str, status: str, bound: int) -> int:
        """Count the uploads of a date with a status; more than `bound` means "at least"."""
        counted = 0
        start: dict[str, Any] = {}
        while counted <= bound:
            page = self._dynamodb.query(
                TableName=self.name,
                IndexName=BY_DATE,
                Select="COUNT",
                KeyConditionExpression="#date = :date AND begins_with(#order, :status)",
                ExpressionAttributeNames={"#date": "date", "#order": "status_timestamp"},
                ExpressionAttributeValues={":date": {"S": date}, ":status": {"S": f"{status}#"}},
                **start,
            )
            counted += page["Count"]
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return counted

    def versions(self, file_key: str, until: str, count: int) -> list[Row]:
        """Read up to `count` uploads of one key, newest first, `until` inclusive, consistently."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#key = :key AND #timestamp <= :until",
                ExpressionAttributeNames={"#key": "file_key", "#timestamp": "timestamp"},
                ExpressionAttributeValues={":key": {"S": file_key}, ":until": {"S": until or AFTER_TIMES}},
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=limit,
                **start,
            ),
        )
