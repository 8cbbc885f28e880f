"""Table manifests: requests and dollars per run of ten tables, beside the literal seed."""

from __future__ import annotations

from benchmarks.support.counting import PRICES_DATED, price_of, units_of
from benchmarks.support.reporting import Budget, Row, show
from benchmarks.support.scan_runs import SyntheticAws, measured, synthetic_aws

SIZES = {"tree-1000-10": 1_000, "tree-10000-10": 10_000, "tree-30000-10": 30_000}
TABLES = ",".join(f"t{number:06}" for number in range(10))
SLUICE, LITERAL = "write_table_manifests", "literal seed 000"
RUNS = (("literal, every run", LITERAL), ("sluice, all written", SLUICE), ("sluice, all unchanged", SLUICE))
PUT_BUDGET = 0


def main() -> None:
    """Measure the seed, a run of Sluice that writes every manifest, and one that changes nothing."""
    with synthetic_aws() as aws:
        rows = [row for tree in SIZES for row in _rows(aws, tree)]
    unchanged = max(row["PUT requests"] for row in rows if "unchanged" in row["run"])
    what = "Table manifests, PUT requests of an unchanged run"
    budget = Budget(what, unchanged, PUT_BUDGET, baseline=f"literal seed {rows[0]['PUT requests']}")
    show("table_manifests", f"Manifests of ten tables ({PRICES_DATED})", rows, [budget])


def _rows(aws: SyntheticAws, tree: str) -> list[Row]:
    rows: list[Row] = []
    for run, implementation in RUNS:
        if "unchanged" not in run:
            for table in TABLES.split(","):
                aws.object(tree, f"manifests/tables/{table}.manifest").unlink(missing_ok=True)
        used = measured(aws, implementation, tree, TABLE_NAMES=TABLES)
        requests = aws.requests()
        total = sum(requests.values())
        rows.append(
            {
                "run": run,
                "objects": SIZES[tree],
                "requests": total,
                "ratio": total / rows[0]["requests"] if rows else 1.0,
                "PUT requests": requests.get("PutObject", 0),
                "CPU µs/object": used["cpu_seconds"] / SIZES[tree] * 1e6,
                "$/million objects a run": price_of(units_of(requests)) / SIZES[tree] * 1_000_000,
            }
        )
    return rows


if __name__ == "__main__":
    main()
