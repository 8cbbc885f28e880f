"""Buckets of one's own, which `LANDING_BUCKET` and `NDJSON_BUCKET` name: looked at before a deploy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from ops.deploy.notifications import withdraw
from ops.deploy.stack import Say
from ops.errors import OperationError
from ops.stages import WATCHED, Stage, Target
from ops.teardown.inventory import is_gone

CREATED = "s3:ObjectCreated"
UNENCRYPTED = "ServerSideEncryptionConfigurationNotFoundError"


def require_ready(stage: Stage, session: Any, target: Target) -> None:
    """Raise OperationError, which names every fault, when a given bucket could not be watched."""
    s3 = session.client("s3")
    faults = [
        f"{name}={bucket}: {fault}"
        for name, bucket in stage.given_buckets.items()
        for fault in _faults(s3, bucket, stage.stack_name, target)
    ]
    if faults:
        raise OperationError("nothing was deployed:\n  " + "\n  ".join(faults))


def _faults(s3: Any, bucket: str, prefix: str, target: Target) -> Iterator[str]:
    try:
        found = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=target.account)["ResponseMetadata"]
    except ClientError as error:
        told = error.response["Error"]
        yield (
            f"S3 does not give it out ({told['Code']} {told['Message']}): is it there, in this account, and "
            "may the deployer list it?"
        )
        return
    region = found["HTTPHeaders"].get("x-amz-bucket-region", target.region)
    if region != target.region:
        yield f"it is in {region} and the stage in {target.region}; S3 tells functions of its own region only"
        return
    if key := _named_key(s3, bucket):
        yield f"it encrypts by the key {key}, which no function may use: let it use SSE-S3 (AES256)"
    current = s3.get_bucket_notification_configuration(Bucket=bucket)
    for rival in _told_of_new_objects(current):
        if f":{prefix}-" not in rival:
            yield (
                f"it tells {rival} of new objects, and S3 tells no second one of the same: let a topic "
                "or EventBridge tell the other"
            )


def _named_key(s3: Any, bucket: str) -> str:
    try:
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != UNENCRYPTED:
            raise
        return ""
    return str(rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", ""))


def _told_of_new_objects(configuration: Mapping[str, Any]) -> Iterator[str]:
    for entries in configuration.values():
        for each in entries if isinstance(entries, list) else ():
            if any(event.startswith(CREATED) for event in each["Events"]):
                yield next(str(value) for name, value in each.items() if name.endswith("Arn"))


def leave_former(stage: Stage, session: Any, environment: Mapping[str, str], say: Say) -> None:
    """Withdraw the stage's notifications from buckets that its functions still watch and the config left."""
    try:
        found = session.client("lambda").get_function_configuration(
            FunctionName=f"{stage.stack_name}-object_created"
        )
    except ClientError as error:
        if not is_gone(error):
            raise
        return
    watched = found.get("Environment", {}).get("Variables", {})
    for bucket in {watched[name] for name in WATCHED if name in watched} - {environment[n] for n in WATCHED}:
        say(f"Bucket {bucket} is no longer watched: what lands there stays where it is")
        withdraw(session.client("s3"), bucket, stage.stack_name)
