"""DynamoDB's rules that moto does not enforce."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from tests.support.strict.rules import Rejected

ACCOUNT = "123456789012"
BATCH_WRITES = 25
PLACEHOLDER = re.compile(r":[A-Za-z0-9_]+")


def _batch_write(parameters: Mapping[str, Any]) -> None:
    requests = parameters["RequestItems"].values()
    if sum(len(asked) for asked in requests) > BATCH_WRITES:
        raise Rejected("ValidationException", f"Member must have length less than or equal to {BATCH_WRITES}")


def _index_keys(parameters: Mapping[str, Any]) -> None:
    """Reject a key attribute, of the table or an index, whose type the table does not declare."""
    declared = _declared(parameters["TableName"])
    for name, value in parameters["Item"].items():
        (kind,) = value
        if name in declared and kind != declared[name]:
            raise Rejected("ValidationException", f"Type mismatch for Index Key {name}: {kind}")


def _declared(table: str) -> dict[str, str]:
    region = os.environ["AWS_DEFAULT_REGION"]  # a boto3 session for this takes longer than the call
    found = dynamodb_backends[ACCOUNT][region].tables.get(table)
    return {} if found is None else {each["AttributeName"]: each["AttributeType"] for each in found.attr}


def _values_used(parameters: Mapping[str, Any]) -> None:
    given = set(parameters.get("ExpressionAttributeValues", ()))
    used = {name for text in _expressions(parameters) for name in PLACEHOLDER.findall(text)}
    if given - used:
        raise Rejected(
            "ValidationException",
            f"Value provided in ExpressionAttributeValues unused in expressions: keys: {given - used}",
        )


def _expressions(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, value in parameters.items():
        if name.endswith("Expression"):
            yield value


Rules = tuple[Callable[[Mapping[str, Any]], None], ...]
DYNAMODB_RULES: dict[str, Rules] = {
    "dynamodb.BatchWriteItem": (_batch_write,),
    "dynamodb.PutItem": (_index_keys, _values_used),
    "dynamodb.UpdateItem": (_values_used,),
    "dynamodb.DeleteItem": (_values_used,),
    "dynamodb.Query": (_values_used,),
    "dynamodb.Scan": (_values_used,),
}
