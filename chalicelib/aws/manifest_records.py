"""Records of batch manifests in the tracking table: what a manifest will hold, fixed before any claim.

`MANIFEST#<date>` / `<manifest key>`, and under `MEMBERS#<date>` the same key's members, which no step of the
record writes again. While a record needs work it carries `pending_since` and so stands in the sparse index.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.aws.failures import false_if_condition_failed, refusing_row
from chalicelib.aws.items import Row, from_item, to_item, to_value
from chalicelib.aws.tracking_keys import MANIFEST, MEMBERS, tracking_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OF_ONE_RUN = ("job_run_id", "run_status", "run_error", "run_stopped_at", "run_attempt", "run_alerted")
REVISION = "step"  # the attribute, as stored, that counts the changes of a record


class ManifestRecords:
    """The records in the tracking table by its name; every method is one call unless it says otherwise."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        self._dynamodb = dynamodb
        self.name = table_name

    def create(self, record: Row, members: str) -> bool:
        """Create a record once, its members first; False when another plan has its key. Two calls.

        A repeat of the same plan returns True and leaves alone what was done for the record since. Members
        whose record was never made are nobody's: their files are planned again.
        """
        listed = {
            "date_prefix": _members_of(record["date_prefix"]),
            "file_name": record["file_name"],
            "plan": record["plan"],
            "members": members,
        }
        return self._put_once(listed) and self._put_once(record)

    def members(self, record: Row) -> str:
        """Read what a record may hold, consistently; records of Sluice 0.1.0 have it in themselves."""
        if "members" in record:
            return str(record["members"])
        found = self._dynamodb.get_item(
            TableName=self.name,
            Key=tracking_key(_members_of(record["date_prefix"]), record["file_name"]),
            ConsistentRead=True,
        )
        return found["Item"]["members"]["S"]

    def _put_once(self, item: Row) -> bool:
        try:
            self._dynamodb.put_item(
                TableName=self.name,
                Item=to_item(item),
                ConditionExpression="attribute_not_exists(#plan)",
                ExpressionAttributeNames={"#plan": "plan"},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return bool(refusing_row(error).get("plan") == item["plan"])
        return True

    def find(self, date_prefix: str, manifest_key: str) -> Row | None:
        """Read one record, consistently."""
        found = self._dynamodb.get_item(
            TableName=self.name, Key=_key(date_prefix, manifest_key), ConsistentRead=True
        )
        return from_item(found["Item"]) if "Item" in found else None

    def advance(self, date_prefix: str, record: Row, changes: Mapping[str, Any]) -> bool:
        """Change a record that still has the status and revision of `record`; False when another was faster.

        A record that becomes `done` leaves the sparse index.
        """
        done = " REMOVE #pending_since" if changes["status"] == "done" else ""
        names = {f"#{name}": name for name in ("status", *changes)} | {"#revision": REVISION}
        names |= {"#pending_since": "pending_since"} if done else {}
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=_key(date_prefix, record["file_name"]),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes) + done
                + " ADD #revision :one",
                ConditionExpression="#status = :was AND #revision = :revision",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    **{f":{name}": to_value(value) for name, value in changes.items()},
                    ":was": to_value(record["status"]),
                    ":revision": to_value(record[REVISION]),
                    ":one": {"N": "1"},
                },
            )  # fmt: skip
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def end_run(self, record: Row, end: Row) -> Row:
        """Record how the run that `record` names ended, if this is not known; return what is stored then.

        A later attempt of the same run replaces the end of an earlier one.
        """
        removed = [name for name in ("run_error", "run_alerted") if name not in end]
        names = {
            f"#{name}": name for name in ("status", "job_run_id", "run_status", "run_attempt", *end, *removed)
        }
        try:
            changed = self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(record["date_prefix"], record["file_name"]),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in end)
                + " REMOVE " + ", ".join(f"#{name}" for name in removed),
                ConditionExpression="#status = :done AND #job_run_id = :run"
                " AND (attribute_not_exists(#run_status) OR #run_attempt < :run_attempt)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    **{f":{name}": to_value(value) for name, value in end.items()},
                    ":done": {"S": "done"},
                    ":run": {"S": record["job_run_id"]},
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )  # fmt: skip
        except ClientError as error:
            return refusing_row(error)
        return from_item(changed["Attributes"])

    def note_alert(self, record: Row, at: str) -> bool:
        """Note that a failure was alerted; False when the record tells of another run, or attempt, by now."""
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(record["date_prefix"], record["file_name"]),
                UpdateExpression="SET #run_alerted = :at",
                ConditionExpression="#job_run_id = :run AND #run_attempt = :attempt",
                ExpressionAttributeNames={
                    "#run_alerted": "run_alerted",
                    "#job_run_id": "job_run_id",
                    "#run_attempt": "run_attempt",
                },
                ExpressionAttributeValues={
                    ":at": {"S": at},
                    ":run": {"S": record["job_run_id"]},
                    ":attempt": to_value(record["run_attempt"]),
                },
            )
        except ClientError as error:
            return false_if_condition_failed(error)
        return True

    def restart(self, record: Row, changes: Row) -> bool:
        """Open a record for another run after one that ended; False when it has changed since it was read."""
        names = {f"#{name}": name for name in (*changes, *OF_ONE_RUN)} | {"#revision": REVISION}
        try:
            self._dynamodb.update_item(
                TableName=self.name,
                Key=tracking_key(record["date_prefix"], record["file_name"]),
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes)
                + " REMOVE " + ", ".join(f"#{name}" for name in OF_ONE_RUN) + " ADD #revision :one",
                ConditionExpression="#status = :done AND #revision = :revision AND #run_status = :ended",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    **{f":{name}": to_value(value) for name, value in changes.items()},
                    ":done": {"S": "done"},
                    ":revision": to_value(record[REVISION]),
                    ":ended": {"S": record["run_status"]},
                    ":one": {"N": "1"},
                },
            )  # fmt: skip
        except ClientError as error:
            return false_if_condition_failed(error)
        return True


def _key(date_prefix: str, manifest_key: str) -> dict[str, Any]:
    return tracking_key(MANIFEST + date_prefix, manifest_key)


def _members_of(partition: str) -> str:
    return MEMBERS + partition.removeprefix(MANIFEST)
