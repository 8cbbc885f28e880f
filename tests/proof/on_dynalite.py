"""A plugin of pytest: the emulated AWS with its tables on dynalite, a strict second DynamoDB."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import boto3
from botocore import handlers
from botocore.client import BaseClient

from tests.support import emulation

ENDPOINT = os.environ["DYNALITE"]
INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
CONDITIONAL = ("PutItem", "UpdateItem", "DeleteItem")
_tables: dict[str, dict[str, Any]] = {}  # as the stack makes them
_call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # before a test notes every call
_emulation: Any = emulation  # what it imports is replaced
_apply, _keep = _emulation.apply_stack, _emulation.keep_state


def _applied(*given: Any) -> Any:
    """Make the stack, then its tables on dynalite, which every client of DynamoDB calls from here on."""
    os.environ.pop("AWS_ENDPOINT_URL_DYNAMODB", None)
    outcome = _apply(*given)
    tables = boto3.Session().client("dynamodb")
    for name in tables.list_tables()["TableNames"]:
        _tables[name] = _definition(tables.describe_table(TableName=name)["Table"])
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = ENDPOINT
    _make_tables()
    return outcome


def _kept() -> Callable[[], None]:
    """Return what brings back moto's state, and the tables with the items that they have now."""
    bring_back, tables = _keep(), boto3.client("dynamodb")
    items = {name: tables.scan(TableName=name)["Items"] for name in _tables}

    def bring_back_both() -> None:
        bring_back()
        for name, rows in items.items():
            _empty(tables, name)
            for row in rows:
                tables.put_item(TableName=name, Item=row)

    return bring_back_both


def _definition(table: Any) -> dict[str, Any]:
    wanted = {name: table[name] for name in ("TableName", "AttributeDefinitions", "KeySchema")}
    for kind in INDEXES:
        if found := table.get(kind):
            wanted[kind] = [
                {name: one[name] for name in ("IndexName", "KeySchema", "Projection")} for one in found
            ]
    return wanted | {"BillingMode": "PAY_PER_REQUEST"}


def _make_tables() -> None:
    tables: Any = boto3.client("dynamodb")
    for name in tables.list_tables()["TableNames"]:
        tables.delete_table(TableName=name)
        tables.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    for name, definition in _tables.items():
        tables.create_table(**definition)
        tables.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def _empty(tables: Any, name: str) -> None:
    for page in tables.get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
        for item in page["Items"]:
            tables.delete_item(TableName=name, Key={key: item[key] for key in _keys_of(name)})


def _note_key(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
        context["asked"] = params


def _answer_with_item(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Add the item that refused a write, as AWS does where it is asked; dynalite does not know how."""
    asked = context.get("asked")
    if asked and parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
        given = asked.get("Key") or asked["Item"]
        key = {name: given[name] for name in _keys_of(asked["TableName"])}
        wanted = {"TableName": asked["TableName"], "Key": key, "ConsistentRead": True}
        found = _call(boto3.client("dynamodb"), "GetItem", wanted)
        parsed.update({"Item": found["Item"]} if "Item" in found else {})


def _keys_of(table: str) -> list[str]:
    return [each["AttributeName"] for each in _tables[table]["KeySchema"]]


for operation in CONDITIONAL:
    handlers.BUILTIN_HANDLERS.append((f"before-parameter-build.dynamodb.{operation}", _note_key))
    handlers.BUILTIN_HANDLERS.append((f"after-call.dynamodb.{operation}", _answer_with_item))
_emulation.apply_stack, _emulation.keep_state = _applied, _kept
