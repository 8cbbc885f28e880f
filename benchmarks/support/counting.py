"""Count AWS calls and their prices at the one function through which every client calls."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

PRICES_DATED = "2026-11, us-east-1, on demand"
DOLLARS_PER_MILLION = {
    "s3 read": 0.40,
    "s3 write": 5.00,
    "dynamodb write unit": 0.625,
    "dynamodb read unit": 0.125,
    "sqs request": 0.40,
    "sns request": 0.50,
    "states start": 25.00,  # its first transition; the others are the machine's
}
FREE = frozenset({"DeleteObject", "AbortMultipartUpload"})
S3_READS = frozenset({"GetObject", "HeadObject", "GetObjectTagging"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
INDEX_KEYS = {  # an index holds the items that have its key attributes
    "catalog": ("status_timestamp", "retry"),
    "tracking": ("pending_since", "quarantined_at"),
}
WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096


@dataclass
class Count:
    """The calls of a scenario: requests by operation, DynamoDB units and items, and dollars."""

    requests: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)  # calls by service
    units: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    items_read: int = 0  # also those that a filter kept back
    bytes_read: Counter[str] = field(default_factory=Counter)  # by key of the object
    stored: dict[str, int] = field(
        default_factory=dict
    )  # bytes of each item: an update pays for the whole item

    @property
    def total(self) -> int:
        """All requests."""
        return self.requests.total()

    @property
    def dollars(self) -> float:
        """The price of all requests."""
        return price_of(self.units)

    def per_file(self, files: int) -> dict[str, float]:
        """Return the priced units that one of `files` took."""
        return {unit: number / files for unit, number in self.units.items()}

    def add(self, service: str, operation: str, parameters: Any, answer: Any) -> None:
        """Count one call."""
        self.requests[operation] += 1
        self.services[service] += 1
        if service == "dynamodb":
            self._add_dynamodb(operation, parameters, answer)
        elif service == "s3" and operation not in FREE:
            self.units["s3 read" if operation in S3_READS else "s3 write"] += 1
            if operation == "GetObject":
                self.bytes_read[parameters["Key"]] += answer.get("ContentLength", 0)
        elif service in {"sqs", "sns"}:
            self.units[f"{service} request"] += 1
        elif operation == "StartExecution":
            self.units["states start"] += 1

    def _add_dynamodb(self, operation: str, parameters: Any, answer: Any) -> None:
        if operation in WRITES:
            size = ceil(self._item_size(parameters) / WRITE_UNIT_BYTES)
            self.units["dynamodb write unit"] += size + _indexes(
                parameters
            )  # an index entry is below a kilobyte
            return
        if operation == "BatchWriteItem":
            gone = [
                one["DeleteRequest"]["Key"] for some in parameters["RequestItems"].values() for one in some
            ]
            sizes = [self.stored.get(_identity(key), item_bytes(key)) for key in gone]
            indexed = len(gone)  # what is removed by batches, lists alone, has an entry below a kilobyte
            self.units["dynamodb write unit"] += indexed + sum(
                ceil(size / WRITE_UNIT_BYTES) for size in sizes
            )
            return
        found = answer.get("Items") or ([answer["Item"]] if "Item" in answer else [])
        found = found or [item for items in answer.get("Responses", {}).values() for item in items]
        scanned = answer.get("ScannedCount", len(found))
        self.items_read += scanned
        self.units["dynamodb read unit"] += _read_units(parameters, found, scanned)

    def _item_size(self, parameters: Any) -> int:
        if "Item" in parameters:
            item = parameters["Item"]
            self.stored[_identity(item)] = item_bytes(item)
            return item_bytes(item)
        key = parameters["Key"]
        return max(
            item_bytes(parameters.get("ExpressionAttributeValues", key)), self.stored.get(_identity(key), 0)
        )


def units_of(requests: Mapping[str, int]) -> Counter[str]:
    """Return the priced units of requests to S3 and SQS, which are counted by operation."""
    units: Counter[str] = Counter()
    for operation, number in requests.items():
        if operation.startswith("SendMessage"):
            units["sqs request"] += number
        elif operation not in FREE:
            units["s3 read" if operation in S3_READS else "s3 write"] += number
    return units


def price_of(units: Mapping[str, float]) -> float:
    """Return the dollars of priced units."""
    return sum(DOLLARS_PER_MILLION[unit] * number for unit, number in units.items()) / 1_000_000


def _identity(item: Any) -> str:
    return json.dumps([item.get(name) for name in ("file_key", "timestamp", "date_prefix", "file_name")])


def item_bytes(item: Any) -> int:
    """Return the size of an item as DynamoDB counts it: names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Any) -> int:
    """Return the size of one value by DynamoDB's rules: two digits take a byte, containers add some bytes."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + _value_bytes(element) for element in content)
    return 3 + item_bytes(content) + len(content) if kind == "M" else 1


def _read_units(parameters: Any, found: list[Any], scanned: int) -> float:
    """Return the units of a read: a query pays for what it scans, a batch by item; half if inconsistent."""
    batches = parameters.get("RequestItems")
    if batches:
        units = sum(ceil(item_bytes(item) / READ_UNIT_BYTES) for item in found)
        consistent = any(batch.get("ConsistentRead") for batch in batches.values())
    else:
        each = sum(map(item_bytes, found)) / len(found) if found else 0
        units = max(1, ceil(each * scanned / READ_UNIT_BYTES))
        consistent = parameters.get("ConsistentRead", False)
    return units if consistent else units / 2


def _indexes(parameters: Any) -> int:
    keys = next((keys for name, keys in INDEX_KEYS.items() if parameters["TableName"].endswith(name)), ())
    text = json.dumps([parameters.get("Item", {}), parameters.get("ExpressionAttributeNames", {})])
    moved = "UpdateExpression" in parameters and '"status_timestamp"' in text  # its entry goes, another comes
    return sum(f'"{key}"' in text for key in keys) + moved


@contextmanager
def counting() -> Iterator[Count]:
    """Count every call of every client while the context lasts."""
    count = Count()
    real: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001 - all calls pass it

    def counted(client: Any, operation: str, parameters: Any) -> Any:
        answer: Any = {}
        try:
            answer = real(client, operation, parameters)
            return answer
        finally:
            count.add(client.meta.service_model.service_name, operation, parameters, answer)

    with patch.object(BaseClient, "_make_api_call", counted):
        yield count


def count_of(scenario: Callable[[], object]) -> Count:
    """Run `scenario` and return its calls."""
    with counting() as count:
        scenario()
    return count
