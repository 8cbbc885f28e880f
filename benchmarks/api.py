"""Requests and items read for the first page of a day, at ten files and at a hundred thousand.

Times of the emulator grow with its tables, as DynamoDB's do not, so what is compared is what is asked for:
queries, and rows that they return or pass over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3

from benchmarks.tables import show
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.items import to_item
from chalicelib.catalog import Status
from chalicelib.status import Uploads, list_files
from tests.support.emulation import emulated_aws

SIZES = (10, 1_000, 100_000)
TABLE = "sluice-local-catalog"
DATE = "2026-01-31"


def main() -> None:
    """Measure the first page of a merged list and of one status at every size."""
    show("api", "First page of a day (50 files)", [row for size in SIZES for row in _rows(size)])


def _rows(size: int) -> Iterator[dict[str, Any]]:
    with emulated_aws():
        client: Any = boto3.client("dynamodb")
        _fill(client, size)
        uploads = Uploads(CatalogReader(client, TABLE))
        for name, query in (("every status", {}), ("one status", {"status": ["triggered"]})):
            requests, read = _counted(client, uploads, {"date": [DATE], **query})
            yield {"list": name, "files": size, "requests": requests, "rows read": read}


def _counted(client: Any, uploads: Uploads, given: dict[str, list[str]]) -> tuple[int, int]:
    pages: list[Any] = []
    query = client.query

    def counted(**request: Any) -> Any:
        pages.append(query(**request))
        return pages[-1]

    with patch.object(client, "query", counted):
        list_files(uploads, given)
    return len(pages), sum(page["ScannedCount"] for page in pages)


def _fill(client: Any, size: int) -> None:
    statuses = list(Status)
    for start in range(0, size, 25):
        rows = [
            _row(number, statuses[number % len(statuses)]) for number in range(start, min(size, start + 25))
        ]
        client.batch_write_item(
            RequestItems={TABLE: [{"PutRequest": {"Item": to_item(row)}} for row in rows]}
        )


def _row(number: int, status: str) -> dict[str, Any]:
    timestamp = f"{DATE}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z#{number:08x}"
    return {
        "file_key": f"data/in/file-{number}.csv",
        "timestamp": timestamp,
        "date": DATE,
        "status": str(status),
        "status_timestamp": f"{status}#{timestamp}",
    }


if __name__ == "__main__":
    main()
