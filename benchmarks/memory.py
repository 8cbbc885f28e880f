"""What each handler costs and how long it takes at each memory size, to choose one.

Measured are the CPU of a cold start and of a warm invocation (over HTTP to the embedded AWS, botocore
included), the AWS calls, and the peak of memory. Only Lambda can measure durations, so they are modelled: a
function gets its memory's share of a vCPU (one at 1,769 MB), and waits WAIT_MS for each call at any size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.fresh_processes import FreshProcesses, Measurement
from benchmarks.support.reporting import load, show
from benchmarks.support.scale import scaled
from ops.stages import CONFIG, ROOT

SIZES_MB = (256, 512, 1024, 1769)
MB_OF_ONE_VCPU = 1769
WAIT_MS = {"s3": 30, "dynamodb": 8, "stepfunctions": 30, "sns": 20, "sqs": 10, "glue": 50}
WARM = scaled(10)
HANDLERS = {  # each with the number of files that one invocation handles
    "object_created": 1,
    "ndjson_arrived": 10,
    "csv_discovered": 1,
    "reconcile": 1,
    "authorize": 1,
    "GET /summary": 1,
}
SCANS = ("discover_csv", "write_table_manifests")
FETCHES_AHEAD = "discover_csv"  # it fetches a page while it reads another
SCANNED_KEYS, KEYS_A_PAGE = 100_000, 1000
DOLLARS_PER_GB_SECOND = 0.0000166667
DOLLARS_PER_INVOCATION = 0.20 / 1_000_000


def main() -> None:
    """Measure every handler and print its time and price at each size."""
    measured = runs()
    rows = [row for handler, run in measured.items() for row in _rows(handler, run)]
    rows += [row for handler in SCANS for row in _scan_rows(handler, load("listings")["data"][handler])]
    title = f"Memory sizes (* chosen), per invocation, scans of {SCANNED_KEYS:,} keys"
    show("memory", title, rows, data=_chosen(measured))


def runs() -> dict[str, Measurement]:
    """Measure one cold start and some warm invocations of every handler."""
    with TemporaryDirectory(prefix="sluice-bench-") as folder, embedded_aws() as environment:
        processes = FreshProcesses(Path(folder), environment)
        return {handler: processes.sluice(handler, WARM + 1) for handler in HANDLERS}


def warm_seconds(handler: str, run: Measurement, size_mb: int) -> float:
    """Return the seconds of a warm invocation: its CPU at this size, then its waits one after the other."""
    calls = [service for service, _operation, _parameters in run["calls"]]
    waits = sum(
        WAIT_MS[service] * ceil(calls.count(service) / WARM / HANDLERS[handler]) for service in set(calls)
    )
    cpu: float = median(run["warm"]) / _share(size_mb)
    return (cpu + waits) / 1000


def dollars(seconds: float, size_mb: int) -> float:
    """Return the price of one invocation."""
    return seconds * size_mb / 1024 * DOLLARS_PER_GB_SECOND + DOLLARS_PER_INVOCATION


def configured_mb(handler: str) -> int:
    """Return the memory that .chalice/config.json gives a handler in every stage."""
    config = json.loads((ROOT / CONFIG).read_text())
    name = "api_handler" if " " in handler else handler
    return int({**config, **config["lambda_functions"].get(name, {})}["lambda_memory_size"])


def _rows(handler: str, run: Measurement) -> Iterator[dict[str, Any]]:
    for size in SIZES_MB:
        seconds = warm_seconds(handler, run, size)
        yield {
            "handler": handler,
            "MB": f"{size}{' *' if size == configured_mb(handler) else ''}",
            "warm CPU ms": median(run["warm"]),
            "warm ms": seconds * 1000,
            "cold ms": run["result"] / _share(size) + seconds * 1000,
            "$/million": dollars(seconds, size) * 1_000_000,
            "peak MB": run["peak_mb"],
        }


def _scan_rows(handler: str, microseconds: float) -> Iterator[dict[str, Any]]:
    """Model a scan from its CPU per key and the wait for each page."""
    cpu_ms = microseconds * SCANNED_KEYS / 1000
    waits_ms = WAIT_MS["s3"] * SCANNED_KEYS / KEYS_A_PAGE
    for size in SIZES_MB:
        work_ms = cpu_ms / _share(size)
        ms = max(work_ms, waits_ms) if handler == FETCHES_AHEAD else work_ms + waits_ms
        yield {
            "handler": handler,
            "MB": f"{size}{' *' if size == configured_mb(handler) else ''}",
            "warm CPU ms": cpu_ms,
            "warm ms": ms,
            "cold ms": None,
            "$/million": dollars(ms / 1000, size) * 1_000_000,
            "peak MB": None,
        }


def _chosen(measured: dict[str, Measurement]) -> dict[str, float]:
    """Return the dollars of one warm invocation of each handler at its configured size."""
    sizes = {handler: configured_mb(handler) for handler in measured}
    return {
        handler: dollars(warm_seconds(handler, run, sizes[handler]), sizes[handler])
        for handler, run in measured.items()
    }


def _share(size_mb: int) -> float:
    """Return the share of a vCPU; a second one would not help, because one thread works at a time."""
    return min(1.0, size_mb / MB_OF_ONE_VCPU)


if __name__ == "__main__":
    main()
