"""The emulated AWS rejects what AWS rejects: each rule bites, and what is allowed passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.support.builders import LANDING, NDJSON
from tests.support.strict.aws import strict, take_violations, without_list_bucket
from tests.support.world import MACHINE, TABLE, TOPIC

ROW = {"file_key": {"S": "k"}, "timestamp": {"S": "t"}}
QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/sluice-local-discovered"

MB = 1024**2

Call = Callable[[], Any]


def _s3(operation: str, **parameters: Any) -> Call:
    return lambda: getattr(boto3.client("s3"), operation)(**{"Bucket": LANDING, "Key": "small", **parameters})


def _item(**attributes: Any) -> Call:
    return lambda: boto3.client("dynamodb").put_item(TableName=TABLE, Item={**ROW, **attributes})


def _dynamodb(operation: str, **parameters: Any) -> Call:
    return lambda: getattr(boto3.client("dynamodb"), operation)(**parameters)


def _publish(**parameters: Any) -> Call:
    return lambda: boto3.client("sns").publish(TopicArn=TOPIC, **{"Message": "m", **parameters})


def _start(**parameters: Any) -> Call:
    start = boto3.client("stepfunctions").start_execution
    return lambda: start(stateMachineArn=MACHINE, **{"name": "n", "input": "{}", **parameters})


def _run(job: str) -> Call:
    return lambda: boto3.client("glue").start_job_run(JobName=job)


def _send(*bodies: str, ids: str = "0123456789a") -> Call:
    entries: Any = [{"Id": name, "MessageBody": body} for name, body in zip(ids, bodies, strict=False)]
    return lambda: boto3.client("sqs").send_message_batch(QueueUrl=QUEUE, Entries=entries)


def _part(**parameters: Any) -> Call:
    def copy() -> Any:
        s3 = boto3.client("s3")
        upload = s3.create_multipart_upload(Bucket=LANDING, Key="copy")["UploadId"]
        source: Any = {"CopySource": {"Bucket": LANDING, "Key": "small"}, **parameters}
        return s3.upload_part_copy(Bucket=LANDING, Key="copy", UploadId=upload, PartNumber=1, **source)

    return copy


def _notify(*prefixes: str) -> Call:
    queue = "arn:aws:sqs:us-east-1:123456789012:sluice-local-ndjson"
    function = "arn:aws:lambda:us-east-1:123456789012:function:sluice-local-object_created"

    def entry(destination: str, arn: str, prefix: str) -> Any:
        rules = [{"Name": "prefix", "Value": prefix}]
        return {
            destination: arn,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": rules}},
        }

    configuration: Any = {
        "QueueConfigurations": [entry("QueueArn", queue, prefixes[0])],
        "LambdaFunctionConfigurations": [entry("LambdaFunctionArn", function, prefixes[1])],
    }
    put = boto3.client("s3").put_bucket_notification_configuration
    return lambda: put(Bucket=NDJSON, NotificationConfiguration=configuration)


_puts: Any = [{"PutRequest": {"Item": ROW | {"timestamp": {"S": str(n)}}}} for n in range(26)]
_gets = [ROW | {"timestamp": {"S": str(n)}} for n in range(101)]
_transaction: Any = [{"Put": {"TableName": TABLE, "Item": each}} for each in _gets]
EMPTY_KEY = {"file_key": {"S": ""}, "timestamp": {"S": "t"}}
QUERY = {
    "TableName": TABLE,
    "KeyConditionExpression": "file_key = :k",
    "ExpressionAttributeValues": {":k": {"S": "k"}},
}

REJECTED: dict[str, tuple[Callable[[], Call], str]] = {
    "key of 1,025 bytes": (lambda: _s3("put_object", Key="é" * 512 + "x"), "KeyTooLongError"),
    "key of 1,025 bytes, read": (lambda: _s3("get_object", Key="x" * 1025), "KeyTooLongError"),
    "metadata over 2 KB": (lambda: _s3("put_object", Metadata={"a": "x" * 2048}), "MetadataTooLarge"),
    "If-None-Match of a write with an ETag": (
        lambda: _s3("put_object", IfNoneMatch='"etag"'),
        "NotImplemented",
    ),
    "If-None-Match on a taken key": (lambda: _s3("put_object", IfNoneMatch="*"), "PreconditionFailed"),
    "If-Match of another version": (lambda: _s3("put_object", IfMatch='"other"'), "PreconditionFailed"),
    "If-Match of nothing": (lambda: _s3("put_object", Key="none", IfMatch='"x"'), "NoSuchKey"),
    "delete of another version": (lambda: _s3("delete_object", IfMatch='"other"'), "PreconditionFailed"),
    "copy of another version": (
        lambda: _s3("copy_object", CopySource=f"{LANDING}/small", CopySourceIfMatch='"other"'),
        "PreconditionFailed",
    ),
    "part copy of another version": (lambda: _part(CopySourceIfMatch='"other"'), "PreconditionFailed"),
    "part copy beyond the end": (
        lambda: _part(CopySource=f"{LANDING}/large", CopySourceRange=f"bytes=0-{5 * MB + 1}"),
        "InvalidArgument",
    ),
    "part copy of a range of 5 MB": (
        lambda: _part(CopySource=f"{LANDING}/middle", CopySourceRange="bytes=0-1"),
        "InvalidRequest",
    ),
    "part copy of an empty object": (lambda: _part(CopySource=f"{LANDING}/empty"), "InvalidArgument"),
    "part copy of a missing object": (lambda: _part(CopySource=f"{LANDING}/none"), "NoSuchKey"),
    "completion of no upload": (
        lambda: _s3("complete_multipart_upload", UploadId="none", MultipartUpload={"Parts": []}),
        "NoSuchUpload",
    ),
    "1,001 deletions": (
        lambda: (
            lambda: boto3.client("s3").delete_objects(
                Bucket=LANDING, Delete={"Objects": [{"Key": str(n)} for n in range(1001)]}
            )
        ),
        "MalformedXML",
    ),
    "overlapping notifications": (lambda: _notify("data/", "data/in/"), "InvalidArgument"),
    "empty key value": (
        lambda: _dynamodb("put_item", TableName=TABLE, Item=EMPTY_KEY),
        "ValidationException",
    ),
    "empty index key": (lambda: _item(retry={"S": ""}), "ValidationException"),
    "index key of another type": (lambda: _item(retry={"N": "1"}), "ValidationException"),
    "item over 400 KB": (lambda: _item(body={"S": "x" * 410_000}), "ValidationException"),
    "26 batch writes": (
        lambda: _dynamodb("batch_write_item", RequestItems={TABLE: _puts}),
        "ValidationException",
    ),
    "101 batch reads": (
        lambda: _dynamodb("batch_get_item", RequestItems={TABLE: {"Keys": _gets}}),
        "ValidationException",
    ),
    "one key twice in a batch read": (
        lambda: _dynamodb("batch_get_item", RequestItems={TABLE: {"Keys": [ROW, ROW]}}),
        "ValidationException",
    ),
    "101 items in a transaction": (
        lambda: _dynamodb("transact_write_items", TransactItems=_transaction),
        "ValidationException",
    ),
    "reserved word": (
        lambda: _dynamodb("query", **QUERY, FilterExpression="status = :k"),
        "ValidationException",
    ),
    "unused name": (
        lambda: _dynamodb("query", **QUERY, ExpressionAttributeNames={"#no": "no"}),
        "ValidationException",
    ),
    "unused value": (
        lambda: _dynamodb(
            "query", **{**QUERY, "ExpressionAttributeValues": {":k": {"S": "k"}, ":no": {"N": "1"}}}
        ),
        "ValidationException",
    ),
    "consistent read of a global index": (
        lambda: _dynamodb("query", **QUERY, IndexName="retry", ConsistentRead=True),
        "ValidationException",
    ),
    "subject of two lines": (lambda: _publish(Subject="a\nb"), "InvalidParameter"),
    "subject beyond ASCII": (lambda: _publish(Subject="Grüße"), "InvalidParameter"),
    "subject of 100 characters": (lambda: _publish(Subject="x" * 100), "InvalidParameter"),
    "empty subject": (lambda: _publish(Subject=""), "InvalidParameter"),
    "empty message": (lambda: _publish(Message=""), "InvalidParameter"),
    "message over 256 KiB": (lambda: _publish(Message="x" * 262_145), "InvalidParameter"),
    "execution name beyond ASCII": (lambda: _start(name="é"), "InvalidName"),
    "execution name of 81 characters": (lambda: _start(name="x" * 81), "InvalidName"),
    "execution input over 256 KiB": (lambda: _start(input='"' + "é" * 131_072 + '"'), "ValidationException"),
    "execution input that is no JSON": (lambda: _start(input="x"), "InvalidExecutionInput"),
    "control character in a message": (lambda: _send("a\x01"), "InvalidMessageContents"),
    "noncharacter in a message": (lambda: _send("\uffff"), "InvalidMessageContents"),
    "11 messages": (lambda: _send(*"x" * 11), "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"),
    "one message id twice": (
        lambda: _send("a", "b", ids="11"),
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    ),
    "message id with a dot": (lambda: _send("a", ids="."), "AWS.SimpleQueueService.InvalidBatchEntryId"),
    "batch over 1 MiB": (
        lambda: _send(*["x" * 300_000] * 4),
        "AWS.SimpleQueueService.BatchRequestTooLong",
    ),
}
ALLOWED: dict[str, Callable[[], Call]] = {
    "key of 1,024 bytes": lambda: _s3("put_object", Key="é" * 512),
    "metadata of 2 KB": lambda: _s3("put_object", Key="noted", Metadata={"a": "x" * 2047}),
    "copy of this version": lambda: _s3(
        "copy_object", Key="copy", CopySource=f"{LANDING}/small", CopySourceIfMatch=_etag("small")
    ),
    "copy of an empty object": lambda: _s3("copy_object", Key="copy", CopySource=f"{LANDING}/empty"),
    "part copy of this version": lambda: _part(CopySourceIfMatch=_etag("small")),
    "part copy of a range of more than 5 MB": lambda: _part(
        CopySource=f"{LANDING}/large", CopySourceRange="bytes=0-1"
    ),
    "notifications side by side": lambda: _notify("data/", "incoming/"),
    "index key of its type": lambda: _item(retry={"S": "1"}),
    "subject of 99 characters": lambda: _publish(Subject="x" * 99),
    "execution name of 80 characters": lambda: _start(name="x" * 80),
    "tab and emoji in a message": lambda: _send("\t\n🎉"),
}


def _etag(key: str) -> str:
    return str(boto3.client("s3").head_object(Bucket=LANDING, Key=key)["ETag"])


@pytest.fixture(autouse=True)
def _on_purpose() -> Iterator[None]:
    """Forget what the service models say of these tests: they send on purpose what AWS refuses."""
    yield
    take_violations()


@pytest.fixture(scope="module")
def objects(shared_aws: None) -> None:
    bodies = {"small": b"ab", "empty": b"", "middle": b"x" * 5 * MB, "large": b"x" * (5 * MB + 1)}
    for key, body in bodies.items():
        boto3.client("s3").put_object(Bucket=LANDING, Key=key, Body=body)


@pytest.mark.parametrize("name", REJECTED)
def test_what_aws_rejects_is_rejected(objects: None, name: str) -> None:
    call, code = REJECTED[name]
    with pytest.raises(ClientError) as refused:
        call()()
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("name", ALLOWED)
def test_what_aws_allows_is_allowed(objects: None, name: str) -> None:
    answer = ALLOWED[name]()()
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert not answer.get("Failed"), "a batch may fail entry by entry"


def test_metadata_beyond_ascii_does_not_leave_the_client(objects: None) -> None:
    with pytest.raises(ParamValidationError, match="Non ascii"):
        _s3("put_object", Metadata={"name": "ü"})()


@pytest.mark.parametrize("read", ["get_object", "head_object"])
def test_without_list_bucket_a_missing_key_is_forbidden_and_a_present_one_is_not(
    objects: None, read: str
) -> None:
    with without_list_bucket(LANDING):
        _s3(read)()
        with pytest.raises(ClientError) as refused:
            _s3(read, Key="missing")()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError) as missing:
        _s3(read, Key="missing")()
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (_start(name="n" * 81), "sfn.StartExecution.name: 81 is not from 1 to 80"),
        (
            _dynamodb("put_item", TableName=TABLE, Item=ROW, ReturnValues="SOME"),
            "dynamodb.PutItem.ReturnValues: 'SOME' is none of ['NONE', 'ALL_OLD'",
        ),
        (_run("job\x01"), "glue.StartJobRun.JobName: 'job\\x01' does not match ["),
        (
            _dynamodb("batch_get_item", RequestItems={TABLE: {"Keys": [ROW] * 101}}),
            f"dynamodb.BatchGetItem.RequestItems.{TABLE}.Keys: 101 is not from 1 to 100",
        ),
        (_start(name="a"), ""),
    ],
)
def test_what_the_service_models_do_not_allow_is_told(shared_aws: None, call: Call, told: str) -> None:
    take_violations()
    with suppress(ClientError):
        call()
    found = take_violations()
    assert [each[: len(told)] for each in found] == [each for each in [told] if each]


def test_a_test_fails_at_its_end_for_a_request_that_the_models_do_not_allow(shared_aws: None) -> None:
    failure = r"models do not allow .*\nsfn.StartExecution.name: 81"
    with pytest.raises(AssertionError, match=failure), strict(), suppress(ClientError):
        _start(name="n" * 81)()
