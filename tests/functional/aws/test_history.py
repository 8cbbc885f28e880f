"""A key with a very long history: what is asked of it costs what the answer needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.aws.catalog_table import CatalogTable
from chalicelib.aws.clients import client
from tests.faults.dying import Call, Process, Send, running
from tests.support.world import TABLE

ROWS_A_PAGE = 1000


def _endless() -> Iterator[dict[str, Any]]:
    """Yield rows of one key, newest first, without end."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while True:
        moment -= timedelta(seconds=1)
        yield {"file_key": {"S": "k"}, "timestamp": {"S": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}}


def test_a_history_is_read_page_by_page_and_no_further_than_asked(aws: None) -> None:
    rows = _endless()

    def page(call: Call, send: Send) -> Any:
        assert call.operation == "Query"
        return {"Items": list(islice(rows, ROWS_A_PAGE)), "LastEvaluatedKey": {"file_key": {"S": "k"}}}

    process = Process(page)
    with running(process):
        read = CatalogTable(client("dynamodb", "us-east-1"), TABLE).versions("k")
        assert sum(1 for _ in islice(read, 2 * ROWS_A_PAGE)) == 2 * ROWS_A_PAGE
    assert len(process.calls) == 2
