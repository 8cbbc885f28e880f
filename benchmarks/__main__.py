"""Run the benchmarks, each in a process of its own: `python -m benchmarks [name ...]`.

BENCH_SCALE multiplies the numbers of files and keys, for instance BENCH_SCALE=10 for a quiet machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

BENCHMARKS = (
    "landing",
    "ndjson",
    "workers",
    "discovery",
    "table_manifests",
    "cpu",
    "cold_start",
    "memory",
    "cost",
    "package_size",
)


def main() -> None:
    """Run what is named, or everything; fail when one fails."""
    names = sys.argv[1:] or BENCHMARKS
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    failed = [name for name in names if not _run(name)]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _run(name: str) -> bool:
    wall, cpu = time.monotonic(), _cpu_seconds()
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
    used = f"{_cpu_seconds() - cpu:.0f} s of CPU, {time.monotonic() - wall:.0f} s"
    print(f"({name}: {used})", flush=True)
    return done.returncode == 0


def _cpu_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
