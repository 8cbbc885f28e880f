"""What IAM asks for each client operation: the one table that knows AWS's rules.

An operation is not an action: most of S3's and every batch or transaction are named otherwise in IAM, and
some parameters ask for more. `Need.parameter` is the path to what names the resource: `{}` stands for the
keys of a mapping, `[]` for the elements of a list. A test checks every entry against the service models of
botocore and the action definitions of IAM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "object", "bucket", "table", "index", "queue", "topic", "machine", "execution", "job", "secret"
]


@dataclass(frozen=True)
class Need:
    """One permission: `action` on the resource that `parameter` names, `when` one of these is passed."""

    action: str
    kind: Kind
    parameter: str
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


def _one(action: str, kind: Kind, parameter: str) -> tuple[Need, ...]:
    return (Need(action, kind, parameter),)


# Without s3:ListBucket S3 answers 403 for what is missing, and "missing" is a normal answer here.
_READ = (Need("s3:GetObject", "object", "Bucket"), Need("s3:ListBucket", "bucket", "Bucket"))
_READ_VERSION = (Need("s3:GetObjectVersion", "object", "Bucket", when=("VersionId",)),)
_READ_SOURCE = (
    Need("s3:GetObject", "object", "CopySource.Bucket"),
    Need("s3:ListBucket", "bucket", "CopySource.Bucket"),
)
# A condition on an ETag reads the object: S3 asks for s3:GetObject besides the right to write or delete.
_READ_FOR_CONDITION = tuple(Need(need.action, need.kind, "Bucket", when=("IfMatch",)) for need in _READ)
_WRITE = _one("s3:PutObject", "object", "Bucket")
_TAG = (Need("s3:PutObjectTagging", "object", "Bucket", when=("Tagging",)),)
_QUERY = (
    Need("dynamodb:Query", "table", "TableName", unless=("IndexName",)),
    Need("dynamodb:Query", "index", "TableName", when=("IndexName",)),
)
_SCAN = (
    Need("dynamodb:Scan", "table", "TableName", unless=("IndexName",)),
    Need("dynamodb:Scan", "index", "TableName", when=("IndexName",)),
)

NEEDS: dict[tuple[str, str], tuple[Need, ...]] = {
    ("s3", "get_object"): _READ + _READ_VERSION,
    ("s3", "head_object"): _READ + _READ_VERSION,
    ("s3", "put_object"): _WRITE + _TAG + _READ_FOR_CONDITION,
    ("s3", "delete_object"): (*_one("s3:DeleteObject", "object", "Bucket"), *_READ_FOR_CONDITION),
    ("s3", "delete_objects"): _one("s3:DeleteObject", "object", "Bucket"),
    ("s3", "list_objects_v2"): _one("s3:ListBucket", "bucket", "Bucket"),
    ("s3", "head_bucket"): _one("s3:ListBucket", "bucket", "Bucket"),
    ("s3", "get_object_tagging"): _one("s3:GetObjectTagging", "object", "Bucket"),
    ("s3", "put_object_tagging"): _one("s3:PutObjectTagging", "object", "Bucket"),
    ("s3", "copy_object"): (
        *_WRITE,
        *_READ_SOURCE,
        Need("s3:GetObjectTagging", "object", "CopySource.Bucket"),
        Need("s3:PutObjectTagging", "object", "Bucket"),
    ),
    ("s3", "create_multipart_upload"): _WRITE + _TAG,
    ("s3", "upload_part"): _WRITE,
    ("s3", "upload_part_copy"): _WRITE + _READ_SOURCE,
    ("s3", "complete_multipart_upload"): _WRITE + _READ_FOR_CONDITION,
    ("s3", "abort_multipart_upload"): _one("s3:AbortMultipartUpload", "object", "Bucket"),
    ("s3", "list_parts"): _one("s3:ListMultipartUploadParts", "object", "Bucket"),
    ("s3", "list_multipart_uploads"): _one("s3:ListBucketMultipartUploads", "bucket", "Bucket"),
    ("dynamodb", "get_item"): _one("dynamodb:GetItem", "table", "TableName"),
    ("dynamodb", "put_item"): _one("dynamodb:PutItem", "table", "TableName"),
    ("dynamodb", "update_item"): _one("dynamodb:UpdateItem", "table", "TableName"),
    ("dynamodb", "delete_item"): _one("dynamodb:DeleteItem", "table", "TableName"),
    ("dynamodb", "describe_table"): _one("dynamodb:DescribeTable", "table", "TableName"),
    ("dynamodb", "query"): _QUERY,
    ("dynamodb", "scan"): _SCAN,
    ("dynamodb", "batch_get_item"): _one("dynamodb:BatchGetItem", "table", "RequestItems.{}"),
    ("dynamodb", "batch_write_item"): _one("dynamodb:BatchWriteItem", "table", "RequestItems.{}"),
    ("dynamodb", "transact_get_items"): _one("dynamodb:GetItem", "table", "TransactItems.[].Get.TableName"),
    ("dynamodb", "transact_write_items"): (
        Need("dynamodb:PutItem", "table", "TransactItems.[].Put.TableName"),
        Need("dynamodb:UpdateItem", "table", "TransactItems.[].Update.TableName"),
        Need("dynamodb:DeleteItem", "table", "TransactItems.[].Delete.TableName"),
        Need("dynamodb:ConditionCheckItem", "table", "TransactItems.[].ConditionCheck.TableName"),
    ),
    ("sqs", "send_message"): _one("sqs:SendMessage", "queue", "QueueUrl"),
    ("sqs", "send_message_batch"): _one("sqs:SendMessage", "queue", "QueueUrl"),
    ("sqs", "receive_message"): _one("sqs:ReceiveMessage", "queue", "QueueUrl"),
    ("sqs", "delete_message"): _one("sqs:DeleteMessage", "queue", "QueueUrl"),
    ("sqs", "delete_message_batch"): _one("sqs:DeleteMessage", "queue", "QueueUrl"),
    ("sqs", "change_message_visibility"): _one("sqs:ChangeMessageVisibility", "queue", "QueueUrl"),
    ("sqs", "get_queue_attributes"): _one("sqs:GetQueueAttributes", "queue", "QueueUrl"),
    ("sqs", "get_queue_url"): _one("sqs:GetQueueUrl", "queue", "QueueName"),
    ("sns", "publish"): _one("sns:Publish", "topic", "TopicArn"),
    ("sns", "publish_batch"): _one("sns:Publish", "topic", "TopicArn"),
    ("stepfunctions", "start_execution"): _one("states:StartExecution", "machine", "stateMachineArn"),
    ("stepfunctions", "list_executions"): _one("states:ListExecutions", "machine", "stateMachineArn"),
    ("stepfunctions", "describe_state_machine"): _one(
        "states:DescribeStateMachine", "machine", "stateMachineArn"
    ),
    ("stepfunctions", "describe_execution"): _one("states:DescribeExecution", "execution", "executionArn"),
    ("stepfunctions", "stop_execution"): _one("states:StopExecution", "execution", "executionArn"),
    ("stepfunctions", "get_execution_history"): _one(
        "states:GetExecutionHistory", "execution", "executionArn"
    ),
    ("glue", "start_job_run"): _one("glue:StartJobRun", "job", "JobName"),
    ("glue", "get_job"): _one("glue:GetJob", "job", "JobName"),
    ("glue", "get_job_run"): _one("glue:GetJobRun", "job", "JobName"),
    ("glue", "get_job_runs"): _one("glue:GetJobRuns", "job", "JobName"),
    ("glue", "batch_stop_job_run"): _one("glue:BatchStopJobRun", "job", "JobName"),
    ("secretsmanager", "get_secret_value"): _one("secretsmanager:GetSecretValue", "secret", "SecretId"),
    ("secretsmanager", "describe_secret"): _one("secretsmanager:DescribeSecret", "secret", "SecretId"),
}

# Parameters that ask for permissions which this table does not know.
UNMAPPED_PARAMETERS = frozenset(
    {"ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", "SSEKMSKeyId", "RequestPayer",
     "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus", "BypassGovernanceRetention",
     "TargetArn", "PhoneNumber", "MFA"}
)  # fmt: skip

POLLER = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility")
