"""Dollars per million files of each lane: AWS calls as other benchmarks counted them, Lambda as modelled."""

from __future__ import annotations

from collections import Counter

from benchmarks.memory import DOLLARS_PER_INVOCATION, MB_OF_ONE_VCPU, WAIT_MS, configured_mb, dollars
from benchmarks.support.counting import DOLLARS_PER_MILLION, PRICES_DATED
from benchmarks.support.reporting import Budget, Row, load, show

MILLION = 1_000_000
BATCH = 10  # messages
POLL = {"sqs request": 2 / BATCH}  # a batch is received and deleted
QUEUED = {"sqs request": 1 + 2 / BATCH}  # and S3 sends each message
KEYS_A_PAGE, READ_UNITS_OF_A_ROW = 1000, 0.5
SETTLED, SETTLED_BUDGET = "reconcile, of files left in data/in/ for a day", 2.0
COLUMNS = {
    "S3": ("s3 read", "s3 write"),
    "DynamoDB": ("dynamodb write unit", "dynamodb read unit"),
    "Step Functions": ("states start",),
    "SNS": ("sns request",),
    "SQS": ("sqs request",),
}
Units = dict[str, float]


def main() -> None:
    """Price the counted calls."""
    landing, ndjson, found = (load(name)["data"] for name in ("landing", "ndjson", "discovery"))
    invocation: dict[str, float] = load("memory")["data"]
    discovered, reconciled = landing.pop("discovered"), landing.pop("reconcile")
    rows = [_row(f"landing, {case}", invocation["object_created"], units) for case, units in landing.items()]
    rows.append(_row("discovery, routed", invocation["csv_discovered"], discovered, found, POLL))
    per_file = invocation["ndjson_arrived"] / BATCH
    for case, units in ndjson.items():
        rows.append(_row("NDJSON" + case.removeprefix("sluice"), per_file, units, QUEUED))
    rows.append(_of_settled(SETTLED, reconciled, "rows read"))
    rows.append(_of_settled("the same, every row read in every run", reconciled, "every row read"))
    show("cost", f"Dollars per million files ({PRICES_DATED})", rows, [_budget(*rows[-2:])])


def _of_settled(lane: str, day: Units, rows_read: str) -> Row:
    """Return the row of a million files that stay, in a day of reconcile."""
    taken = {
        "s3 read": day["document read"] / MILLION,
        "s3 write": day["runs"] / KEYS_A_PAGE + day["document written"] / MILLION,
        "dynamodb read unit": day[rows_read] * READ_UNITS_OF_A_ROW,
    }
    memory = configured_mb("reconcile")
    seconds = day["CPU seconds"] * MB_OF_ONE_VCPU / memory + WAIT_MS["s3"] / 1000 / KEYS_A_PAGE
    return _row(lane, dollars(seconds * day["runs"], memory) - DOLLARS_PER_INVOCATION, taken)


def _budget(settled: Row, every_row: Row) -> Budget:
    ours, baseline = settled["all"], every_row["all"]
    what = "Reconcile, dollars per million files that stay, and day"
    told = f"every row read in every run ${baseline:.2f}"
    return Budget(what, ours, SETTLED_BUDGET, "$", told, ours / baseline)


def _row(lane: str, function: float, *taken: Units) -> Row:
    """Return the row of a lane: `function` is its dollars of Lambda per file, `taken` the units per file."""
    total = sum((Counter(some) for some in taken), Counter[str]())
    dollars = {unit: DOLLARS_PER_MILLION[unit] * number for unit, number in total.items()}
    columns = {name: sum(dollars.get(unit, 0) for unit in units) or None for name, units in COLUMNS.items()}
    invocations = function * 1_000_000
    return {"lane": lane, **columns, "Lambda": invocations, "all": sum(dollars.values()) + invocations}


if __name__ == "__main__":
    main()
