"""What the end of a run takes on top of a routed file: requests, and dollars per million files."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any
from unittest.mock import patch

from benchmarks.memory import MB_OF_ONE_VCPU, WAIT_MS, configured_mb, dollars
from benchmarks.support.counting import DOLLARS_PER_MILLION, PRICES_DATED, counting
from benchmarks.support.reporting import Budget, show
from tests.support.builders import job
from tests.support.emulation import emulated_aws
from tests.support.lanes import runs
from tests.support.scenarios.ndjson import forget_wiring
from tests.support.world import World

FILES = 20
BODY = b"id,name\n" + b"1,Ada\n" * 100
OWN_CPU_MS = 4.0  # of a warm invocation on one core, as `memory` measures it of object_created
CASES: dict[str, tuple[str, int, str]] = {  # how the run ends, the job's max_retries, ARCHIVE_PREFIX
    "succeeded": ("SUCCEEDED", 0, ""),
    "succeeded, archived": ("SUCCEEDED", 0, "archive/"),
    "failed": ("FAILED", 0, ""),
    "failed, tried again": ("FAILED", 1, ""),
}
MOST_DOLLARS = 3.0
COLUMNS = {"S3": "s3", "DynamoDB": "dynamodb", "Step Functions": "states", "SNS": "sns"}


def main() -> None:
    """Measure every case."""
    rows = [_row(case, *given) for case, given in CASES.items()]
    budget = Budget("Ends of runs, dollars per million files", rows[0]["all"], MOST_DOLLARS, "$")
    show("ends", f"The end of a run, dollars per million files on top ({PRICES_DATED})", rows, [budget])


def _row(case: str, status: str, max_retries: int, archive: str) -> dict[str, Any]:
    units, services = _counted(status, max_retries, archive)
    priced = {unit: DOLLARS_PER_MILLION[unit] * number for unit, number in units.items()}
    columns = {
        name: sum(price for unit, price in priced.items() if unit.startswith(service)) or None
        for name, service in COLUMNS.items()
    }
    size = configured_mb("execution_changed")
    waits = sum(WAIT_MS[service] * number for service, number in services.items())
    seconds = (OWN_CPU_MS * MB_OF_ONE_VCPU / size + waits) / 1000
    invocation = dollars(seconds, size) * 1_000_000
    return {"run": case, "requests/file": services.total(), **columns, "Lambda": invocation,
            "all": sum(priced.values()) + invocation}  # fmt: skip


def _counted(status: str, max_retries: int, archive: str) -> tuple[Counter[str], Counter[str]]:
    """Return the priced units and the calls by service that one end takes."""
    with emulated_aws(), patch.dict(os.environ, {"ARCHIVE_PREFIX": archive}), counting() as count:
        forget_wiring()
        world = World()
        world.configure([job(max_retries=max_retries)])
        landed = [world.land(f"data/in/{number}/customers.csv", BODY) for number in range(FILES)]
        events = [runs.end(row["execution"], status) for row in landed]
        units, services = Counter(count.units), Counter(count.services)
        for event in events:
            runs.deliver(event)
        units, services = Counter(count.units) - units, count.services - services
    forget_wiring()
    return Counter({unit: number / FILES for unit, number in units.items()}), Counter(
        {service: round(number / FILES) for service, number in services.items()}
    )


if __name__ == "__main__":
    main()
