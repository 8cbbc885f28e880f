"""A plugin of pytest: the emulated AWS with its tables on dynalite, a strict second DynamoDB."""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore import handlers
from botocore.client import BaseClient

from tests.support import emulation
from tests.support.template import resources

ENDPOINT = os.environ["DYNALITE"]
TAKEN = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
)
CONDITIONAL = ("PutItem", "UpdateItem", "DeleteItem")
_keys: dict[str, list[str]] = {}  # of each table
_call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # before a test notes every call
_emulation: Any = emulation  # what it imports is replaced
_apply = _emulation.apply_stack


def _applied(*given: Any) -> Any:
    os.environ.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
    outcome = _apply(*given)
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = ENDPOINT
    tables: Any = boto3.client("dynamodb")
    for name in tables.list_tables()["TableNames"]:
        tables.delete_table(TableName=name)
    for table in resources("AWS::DynamoDB::Table").values():
        properties = table["Properties"]
        name = properties["TableName"]["Fn::Sub"].replace("${Stage}", "local")
        wanted = {each: properties[each] for each in TAKEN if each in properties}
        _keys[name] = [each["AttributeName"] for each in properties["KeySchema"]]
        tables.create_table(TableName=name, **wanted)
    return outcome


def _note_key(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
        context["asked"] = params


def _answer_with_item(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Add the item that refused a write, as AWS does where it is asked; dynalite does not know how."""
    asked = context.get("asked")
    if asked and parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
        given = asked.get("Key") or asked["Item"]
        key = {name: given[name] for name in _keys[asked["TableName"]]}
        wanted = {"TableName": asked["TableName"], "Key": key, "ConsistentRead": True}
        found = _call(boto3.client("dynamodb"), "GetItem", wanted)
        parsed.update({"Item": found["Item"]} if "Item" in found else {})


for operation in CONDITIONAL:
    handlers.BUILTIN_HANDLERS.append((f"before-parameter-build.dynamodb.{operation}", _note_key))
    handlers.BUILTIN_HANDLERS.append((f"after-call.dynamodb.{operation}", _answer_with_item))
_emulation.apply_stack = _applied
