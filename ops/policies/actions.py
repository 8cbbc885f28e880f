"""What IAM asks for each client operation: the one table that knows AWS's rules.

An operation is not an action: most of S3's and every batch or transaction are named otherwise in IAM, and
some parameters ask for more. `Need.parameter` is the path to what names the resource: `{}` stands for the
keys of a mapping, `[]` for the elements of a list. A test checks every entry against the service models of
botocore and the action definitions of IAM.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["object", "key", "bucket", "table", "index", "queue", "topic", "machine", "execution", "job",
               "secret"]  # fmt: skip


@dataclass(frozen=True)
class Need:
    """One permission: `action` on the resource that `parameter` names, `when` one of these is passed."""

    action: str
    kind: Kind
    parameter: str
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


Needs = tuple[Need, ...]


def _one(action: str, kind: Kind, parameter: str) -> Needs:
    return (Need(action, kind, parameter),)


def _alike(prefix: str, kind: Kind, parameter: str, operations: str) -> dict[tuple[str, str], Needs]:
    """Return the needs of operations that IAM calls as the API does, each an action on one resource."""
    service = "stepfunctions" if prefix == "states" else prefix
    names = {one: "".join(map(str.capitalize, one.split("_"))) for one in operations.split()}
    return {(service, one): _one(f"{prefix}:{name}", kind, parameter) for one, name in names.items()}


def _search(action: str) -> Needs:
    of_table, of_index = (Need(action, kind, "TableName") for kind in ("table", "index"))
    return replace(of_table, unless=("IndexName",)), replace(of_index, when=("IndexName",))


# Without s3:ListBucket S3 answers 403 for what is missing, and "missing" is a normal answer here.
_READ = (Need("s3:GetObject", "object", "Bucket"), Need("s3:ListBucket", "bucket", "Bucket"))
_READ_VERSION = (Need("s3:GetObjectVersion", "object", "Bucket", when=("VersionId",)),)
_READ_SOURCE = tuple(replace(need, parameter="CopySource.Bucket") for need in _READ)
# A condition on an ETag reads the object: S3 asks for s3:GetObject besides the right to write or delete.
_READ_FOR_CONDITION = tuple(replace(need, when=("IfMatch",)) for need in _READ)
_WRITE = _one("s3:PutObject", "object", "Bucket")
_TAG = (Need("s3:PutObjectTagging", "object", "Bucket", when=("Tagging",)),)
_TAGS_OF_COPY = (
    Need("s3:GetObjectTagging", "object", "CopySource.Bucket"),
    Need("s3:PutObjectTagging", "object", "Bucket"),
)
_IN_TRANSACTION = ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")

NEEDS: dict[tuple[str, str], Needs] = {
    ("s3", "get_object"): _READ + _READ_VERSION,
    ("s3", "head_object"): _READ + _READ_VERSION,
    ("s3", "put_object"): _WRITE + _TAG + _READ_FOR_CONDITION,
    ("s3", "delete_object"): _one("s3:DeleteObject", "object", "Bucket") + _READ_FOR_CONDITION,
    ("s3", "delete_objects"): _one("s3:DeleteObject", "object", "Bucket"),
    ("s3", "list_objects_v2"): _one("s3:ListBucket", "bucket", "Bucket"),
    ("s3", "copy_object"): _WRITE + _READ_SOURCE + _TAGS_OF_COPY,
    ("s3", "create_multipart_upload"): _WRITE + _TAG,
    ("s3", "upload_part_copy"): _WRITE + _READ_SOURCE,
    ("s3", "complete_multipart_upload"): _WRITE + _READ_FOR_CONDITION,
    **_alike("s3", "object", "Bucket", "get_object_tagging put_object_tagging abort_multipart_upload"),
    **_alike("dynamodb", "table", "TableName", "get_item put_item update_item delete_item describe_table"),
    **_alike("dynamodb", "table", "RequestItems.{}", "batch_get_item batch_write_item"),
    ("dynamodb", "query"): _search("dynamodb:Query"),
    ("dynamodb", "scan"): _search("dynamodb:Scan"),
    ("dynamodb", "transact_write_items"): tuple(
        Need(f"dynamodb:{one}", "table", f"TransactItems.[].{one.removesuffix('Item')}.TableName")
        for one in _IN_TRANSACTION
    ),
    **_alike("sqs", "queue", "QueueUrl", "send_message receive_message delete_message get_queue_attributes"),
    **_alike("sqs", "queue", "QueueName", "get_queue_url"),
    ("sqs", "send_message_batch"): _one("sqs:SendMessage", "queue", "QueueUrl"),
    ("sns", "publish"): _one("sns:Publish", "topic", "TopicArn"),
    **_alike("states", "machine", "stateMachineArn", "start_execution list_executions"),
    **_alike("states", "execution", "executionArn", "describe_execution stop_execution"),
    **_alike("glue", "job", "JobName", "start_job_run get_job get_job_run get_job_runs"),
    **_alike("secretsmanager", "secret", "SecretId", "get_secret_value describe_secret"),
}

# Parameters that ask for permissions which this table does not know.
UNMAPPED_PARAMETERS = frozenset(
    {"ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", "SSEKMSKeyId", "RequestPayer",
     "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus", "BypassGovernanceRetention",
     "TargetArn", "PhoneNumber", "MFA"}
)  # fmt: skip

POLLER = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility")
