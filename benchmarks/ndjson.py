"""Requests, items read and dollars per file of the NDJSON lane, beside the seed taken literally.

Files of 10 MB by their events (their objects are small), ten messages an invocation, all of one date. The
literal seed reads the date's whole partition at every invocation: it is run on few files, twice, to show how
that grows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks import literal_ndjson
from benchmarks.counting import PRICES_DATED, Count, count_of
from benchmarks.scale import scaled
from benchmarks.tables import show
from tests.support.emulation import emulated_aws
from tests.support.ndjson import Clock, lane_with, messages, unseen, upload

SIZES = (scaled(300), scaled(900))  # the same at 6,000: BENCH_SCALE
LITERAL_SIZES = (scaled(100), scaled(500))
REQUESTS_BUDGET = {False: 2.3, True: 3.3}
DOLLARS_BUDGET = {False: 3.50, True: 4.10}
ITEMS_BUDGET = 1.5
FLATNESS = 0.10

Result = tuple[Count, float]


def main() -> None:
    """Measure every size, print the table, and say whether each figure keeps its budget."""
    literal = {size: measure(_literal, size, looks=False) for size in LITERAL_SIZES}
    baseline = literal[max(LITERAL_SIZES)][0].total / max(LITERAL_SIZES)
    rows = [_row("literal seed", size, result, baseline) for size, result in literal.items()]
    for looks in (False, True):
        name = "sluice, content check" if looks else "sluice"
        rows += [_row(name, size, measure(sluice, size, looks=looks), baseline, looks) for size in SIZES]
    show("ndjson", f"NDJSON lane, per file ({PRICES_DATED}; 10 MB files, ten an invocation)", rows)
    for looks in (False, True):
        _judge([row for row in rows if row["content check"] is looks])


def measure(process: Callable[..., Any], size: int, *, looks: bool) -> Result:
    """Count what `size` files call, and the seconds it took on the emulator."""
    with emulated_aws():
        names = [f"{number:06}" for number in range(size)]
        records = [upload(f"in/{n}.ndjson") if looks else unseen(n) for n in names]
        handle = process(looks)
        started = time.perf_counter()
        count = count_of(lambda: [handle(event) for event in messages(*records)])
        return count, time.perf_counter() - started


def sluice(looks: bool) -> Callable[[Any], object]:
    """Return the lane's handler, with or without the content check."""
    from chalicelib.arrivals import ndjson_arrived

    clock = Clock()
    lane = lane_with(clock, NDJSON_CONTENT_CHECK=str(looks))

    def handle(event: Any) -> None:
        clock.turn(1)  # manifests are named by the time; at a standing clock each has to pass over all before
        assert ndjson_arrived(lane, event) == {"batchItemFailures": []}

    return handle


def _literal(_looks: bool) -> Callable[[Any], object]:
    return literal_ndjson.handler


def _row(name: str, size: int, result: Result, baseline: float, looks: bool | None = None) -> dict[str, Any]:
    count, seconds = result
    return {
        "implementation": name,
        "content check": looks,
        "files": size,
        "requests/file": count.total / size,
        "ratio": count.total / size / baseline,
        "items read/file": count.items_read / size,
        "write units/file": count.units["dynamodb write unit"] / size,
        "$/million": count.dollars / size * 1_000_000,
        "emulated s": seconds,
    }


def _judge(rows: list[dict[str, Any]]) -> None:
    """Print each figure of one variant against its budget, and how far its sizes lie apart."""
    looks = rows[0]["content check"]
    limits = {
        "requests/file": REQUESTS_BUDGET[looks],
        "items read/file": ITEMS_BUDGET,
        "$/million": DOLLARS_BUDGET[looks],
    }
    for column, limit in limits.items():
        values = [row[column] for row in rows]
        apart = max(values) / min(values) - 1 if min(values) else 0.0
        kept = "kept" if max(values) <= limit and apart <= FLATNESS else "BROKEN"
        print(f"{rows[0]['implementation']}: {column} {max(values):.2f} (budget {limit}), "
              f"sizes {apart:.1%} apart: {kept}")  # fmt: skip


if __name__ == "__main__":
    main()
