"""The transient errors that AWS documents per operation: any call may meet each of them.

Source: the error sections of each API reference; S3's conditional writes answer 409 when another write of
the key is under way, and a conditional delete of an absent key is answered 404 or 412.
"""

from __future__ import annotations

from typing import NamedTuple

from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError


class Refusal(NamedTuple):
    """An error answer: its code and HTTP status."""

    code: str
    status: int


BY_SERVICE: dict[str, tuple[Refusal, ...]] = {
    "s3": (Refusal("SlowDown", 503), Refusal("InternalError", 500), Refusal("RequestTimeout", 400)),
    "dynamodb": (
        Refusal("ProvisionedThroughputExceededException", 400),
        Refusal("ThrottlingException", 400),
        Refusal("InternalServerError", 500),
    ),
    "stepfunctions": (Refusal("ThrottlingException", 400), Refusal("InternalFailure", 500)),
    "sns": (Refusal("Throttling", 429), Refusal("InternalError", 500)),
    "sqs": (Refusal("RequestThrottled", 403), Refusal("InternalFailure", 500)),
    "glue": (
        Refusal("ThrottlingException", 400),
        Refusal("InternalServiceException", 500),
        Refusal("OperationTimeoutException", 400),
    ),
    "secretsmanager": (Refusal("InternalServiceError", 500),),
}
BY_OPERATION: dict[str, tuple[Refusal, ...]] = {
    "PutObject": (Refusal("ConditionalRequestConflict", 409),),
    "CompleteMultipartUpload": (Refusal("ConditionalRequestConflict", 409),),
    "DeleteObject": (Refusal("ConditionalRequestConflict", 409), Refusal("PreconditionFailed", 412)),
    "PutItem": (Refusal("TransactionConflictException", 400),),
    "UpdateItem": (Refusal("TransactionConflictException", 400),),
    "StartExecution": (Refusal("ExecutionLimitExceeded", 400),),
    "StartJobRun": (
        Refusal("ConcurrentRunsExceededException", 400),
        Refusal("ResourceNumberLimitExceededException", 400),
    ),
}
EFFECT_UNKNOWN = {"OperationTimeoutException"}  # the call may have taken effect all the same
NO_ANSWER = (ReadTimeoutError, ConnectTimeoutError, EndpointConnectionError)
UNSEEN_EFFECT = ("InternalError", 500)  # the call took effect, and its answer says that it failed


def refusals(service: str, operation: str) -> tuple[Refusal, ...]:
    """Return the documented errors of a call; add a service here that is not known yet."""
    return BY_SERVICE[service] + BY_OPERATION.get(operation, ())
