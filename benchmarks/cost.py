"""Dollars per million files of each lane: AWS calls as counted, Lambda and queue as modelled."""

from __future__ import annotations

from typing import Any

from benchmarks import landing, memory, ndjson
from benchmarks.counting import DOLLARS_PER_MILLION, PRICES_DATED, Count
from benchmarks.fresh_processes import Measurement
from benchmarks.scale import scaled
from benchmarks.tables import show

FILES = {"landing": scaled(20), "ndjson": scaled(142)}  # 142 files of 10 MB are two batches
MESSAGES_OF_A_BATCH = 10
QUEUE_REQUESTS = 1 + 2 / MESSAGES_OF_A_BATCH  # a file's message in, its batch's receive and delete
COLUMNS = {
    "S3": ("s3 read", "s3 write"),
    "DynamoDB": ("dynamodb write unit", "dynamodb read unit"),
    "Step Functions": ("states start",),
    "SNS": ("sns request",),
}


def main() -> None:
    """Count every lane once and price it."""
    warm = memory.runs()
    invocation = {handler: _lambda_dollars(handler, run) for handler, run in warm.items()}
    rows = [_row(f"landing, {case}", count, invocation["object_created"]) for case, count in _landing()]
    queue = QUEUE_REQUESTS * DOLLARS_PER_MILLION["sqs request"] / 1_000_000
    per_file = invocation["ndjson_arrived"] / MESSAGES_OF_A_BATCH
    rows += [_row(f"NDJSON, {case}", count, per_file, queue) for case, count in _ndjson()]
    show("cost", f"Dollars per million files ({PRICES_DATED})", rows)


def _landing() -> list[tuple[str, dict[str, float]]]:
    files = FILES["landing"]
    return [(case, _per_file(landing.measure(case, files, landing.sluice), files)) for case in landing.CASES]


def _ndjson() -> list[tuple[str, dict[str, float]]]:
    files = FILES["ndjson"]
    found = [(looks, ndjson.measure(ndjson.sluice, files, looks=looks)[0]) for looks in (True, False)]
    names = {True: "content check", False: "no content check"}
    return [(names[looks], _per_file(count, files)) for looks, count in found]


def _per_file(count: Count, files: int) -> dict[str, float]:
    prices = {unit: price / 1_000_000 for unit, price in DOLLARS_PER_MILLION.items()}
    return {unit: price * count.units[unit] / files for unit, price in prices.items()}


def _lambda_dollars(handler: str, run: Measurement) -> float:
    size = memory.configured_mb(handler)
    return memory.dollars(memory.warm_seconds(handler, run, size), size)


def _row(lane: str, dollars: dict[str, float], lambda_dollars: float, queue: float = 0.0) -> dict[str, Any]:
    parts = {name: sum(dollars[unit] for unit in units) for name, units in COLUMNS.items()}
    parts |= {"SQS": dollars["sqs request"] + queue, "Lambda": lambda_dollars}
    parts["all"] = sum(parts.values())
    most = max(list(parts)[:-1], key=lambda name: parts[name])
    millions = {name: part * 1_000_000 for name, part in parts.items()}
    return {"lane": lane, **millions, "dominated by": most}


if __name__ == "__main__":
    main()
