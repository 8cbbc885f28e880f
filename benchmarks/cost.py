"""Dollars per million files of each lane: AWS calls as other benchmarks counted them, Lambda as modelled."""

from __future__ import annotations

from collections import Counter

from benchmarks.reporting import Row, load, show
from benchmarks.support.counting import DOLLARS_PER_MILLION, PRICES_DATED

BATCH = 10  # messages
POLL = {"sqs request": 2 / BATCH}  # a batch is received and deleted
QUEUED = {"sqs request": 1 + 2 / BATCH}  # and S3 sends each message
RECONCILES_A_DAY = 24 * 60 // 5  # each looks at every file of RECONCILE_WINDOW_SECONDS
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
    a_day = {unit: number * RECONCILES_A_DAY for unit, number in reconciled.items()}
    rows.append(_row("reconcile, of files left in data/in/ for a day", 0, a_day))
    show("cost", f"Dollars per million files ({PRICES_DATED})", rows)


def _row(lane: str, function: float, *taken: Units) -> Row:
    """Return the row of a lane: `function` is its dollars of Lambda per file, `taken` the units per file."""
    total = sum((Counter(some) for some in taken), Counter[str]())
    dollars = {unit: DOLLARS_PER_MILLION[unit] * number for unit, number in total.items()}
    columns = {name: sum(dollars.get(unit, 0) for unit in units) or None for name, units in COLUMNS.items()}
    invocations = function * 1_000_000
    return {"lane": lane, **columns, "Lambda": invocations, "all": sum(dollars.values()) + invocations}


if __name__ == "__main__":
    main()
