"""DynamoDB items as plain dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

BATCH_KEYS = 100  # of one BatchGetItem
BATCH_READS = 5  # of one batch, while a throttled table leaves keys unread
EXACT = 10**38  # DynamoDB's numbers have 38 digits

Row = dict[str, Any]


@cache
def _serializer() -> TypeSerializer:
    from boto3.dynamodb.types import TypeSerializer

    return TypeSerializer()


@cache
def _deserializer() -> TypeDeserializer:
    from boto3.dynamodb.types import TypeDeserializer

    return TypeDeserializer()


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return `row` as DynamoDB attribute values; None is left out, floats become exact decimals."""
    return {name: to_value(value) for name, value in row.items() if value is not None}


def to_value(value: Any) -> Any:
    """Return one attribute value."""
    if isinstance(value, str):
        return {"S": value}
    if type(value) is int and -EXACT < value < EXACT:  # boto3 does it in a context of decimals
        return {"N": str(value)}
    return _serializer().serialize(Decimal(str(value)) if isinstance(value, float) else value)


def from_item(item: Mapping[str, Any]) -> Row:
    """Return an item as a row whose numbers are int or float, as JSON wants them."""
    return {name: _plain(_deserializer().deserialize(value)) for name, value in item.items()}


def read_rows(count: int, read_page: Callable[[int, Any], Any]) -> list[Row]:
    """Read up to `count` rows; `read_page` takes how many are wanted still and where to go on."""
    rows: list[Row] = []
    start: dict[str, Any] = {}
    while len(rows) < count:
        page = read_page(count - len(rows), start)
        rows += [from_item(item) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    return rows


def read_batch(table: str, keys: Any, read_page: Callable[[Any], Any]) -> list[Row]:
    """Read the rows of up to `BATCH_KEYS` keys; those that a throttled table never reads are missing."""
    rows: list[Row] = []
    for _ in range(BATCH_READS):
        page = read_page(keys)
        rows += [from_item(item) for item in page["Responses"].get(table, ())]
        if table not in page.get("UnprocessedKeys", {}):
            break
        keys = page["UnprocessedKeys"][table]["Keys"]
    return rows


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_plain(element) for element in value]
    if isinstance(value, dict):
        return {name: _plain(element) for name, element in value.items()}
    return value
