"""The first page of every list route, on a day with ten files and with a hundred thousand.

Requests and items read are exact. Time is a ratio within one run, and only that of Sluice's own code: the
emulator, unlike DynamoDB, walks a whole partition for each query.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from benchmarks.support.reporting import Budget, show
from chalicelib.api.parameters import Given
from chalicelib.aws.items import to_item
from chalicelib.landing.catalog import UploadStatus
from chalicelib.settings import Settings
from chalicelib.status import batches, files, wiring
from tests.support.emulation import LOCAL_ENVIRONMENT, emulated_aws

SIZES = (10, 100_000)
DATE = "2026-01-31"
QUARANTINED_OF, FILES_OF_ONE_BATCH = 10, 70


def _files(settings: Settings, given: Given) -> Any:
    return files.list_files(wiring.file_lists(settings), given)


def _manifests(settings: Settings, given: Given) -> Any:
    return batches.list_manifests(wiring.ndjson_lists(settings), given)


def _quarantine(settings: Settings, given: Given) -> Any:
    return batches.list_quarantine(wiring.ndjson_lists(settings), given)


LISTS = {
    "/files": (_files, {"date": [DATE]}),
    "/files?status=triggered": (_files, {"date": [DATE], "status": ["triggered"]}),
    "/manifests": (_manifests, {"date": [DATE]}),
    "/quarantine": (_quarantine, {}),
}
View = Callable[[Settings, Any], Any]


@dataclass
class Asked:
    """What a view took: requests, items read, CPU seconds in AWS's emulator and CPU seconds of its own."""

    requests: int = 0
    items: int = 0
    waited: float = 0.0
    own: float = 0.0


def main() -> None:
    """Measure every list at both sizes."""
    _measured(1)  # imports what is imported on first use
    small, large = (_measured(size) for size in SIZES)
    rows = [
        {"route": route, "requests": f"{small[route].requests} → {large[route].requests}",
         "items read": f"{small[route].items} → {large[route].items}",
         "own CPU per row, ratio": round(_ratio(small[route], large[route]), 2)}
        for route in LISTS
    ]  # fmt: skip
    budgets = [
        Budget(f"API, requests of the first page of {route}", large[route].requests, small[route].requests)
        for route in LISTS
    ]
    show("api", f"First page (50 rows) of a day with {SIZES[0]} → {SIZES[1]:,} files", rows, budgets)


def _ratio(small: Asked, large: Asked) -> float:
    """Return how much Sluice's own CPU time per row it read grew."""
    return (large.own / large.items) / (small.own / small.items)


def _measured(size: int) -> dict[str, Asked]:
    with emulated_aws():
        _fill(size)
        settings = Settings.from_environ(LOCAL_ENVIRONMENT)
        return {route: _asked(view, settings, given) for route, (view, given) in LISTS.items()}


def _asked(view: View, settings: Settings, given: dict[str, list[str]]) -> Asked:
    asked = Asked()
    with patch.object(BaseClient, "_make_api_call", _noting(asked)):
        began = time.thread_time()
        view(settings, given)
        asked.own = time.thread_time() - began - asked.waited
    return asked


def _noting(asked: Asked) -> Any:
    real: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001 - every call passes it

    def noting(client: Any, operation: str, given: Any) -> Any:
        began = time.thread_time()
        answer = real(client, operation, given)
        asked.waited += time.thread_time() - began
        asked.requests += 1
        asked.items += answer.get("ScannedCount", 0)
        return answer

    return noting


def _fill(size: int) -> None:
    """Put rows straight into the emulator's tables: its API takes minutes for a hundred thousand."""
    statuses = list(UploadStatus)
    for number in range(size):
        _put("sluice-local-catalog", _upload(number, str(statuses[number % len(statuses)])))
    for number in range(ceil(size / QUARANTINED_OF)):
        _put("sluice-local-tracking", _quarantined(number))
    for number in range(ceil(size / FILES_OF_ONE_BATCH)):
        _put("sluice-local-tracking", _record(number))


def _put(name: str, row: dict[str, Any]) -> None:
    table = dynamodb_backends["123456789012"]["us-east-1"].tables[name]
    item = to_item(row)
    hash_value, range_value = item[table.hash_key_attr], item[table.range_key_attr or ""]
    partition, sort = DynamoType(hash_value), DynamoType(range_value)
    table.items[partition][sort] = Item(partition, sort, item)


def _moment(number: int) -> str:
    return f"{DATE}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"


def _upload(number: int, status: str) -> dict[str, Any]:
    timestamp = f"{_moment(number)}Z#{number:08x}"
    return {"file_key": f"data/in/file-{number}.csv", "timestamp": timestamp, "date": DATE,
            "status": status, "status_timestamp": f"{status}#{timestamp}"}  # fmt: skip


def _quarantined(number: int) -> dict[str, Any]:
    name = f"bad-{number}.ndjson"
    return {"date_prefix": DATE, "file_name": name, "file_path": f"s3://sluice-local-ndjson/in/{DATE}/{name}",
            "status": "quarantined", "quarantine": "1", "quarantined_at": f"{_moment(number)}.{number:06}Z",
            "etag": "0" * 32, "size_bytes": 1, "created_at": f"{_moment(number)}Z"}  # fmt: skip


def _record(number: int) -> dict[str, Any]:
    return {"date_prefix": f"MANIFEST#{DATE}", "file_name": f"manifests/{DATE}/batch-{number:06}.json",
            "status": "done", "created_at": f"{_moment(number)}Z"}  # fmt: skip


if __name__ == "__main__":
    main()
