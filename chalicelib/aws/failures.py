"""What a failed AWS call means, read from botocore's error."""

from __future__ import annotations

import os

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from chalicelib.aws.items import Row, from_item

AWS_ERRORS = (ClientError, BotoCoreError)  # what a call to AWS fails with, for capabilities to catch
WAY_OUT_LOCALLY = (
    "start everything with `make run`, or serve a deployed stage with `chalice local --stage <stage>` and "
    "its AWS credentials"
)
MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
ACCESS_REFUSED = frozenset({"AccessDenied", "403", "InvalidRequest", "400"})  # 400: the key is the customer's
KEY_REFUSED = frozenset({"KMS.DisabledException", "KMS.NotFoundException", "KMS.KMSInvalidStateException"})
ARCHIVED = "InvalidObjectState"
TAKEN_OR_CHANGED = frozenset({"PreconditionFailed", "412"})
CONFLICT = frozenset({"ConditionalRequestConflict", "409", "OperationAborted"})


def code_of(error: ClientError) -> str:
    """Return the error's code; HEAD answers have no body, so theirs is the HTTP status."""
    return error.response.get("Error", {}).get("Code", "")


def is_missing(error: ClientError) -> bool:
    """Tell whether the object is not there."""
    return code_of(error) in MISSING


def is_access_refused(error: Exception) -> bool:
    """Tell whether S3 keeps back an object that is there: by a policy, or for want of its encryption key."""
    code = code_of(error) if isinstance(error, ClientError) else ""
    return code in ACCESS_REFUSED or code in KEY_REFUSED


def is_withheld(error: Exception) -> bool:
    """Tell whether S3 does not give out an object that is there: refused, or in an archive storage class."""
    return is_access_refused(error) or (isinstance(error, ClientError) and code_of(error) == ARCHIVED)


def is_precondition_failed(error: ClientError) -> bool:
    """Tell whether a condition of the call did not hold (412)."""
    return code_of(error) in TAKEN_OR_CHANGED


def is_conflict(error: ClientError) -> bool:
    """Tell whether a concurrent write got in between (409): the same may be tried again.

    S3 asks for a new multipart upload where the completion of one met a conflict.
    """
    return code_of(error) in CONFLICT


def is_condition_failed(error: ClientError) -> bool:
    """Tell whether DynamoDB refused a write because its condition did not hold."""
    return code_of(error) == "ConditionalCheckFailedException"


def false_if_condition_failed(error: ClientError) -> bool:
    """Return False when a write's condition did not hold; raise any other error."""
    if not is_condition_failed(error):
        raise error
    return False


def refusing_row(error: ClientError) -> Row:
    """Return the row that failed a write's condition, if ALL_OLD was asked for; raise any other error."""
    if not is_condition_failed(error):
        raise error
    return from_item(error.response.get("Item", {}))  # type: ignore[arg-type]  # absent without ALL_OLD


def way_out() -> str:
    """Say what to do where AWS does not answer, or this process has no settings to ask it with."""
    if os.environ.get("STAGE") == "local":
        return WAY_OUT_LOCALLY
    return "look into the function's log, and see to its settings, its rights and AWS"


def describe_failure(error: Exception) -> str:
    """Return one line on what AWS could not do and why; empty when the error is not of AWS."""
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials were found"
    if isinstance(error, ClientError):
        return f"{error.operation_name} was answered with {code_of(error) or 'an error'}"
    return " ".join(str(error).split()) if isinstance(error, BotoCoreError) else ""
