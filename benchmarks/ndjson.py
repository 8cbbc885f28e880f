"""Requests, items read and dollars per file of the NDJSON lane, beside the literal seed.

Events claim files of 10 MB, all of one date; the objects are small. An invocation gets ten messages, and 150
files fill two batches of 71. The literal seed reads the date's whole partition at every invocation, and no
content.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.seeds import ndjson as seed
from benchmarks.support.counting import PRICES_DATED, Count, count_of
from benchmarks.support.lane_process import SCALED
from benchmarks.support.reporting import Budget, Row, show
from benchmarks.support.scale import scaled
from tests.support.emulation import emulated_aws
from tests.support.lanes.ndjson import Clock, lane_with, messages, unseen, upload

SIZES = (scaled(1) * 150, scaled(2) * 150, scaled(3) * 150)  # BENCH_SCALE=10 measured the same at 6,000
SLUICE, CHECKED, LITERAL = "sluice", "sluice, content check", "literal seed"
BUDGETS = {  # without and with the content check
    "requests/file": (2.3, 3.3, ""),
    "items read/file": (1.5, 1.5, ""),
    "$/million": (1.75, 2.15, "$"),
}
FLATNESS = 1.1
Handle = Callable[[Any], object]


def main() -> None:
    """Measure every size."""
    handlers = {LITERAL: _literal, SLUICE: _sluice, CHECKED: _checked}
    counts = {
        (name, size): _measure(handle, size, looks=name == CHECKED)
        for name, handle in handlers.items()
        for size in SIZES
    }
    rows = [_row(name, size, count, counts[LITERAL, size]) for (name, size), count in counts.items()]
    units = {name: counts[name, SIZES[-1]].per_file(SIZES[-1]) for name in (SLUICE, CHECKED)}
    title = f"NDJSON lane, per file ({PRICES_DATED}; 10 MB files, ten an invocation)"
    show("ndjson", title, rows, _budgets(rows), units)


def _measure(handler: Callable[[], Handle], size: int, *, looks: bool) -> Count:
    """Count the calls for `size` files."""
    with emulated_aws():
        names = [f"{number:06}" for number in range(size)]
        records = [upload(f"in/{n}.ndjson") if looks else unseen(n) for n in names]
        handle = handler()
        return count_of(lambda: [handle(event) for event in messages(*records)])


def _sluice(looks: bool = False) -> Handle:
    from chalicelib.ndjson.arrivals import ndjson_arrived

    clock = Clock()
    lane = lane_with(clock, NDJSON_CONTENT_CHECK=str(looks), **(SCALED if looks else {}))

    def handle(event: Any) -> None:
        clock.turn(
            1
        )  # manifests are named by the time: at a standing clock each would try the names of all before
        assert ndjson_arrived(lane, event) == {"batchItemFailures": []}

    return handle


def _checked() -> Handle:
    return _sluice(looks=True)


def _literal() -> Handle:
    return seed.handler


def _row(name: str, size: int, count: Count, literal: Count) -> Row:
    return {
        "implementation": name,
        "files": size,
        "requests/file": count.total / size,
        "ratio": count.total / literal.total,
        "items read/file": count.items_read / size,
        "write units/file": count.units["dynamodb write unit"] / size,
        "$/million": count.dollars / size * 1_000_000,
    }


def _budgets(rows: list[Row]) -> list[Budget]:
    budgets = []
    for column, (limit, limit_checked, unit) in BUDGETS.items():
        literal = _of(rows, LITERAL, column)[-1]
        for name, most in ((SLUICE, limit), (CHECKED, limit_checked)):
            ours = max(_of(rows, name, column))
            what = f"NDJSON{name.removeprefix(SLUICE)}, {column}"
            budgets.append(Budget(what, ours, most, unit, f"literal seed {literal:.2f}", ours / literal))
    requests, read = _of(rows, SLUICE, "requests/file"), _of(rows, LITERAL, "items read/file")
    flat = max(requests) / min(requests)
    what = f"NDJSON, requests/file at {SIZES[-1]} over {SIZES[0]} files"
    baseline = f"literal seed, items read: {read[-1] / read[0]:.2f}"
    return [*budgets, Budget(what, flat, FLATNESS, baseline=baseline)]


def _of(rows: list[Row], name: str, column: str) -> list[float]:
    return [row[column] for row in rows if row["implementation"] == name]


if __name__ == "__main__":
    main()
