"""The benchmarks' own parts: the summary of budgets, the documents, the counters, the instant AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import emulation  # noqa: F401 - sets the stage's environment, before the app

# isort: split
import app
from benchmarks.__main__ import BENCHMARKS
from benchmarks.support import reporting, summary
from benchmarks.support.counting import Count, item_bytes
from benchmarks.support.instant_aws import ETAG, FILE_SIZE, instant_aws
from benchmarks.support.reporting import Budget, markdown, show
from tests.support.builders import NDJSON, s3_event, sqs_event
from tests.support.scenarios.ndjson import forget_wiring

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (reporting, summary):
        monkeypatch.setattr(module, "RESULTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("measured", "met"), [(3.0, "yes"), (3.1, "yes"), (3.2, "**no**")])
def test_the_summary_tells_whether_a_budget_is_met(measured: float, met: str) -> None:
    row = summary.summary([Budget("requests", measured, 3.1)]).splitlines()[2]

    assert row.split("|")[-2].strip() == met


def test_given_results_when_asked_for_budgets_then_those_of_the_named_benchmarks_are_read(
    results: Path,
) -> None:
    show("cpu", "CPU", [{"ms": 0.2}], [Budget("own CPU", 0.2, 0.3, "ms")])
    show("landing", "Landing", [{"requests": 3}], [Budget("requests", 3, 3.1)])

    assert [budget.what for budget in summary.budgets_of(["landing", "memory"])] == ["requests"]

    summary.forget()
    assert summary.budgets_of(["landing", "cpu"]) == []


def test_given_a_document_when_written_then_only_what_stands_between_markers_changes(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench:cpu -->\nold\n<!-- end of bench:cpu -->\n"
                    "<!-- bench:other -->\nkept\n<!-- end of bench:other -->\n")  # fmt: skip
    monkeypatch.setattr(summary, "ROOT", tmp_path)
    monkeypatch.setattr(summary, "DOCUMENTS", ("page.md",))
    rows = [{"handler": "object_created", "ms": 0.2}]
    show("cpu", "CPU", rows, [Budget("own CPU", 0.2, 0.3)])

    assert summary.write_documents(["cpu"]) == ["page.md"]

    assert page.read_text() == (
        f"before\n<!-- bench:cpu -->\n\n{markdown(rows)}\n\n<!-- end of bench:cpu -->\n"
        "<!-- bench:other -->\nkept\n<!-- end of bench:other -->\n"
    )
    assert summary.write_documents(["cpu"]) == []


def test_every_table_of_the_documents_is_one_that_a_benchmark_writes() -> None:
    named = {
        name
        for document in summary.DOCUMENTS
        for _, name, _ in summary.BLOCK.findall((ROOT / document).read_text())
    }

    assert named == {*BENCHMARKS, "summary", "digest", "discovery_folders"}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"N": "123"}, 3),
        ({"BOOL": True}, 1),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"b": {"N": "1"}}}, 7),
    ],
)
def test_an_item_is_as_large_as_dynamodb_counts_it(value: object, size: int) -> None:
    assert item_bytes({"a": value}) == 1 + size


@pytest.mark.parametrize(("bytes_of_row", "units"), [(1024, 2), (1025, 3)])
def test_a_write_is_priced_by_the_kilobyte_and_the_index(bytes_of_row: int, units: int) -> None:
    row = {"status_timestamp": {"S": "x" * (bytes_of_row - len("status_timestamp"))}}
    count = Count()

    count.add("dynamodb", "PutItem", {"TableName": "sluice-local-catalog", "Item": row}, {})

    assert count.units["dynamodb write unit"] == units


@pytest.fixture
def instant() -> Iterator[None]:
    """Answer every call at once, and leave no client that does to other tests."""
    forget_wiring()
    with instant_aws():
        yield
    forget_wiring()


@pytest.mark.usefixtures("instant")
@pytest.mark.parametrize(("key", "status"), [("customers.csv", "triggered"), ("new.csv", "not_configured")])
def test_the_instant_aws_answers_all_that_the_landing_lane_reads(key: str, status: str) -> None:
    (outcome,) = app.object_created(s3_event(f"data/in/{key}", etag=ETAG), None)
    assert outcome["status"] == status


@pytest.mark.usefixtures("instant")
def test_the_instant_aws_answers_all_that_the_ndjson_lane_reads() -> None:
    message = s3_event("in/2026-01-15/a.ndjson", bucket=NDJSON, etag=ETAG, size=FILE_SIZE)
    assert app.ndjson_arrived(sqs_event(message), None) == {"batchItemFailures": []}


@pytest.mark.parametrize(("consistent", "units"), [(True, 2), (False, 1)])
def test_a_batch_of_reads_is_priced_by_the_item_and_half_unless_consistent(
    *, consistent: bool, units: int
) -> None:
    asked = {"RequestItems": {"t": {"Keys": [], "ConsistentRead": consistent}}}
    count = Count()

    count.add("dynamodb", "BatchGetItem", asked, {"Responses": {"t": [{"a": {"S": "1"}}, {"a": {"S": "2"}}]}})

    assert count.units["dynamodb read unit"] == units
