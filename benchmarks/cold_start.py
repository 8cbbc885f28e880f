"""Cold start per handler, from the deployed zip, beside a bare Chalice app that makes the same clients.

Both run in turns, each in a fresh isolated process with the runtime's boto3 and nothing else installed. The
bare app repeats the same AWS calls too, so the ratio is what Sluice's own code adds. CPU time is measured,
because it does not depend on what else the machine does. Wall time in Lambda is about as much at one vCPU
(1,769 MB). TLS is not measured: the embedded AWS speaks plain HTTP.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.fresh_processes import HANDLERS, FreshProcesses, Measurement
from benchmarks.support.reporting import Budget, show
from benchmarks.support.scale import scaled

PAIRS = scaled(7)
BUDGET = 0.72


def main() -> None:
    """Measure every handler."""
    with TemporaryDirectory(prefix="sluice-bench-") as folder, embedded_aws() as environment:
        processes = FreshProcesses(Path(folder), environment)
        rows = [_row(processes, handler) for handler in HANDLERS]
    worst = max(rows, key=lambda row: float(row["ratio"]))
    what = f"Cold start until the first AWS call, the worst: {worst['handler']}"
    baseline = f"bare Chalice app, same clients {worst['bare ready']:.0f} ms"
    budget = Budget(what, worst["ratio"], BUDGET, "", baseline, worst["ratio"])
    show("cold_start", f"Cold start, ms of CPU, median of {PAIRS} pairs", rows, [budget])


def _row(processes: FreshProcesses, handler: str) -> dict[str, Any]:
    pairs = [_pair(processes, handler) for _ in range(PAIRS + 1)][1:]  # the first warms the disk
    ours, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return {
        "handler": handler,
        "clients": len(ours[0]["services"]),
        "modules": ours[0]["modules"],
        "import app": median(run["import"] for run in ours),
        "ready": median(run["ready"] for run in ours),
        "bare ready": median(run["ready"] for run in bare),
        "ratio": median(us["ready"] / them["ready"] for us, them in pairs),
        "first result": median(run["result"] for run in ours),
        "bare result": median(run["result"] for run in bare),
        "result ratio": median(us["result"] / them["result"] for us, them in pairs),
    }


def _pair(processes: FreshProcesses, handler: str) -> tuple[Measurement, Measurement]:
    ours = processes.sluice(handler)
    return ours, processes.bare(ours)


if __name__ == "__main__":
    main()
