"""Unchanged scans of 10,000, 100,000 and a million keys: CPU per key and peak memory beside baselines.

The peak of table manifests is the higher one of two runs: one writes all, the next finds them unchanged.

Baselines are boto3's paginator, which only lists; the literal seeds; and, where installed (BENCH_RIVALS),
s3fs, dlt and Dagster, called as their documentation advises. Seeds and rivals need minutes and gigabytes for
a million keys, so they stop at 100,000 unless BENCH_SCALE is 2 or more.
"""

from __future__ import annotations

import os
import sys

from benchmarks.support.reporting import Budget, Row, show
from benchmarks.support.scale import SCALE
from benchmarks.support.scan_runs import Run, SyntheticAws, best, measured, synthetic_aws, write_state

TREES = {"tree-10000-100": 10_000, "tree-100000-100": 100_000, "tree-1000000-100": 1_000_000}
TABLES = ",".join(f"t{number:06}" for number in range(100))
BARE, DISCOVERY, MANIFESTS = "bare paginator", "discover_csv", "write_table_manifests"
SEEDS = ("literal seed 004", "literal seed 000")
RIVALS = ("s3fs", "dlt", "Dagster")
REPEATS = {10_000: 5}
CPU_BUDGETS = {10_000: 0.35}  # it lists each folder: 100 calls beside the paginator's 10
CPU_BUDGET, PEAK_BUDGET_MB, FLATNESS = 0.25, 20.0, 1.25
MILLION = 1_000_000


def main() -> None:
    """Measure every implementation on every tree."""
    with synthetic_aws() as aws:
        rows = [row for tree in TREES for row in _rows(aws, tree)]
    show("listings", "Unchanged scans", rows, _budgets(rows), _microseconds(rows))


def _rows(aws: SyntheticAws, tree: str) -> list[Row]:
    write_state(aws, tree)
    names = [DISCOVERY, MANIFESTS]
    if TREES[tree] < MILLION or SCALE >= 2:
        names += [*SEEDS, *RIVALS]
    written = measured(aws, MANIFESTS, tree, TABLE_NAMES=TABLES)["peak_mb_above_base"]
    bare = _run(aws, BARE, tree)
    runs = {BARE: bare, **{name: _run(aws, name, tree) for name in names}}
    peaks = written, runs[MANIFESTS]["peak_mb_above_base"]
    runs[MANIFESTS] |= {"peak_mb_above_base": max(peaks)}
    return [_row(name, tree, run, bare) for name, run in runs.items()]


def _run(aws: SyntheticAws, name: str, tree: str) -> Run:
    """Measure one implementation; with a budget, on a small tree, take the best of several runs."""
    python = os.environ.get("BENCH_RIVALS", sys.executable) if name in RIVALS else sys.executable
    repeats = REPEATS.get(TREES[tree], 1) if name in {BARE, DISCOVERY, MANIFESTS} else 1
    runs = [measured(aws, name, tree, python, TABLE_NAMES=TABLES) for _ in range(repeats)]
    return runs[0] if "missing" in runs[0] else best(runs)


def _row(name: str, tree: str, run: Run, bare: Run) -> Row:
    keys = TREES[tree]
    if "missing" in run:
        return {"implementation": name, "keys": keys, "CPU µs/key": "not installed", "ratio": None,
                "peak MB above base": None, "wall s": None}  # fmt: skip
    if run["keys"] != keys:
        raise RuntimeError(f"{name} listed {run['keys']} of {keys} keys")
    return {
        "implementation": name,
        "keys": keys,
        "CPU µs/key": run["cpu_seconds"] / keys * 1e6,
        "ratio": run["cpu_seconds"] / bare["cpu_seconds"],
        "peak MB above base": run["peak_mb_above_base"],
        "wall s": run["wall_seconds"],
    }


def _budgets(rows: list[Row]) -> list[Budget]:
    budgets = []
    for row in rows:
        if row["implementation"] == DISCOVERY:
            bare = next(one for one in rows if (one["implementation"], one["keys"]) == (BARE, row["keys"]))
            what = f"Discovery, CPU of a scan of {row['keys']:,} keys, in paginators"
            baseline = f"bare paginator {bare['CPU µs/key']:.0f} µs a key"
            limit = CPU_BUDGETS.get(row["keys"], CPU_BUDGET)
            budgets.append(Budget(what, row["ratio"], limit, baseline=baseline, ratio=row["ratio"]))
    for name, lane in ((DISCOVERY, "Discovery"), (MANIFESTS, "Table manifests")):
        peaks = {row["keys"]: row["peak MB above base"] for row in rows if row["implementation"] == name}
        budgets.append(Budget(f"{lane}, peak memory above base", max(peaks.values()), PEAK_BUDGET_MB, "MB"))
        growth = peaks[MILLION] / peaks[MILLION // 10]
        budgets.append(Budget(f"{lane}, peak memory at 1,000,000 over 100,000 keys", growth, FLATNESS))
    return budgets


def _microseconds(rows: list[Row]) -> dict[str, float]:
    """Return the CPU per key of a scan of 100,000 keys by each lane, for the choice of memory sizes."""
    return {row["implementation"]: row["CPU µs/key"] for row in rows if row["keys"] == MILLION // 10}


if __name__ == "__main__":
    main()
