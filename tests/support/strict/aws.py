"""What AWS rejects and moto lets pass, rejected: every test runs under these rules.

The rules look at a call's parameters right before it is made, at botocore's event, and answer as AWS does.
moto itself enforces the rest (item size, batch limits, empty keys, reserved words). Both are tested in
tests/functional/aws/test_strict_aws.py. Import this module before any boto3 session is made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import handlers
from botocore.exceptions import ClientError

from tests.support.strict.dynamodb import DYNAMODB_RULES
from tests.support.strict.models import violations
from tests.support.strict.rules import Rejected
from tests.support.strict.s3 import S3_RULES, hidden_buckets

Parameters = Mapping[str, Any]

SNS_SUBJECT = re.compile(r"[!-~][ -~]{0,98}")  # ASCII, one line, fewer than 100 characters, no space first
EXECUTION_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")
EXECUTION_INPUT_BYTES = 262_144
SQS_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
GLUE_ARGUMENTS_BYTES = 65_536


def _subject(parameters: Parameters) -> None:
    if not parameters["Message"]:
        raise Rejected("InvalidParameter", "Invalid parameter: Empty message")
    if "Subject" in parameters and not SNS_SUBJECT.fullmatch(parameters["Subject"]):
        raise Rejected("InvalidParameter", f"Invalid parameter: Subject {parameters['Subject']!r:.120}")


def _execution(parameters: Parameters) -> None:
    if not EXECUTION_NAME.fullmatch(parameters["name"]):
        raise Rejected("InvalidName", f"Invalid Name: {parameters['name']!r:.120}")
    if len(parameters["input"].encode()) > EXECUTION_INPUT_BYTES:
        raise Rejected("ValidationException", "input: Member must have length less than 262144")


def _body(parameters: Parameters) -> None:
    if SQS_ILLEGAL.search(parameters["MessageBody"]):
        raise Rejected("InvalidMessageContents", "The message contains characters outside the allowed set.")


def _bodies(parameters: Parameters) -> None:
    for entry in parameters["Entries"]:
        _body(entry)


def _glue_arguments(parameters: Parameters) -> None:
    arguments = parameters.get("Arguments", {})
    if sum(len(name) + len(value) for name, value in arguments.items()) > GLUE_ARGUMENTS_BYTES:
        raise Rejected("InvalidInputException", "Arguments are too long")


RULES: dict[str, tuple[Callable[[Parameters], None], ...]] = {
    **S3_RULES,
    **DYNAMODB_RULES,
    "sns.Publish": (_subject,),
    "sfn.StartExecution": (_execution,),
    "sqs.SendMessage": (_body,),
    "sqs.SendMessageBatch": (_bodies,),
    "glue.StartJobRun": (_glue_arguments,),
}

_enforced = False
_violations: list[str] = []


def _check(params: Parameters, event_name: str, model: Any, **_: Any) -> None:
    if not _enforced:
        return
    call = event_name.removeprefix("before-parameter-build.")
    _violations.extend(violations(call, model, params))
    try:
        for rule in RULES.get(call, ()):
            rule(params)
    except Rejected as rejected:
        answer: Any = {
            "Error": {"Code": rejected.code, "Message": str(rejected)},
            "ResponseMetadata": {"HTTPStatusCode": rejected.status},
        }
        raise ClientError(answer, call.rpartition(".")[2]) from None


handlers.BUILTIN_HANDLERS.append(("before-parameter-build", _check))


@contextmanager
def strict() -> Iterator[None]:
    """Enforce the rules while the context lasts, and the service models at its end; AWS does so itself."""
    global _enforced  # noqa: PLW0603 - botocore's handler takes no argument of ours
    _enforced = True
    try:
        yield
    finally:
        _enforced = False
    told = take_violations()
    assert not told, "the service models do not allow these requests:\n" + "\n".join(told)


def take_violations() -> list[str]:
    """Return what the service models did not allow so far, and forget it: a test may do so on purpose."""
    told = list(_violations)
    _violations.clear()
    return told


@contextmanager
def without_list_bucket(*buckets: str) -> Iterator[None]:
    """Answer reads of missing keys in `buckets` as AWS does without `s3:ListBucket`: 403, not 404."""
    hidden_buckets.update(buckets)
    try:
        yield
    finally:
        hidden_buckets.difference_update(buckets)
