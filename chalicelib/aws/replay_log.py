"""What operators did to an upload, noted in its catalogue row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import false_if_condition_failed, is_condition_failed
from chalicelib.aws.items import Row, from_item, to_item, to_value

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ReplayLog:
    """The replays of uploads, in the catalogue by table name."""

    def __init__(self, dynamodb: DynamoDBClient, name: str) -> None:
        self._dynamodb = dynamodb
        self.name = name

    def note(self, row: Row, replay: Mapping[str, Any]) -> Row | None:
        """Append a replay to the row of an upload, before it is carried out.

        Return the row's `replays` and `replay_count` with it; None when the row is gone.
        """
        try:
            noted = self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(row),
                UpdateExpression="SET #replays = list_append(if_not_exists(#replays, :none), :new) "
                "ADD #count :one",
                ConditionExpression="attribute_exists(#status)",
                ExpressionAttributeNames={
                    "#replays": "replays",
                    "#count": "replay_count",
                    "#status": "status",
                },
                ExpressionAttributeValues={
                    ":none": {"L": []},
                    ":new": to_value([dict(replay)]),
                    ":one": {"N": "1"},
                },
                ReturnValues="UPDATED_NEW",
            )
        except ClientError as error:
            if not is_condition_failed(error):
                raise
            return None
        return from_item(noted["Attributes"])

    def note_put_back(self, row: Row, at: str) -> bool:
        """Note that a replayed file was put back as another upload; its row leaves the index by date.

        False when the row tells another outcome by now, or was not replayed.
        """
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(row),
                UpdateExpression="SET #put_back = if_not_exists(#put_back, :at) REMOVE #order",
                ConditionExpression="#status = :status AND attribute_exists(#replays)",
                ExpressionAttributeNames={
                    "#put_back": "put_back_at",
                    "#order": "status_timestamp",
                    "#status": "status",
                    "#replays": "replays",
                },
                ExpressionAttributeValues={":at": {"S": at}, ":status": {"S": row["status"]}},
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True


def _key(row: Row) -> dict[str, Any]:
    return to_item({"file_key": row["file_key"], "timestamp": row["timestamp"]})
