"""Run the benchmarks, each in a process of its own: `python -m benchmarks [--write-docs] [name ...]`.

Without a name all of them run. The exit code tells whether every budget is met. `--write-docs` alone runs
nothing and writes the last run's tables into the documents.

BENCH_SCALE multiplies the numbers of files and keys, for instance BENCH_SCALE=10 on a quiet machine.
BENCH_RIVALS names the Python of an environment with s3fs, dlt and dagster-aws, which are then measured too.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time

from benchmarks.support.summary import budgets_of, forget, ran, summary, write_documents

BENCHMARKS = (
    "landing",
    "ndjson",
    "workers",
    "discovery",
    "table_manifests",
    "listings",
    "api",
    "cpu",
    "cold_start",
    "memory",
    "cost",
    "ends",
    "package_size",
    "throughput",
)
NEEDS = {  # the other benchmarks whose results a benchmark reads
    "memory": ("listings",),
    "throughput": ("cpu",),
    "cost": ("landing", "ndjson", "discovery", "table_manifests", "memory"),
}


def main() -> None:
    """Run the named benchmarks, or all; fail when one fails or misses a budget."""
    names = [argument for argument in sys.argv[1:] if argument != "--write-docs"]
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    failed: list[str] = []
    if names or len(sys.argv) == 1:
        failed = _run_all(names)
    if "--write-docs" in sys.argv:
        print("written:", ", ".join(write_documents(BENCHMARKS)) or "nothing has changed")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _run_all(names: list[str]) -> list[str]:
    """Run benchmarks, print their budgets, and return the failed benchmarks and the missed budgets."""
    if not names:
        forget()
    began = time.monotonic()
    needed = {need for name in names for need in _needs_of(name) if not ran(need)}
    chosen = [name for name in BENCHMARKS if not names or name in {*names, *needed}]
    failed = [name for name in chosen if not _run(name)]
    budgets = budgets_of(chosen)
    if budgets:
        machine = (
            f"{os.cpu_count()} cores, Python {platform.python_version()}, {time.monotonic() - began:.0f} s"
        )
        print(f"\nBudgets ({machine})\n\n{summary(budgets)}")
    return failed + [budget.what for budget in budgets if not budget.met]


def _needs_of(name: str) -> set[str]:
    direct = NEEDS.get(name, ())
    return {*direct, *(need for other in direct for need in _needs_of(other))}


def _run(name: str) -> bool:
    wall, cpu = time.monotonic(), _cpu_seconds()
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
    used = f"{_cpu_seconds() - cpu:.0f} s of CPU, {time.monotonic() - wall:.0f} s"
    print(f"\n({name}: {used})", flush=True)
    return done.returncode == 0


def _cpu_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
