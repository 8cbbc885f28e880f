"""The catalogue as the status API reads it: by key or by index, never by scan, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.aws.items import Row, from_item, read_batch, read_rows, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AFTER_TIMES = "a"  # sorts after every timestamp and before the alert markers
BY_DATE = "by_date"
FIRST, LAST = "#", "~"  # around every status and its times
WALKED = 4  # megabytes of a day's index in search of some jobs' files: about 10,000 rows


class CatalogReader:
    """Reads of the catalogue by table name; a call per megabyte that DynamoDB walks."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def uploads(self, date: str, status: str, until: str, count: int, since: str = "") -> list[Row]:
        """Read up to `count` uploads of a date with a status, newest first, from `since` to `until`."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                IndexName=BY_DATE,
                KeyConditionExpression="#date = :date AND #order BETWEEN :from AND :until",
                ExpressionAttributeNames={"#date": "date", "#order": "status_timestamp"},
                ExpressionAttributeValues={
                    ":date": {"S": date},
                    ":from": {"S": f"{status}#{since}"},
                    ":until": {"S": f"{status}#{until or AFTER_TIMES}"},
                },
                ScanIndexForward=False,
                Limit=limit,
                **start,
            ),
        )

    def day(self, date: str, count: int) -> list[Row]:
        """Read up to `count` uploads of a date, whatever their status, newest first."""
        rows = read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                IndexName=BY_DATE,
                KeyConditionExpression="#date = :date",
                ExpressionAttributeNames={"#date": "date"},
                ExpressionAttributeValues={":date": {"S": date}},
                Limit=limit,
                **start,
            ),
        )
        return sorted(rows, key=lambda row: str(row["timestamp"]), reverse=True)

    def count(self, date: str, status: str, bound: int, within: str = "") -> int:
        """Count the uploads of a date with a status; more than `bound` means "at least".

        With `within`, the beginning of a timestamp, only those are counted.
        """
        counted = 0
        start: dict[str, Any] = {}
        while counted <= bound:
            page = self._dynamodb.query(
                TableName=self.name,
                IndexName=BY_DATE,
                Select="COUNT",
                KeyConditionExpression="#date = :date AND begins_with(#order, :status)",
                ExpressionAttributeNames={"#date": "date", "#order": "status_timestamp"},
                ExpressionAttributeValues={":date": {"S": date}, ":status": {"S": f"{status}#{within}"}},
                **start,
            )
            counted += page["Count"]
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return counted

    def of_jobs(self, date: str, first: str, last: str, jobs: Sequence[str]) -> tuple[list[Row], bool]:
        """Read job, status and time of a date's uploads of up to 100 jobs, statuses from `first` to `last`.

        False tells that there are more than `WALKED` megabytes, and the rest was not looked at.
        """
        values = {f":job{number}": {"S": job} for number, job in enumerate(jobs)}
        rows: list[Row] = []
        start: dict[str, Any] = {}
        for _ in range(WALKED):
            page = self._dynamodb.query(
                TableName=self.name,
                IndexName=BY_DATE,
                ProjectionExpression="#job, #status, #timestamp",
                KeyConditionExpression="#date = :date AND #order BETWEEN :from AND :until",
                FilterExpression=f"#job IN ({', '.join(values)})",
                ExpressionAttributeNames={
                    "#date": "date",
                    "#order": "status_timestamp",
                    "#job": "job_id",
                    "#status": "status",
                    "#timestamp": "timestamp",
                },
                ExpressionAttributeValues={
                    ":date": {"S": date},
                    ":from": {"S": f"{first}#"},
                    ":until": {"S": f"{last}#{AFTER_TIMES}"},
                    **values,
                },
                ScanIndexForward=False,
                **start,
            )
            rows += [from_item(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return rows, True
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return rows, False

    def measures(self, date: str, count: int, status: str = "") -> list[Row]:
        """Read key, status and size of up to `count` uploads of a date, of one status or of all."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                IndexName=BY_DATE,
                ProjectionExpression="#key, #timestamp, #status, #size",
                KeyConditionExpression="#date = :date AND #order BETWEEN :from AND :until",
                ExpressionAttributeNames={
                    "#date": "date",
                    "#order": "status_timestamp",
                    "#key": "file_key",
                    "#timestamp": "timestamp",
                    "#status": "status",
                    "#size": "file_size",
                },
                ExpressionAttributeValues={
                    ":date": {"S": date},
                    ":from": {"S": f"{status}#" if status else FIRST},
                    ":until": {"S": f"{status}#{AFTER_TIMES}" if status else LAST},
                },
                ScanIndexForward=False,
                Limit=limit,
                **start,
            ),
        )

    def attributes(self, rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
        """Read attributes of up to 100 uploads that no index has; a throttled table may leave some out."""
        asked = ("file_key", "timestamp", *names)
        return read_batch(
            self.name,
            [to_item({"file_key": row["file_key"], "timestamp": row["timestamp"]}) for row in rows],
            lambda keys: self._dynamodb.batch_get_item(
                RequestItems={
                    self.name: {
                        "Keys": keys,
                        "ProjectionExpression": ", ".join(f"#{name}" for name in asked),
                        "ExpressionAttributeNames": {f"#{name}": name for name in asked},
                    }
                }
            ),
        )

    def alerted(self, file_key: str, count: int) -> list[Row]:
        """Read up to `count` markers of alerts about a file: they stand behind the times of its uploads."""
        return read_rows(
            count,
            lambda limit, start: self._dynamodb.query(
                TableName=self.name,
                KeyConditionExpression="#key = :key AND #timestamp > :times",
                ExpressionAttributeNames={"#key": "file_key", "#timestamp": "timestamp"},
                ExpressionAttributeValues={":key": {"S": file_key}, ":times": {"S": AFTER_TIMES}},
                Limit=limit,
                **start,
            ),
        )

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
