"""Discovery: requests and dollars per new file beside the literal seed, and scans of many small folders."""

from __future__ import annotations

from benchmarks.support.counting import PRICES_DATED, price_of, units_of
from benchmarks.support.reporting import Budget, Row, show
from benchmarks.support.scan_runs import (
    STATE_KEY,
    STATES,
    Run,
    SyntheticAws,
    measured,
    synthetic_aws,
    write_state,
)

SIZES = {"tree-500-20": 500, "tree-1500-20": 1_500, "tree-5000-20": 5_000}
SMALL_FOLDERS = "tree-2000-400"
LATENCY_MS = 30.0
LITERAL, SLUICE = "literal seed 004", "discover_csv"
QUEUE_BUDGET = 1.1


def main() -> None:
    """Measure scans that find only new files, and an unchanged scan of many small folders."""
    with synthetic_aws() as aws:
        rows = [row for tree in SIZES for row in _new_files(aws, tree)]
    ours = [row for row in rows if row["implementation"] == SLUICE]
    literal = max(row["queue requests per ten"] for row in rows)
    most = max(row["queue requests per ten"] for row in ours)
    what = "Discovery, queue requests per ten new files"
    budget = Budget(what, most, QUEUE_BUDGET, "", f"literal seed {literal:.2f}", most / literal)
    title = f"Discovery, per new file in 20 folders ({PRICES_DATED})"
    show("discovery", title, [_shown(row) for row in rows], [budget], ours[-1]["units"])
    with synthetic_aws(LATENCY_MS) as aws:
        title = f"Unchanged scan of 400 folders of five files, {LATENCY_MS:.0f} ms a request"
        show("discovery_folders", title, _folders(aws))


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "units"}


def _new_files(aws: SyntheticAws, tree: str) -> list[Row]:
    runs = [(name, *_counted(aws, name, tree)) for name in (LITERAL, SLUICE)]
    return [
        {
            "implementation": name,
            "files": SIZES[tree],
            "requests/file": sum(requests.values()) / SIZES[tree],
            "ratio": sum(requests.values()) / sum(runs[0][2].values()),
            "queue requests per ten": _sent(requests) / SIZES[tree] * 10,
            "CPU µs/file": run["cpu_seconds"] / SIZES[tree] * 1e6,
            "$/million files": price_of(units_of(requests)) / SIZES[tree] * 1_000_000,
            "units": {unit: number / SIZES[tree] for unit, number in units_of(requests).items()},
        }
        for name, run, requests in runs
    ]


def _counted(aws: SyntheticAws, implementation: str, tree: str) -> tuple[Run, dict[str, int]]:
    aws.object(STATES, STATE_KEY).unlink(missing_ok=True)
    run = measured(aws, implementation, tree)
    return run, aws.requests()


def _sent(requests: dict[str, int]) -> int:
    return requests.get("SendMessage", 0) + requests.get("SendMessageBatch", 0)


def _folders(aws: SyntheticAws) -> list[Row]:
    write_state(aws, SMALL_FOLDERS)
    rows = []
    for parallel in ("1", "8"):
        run = measured(aws, SLUICE, SMALL_FOLDERS, PARALLEL=parallel)
        rows.append(
            {
                "folders at once": int(parallel),
                "wall s": run["wall_seconds"],
                "CPU s": run["cpu_seconds"],
                "peak MB above base": run["peak_mb_above_base"],
            }
        )
    return rows


if __name__ == "__main__":
    main()
