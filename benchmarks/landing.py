"""Requests and dollars per file of the landing lane, beside the seeds taken literally, from counted calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import app
from benchmarks import literal_landing
from benchmarks.counting import PRICES_DATED, Count, count_of
from benchmarks.tables import show
from tests.support.builders import job, s3_event
from tests.support.emulation import emulated_aws
from tests.support.world import World

SIZES = (10, 30, 90)  # the emulator slows with every execution it keeps; the counts do not
CASES = {
    "routed": "data/in/f{n}/customers.csv",
    "unmatched": "data/in/mystery_{n}.csv",
    "received": "in/{n}.csv",
}
BUDGETS = {"routed": 3.1, "unmatched": 6.1, "received": 2.0}


def main() -> None:
    """Measure every case at every size."""
    rows = [row for case in CASES for size in SIZES for row in _rows(case, size)]
    show("landing", f"Landing lane, per file ({PRICES_DATED})", rows)


def _rows(case: str, size: int) -> list[dict[str, Any]]:
    ours = measure(case, size, sluice)
    literal = measure(case, size, _literal)
    return [_row(case, size, "sluice", ours, literal), _row(case, size, "literal seeds", literal, literal)]


def measure(case: str, size: int, process: Callable[[str, str], object]) -> Count:
    """Count what `size` uploads of a case call."""
    with emulated_aws():
        app.landing.cache_clear()
        world = World()
        world.configure([job()])
        keys = [CASES[case].format(n=number) for number in range(size)]
        uploads = [(key, world.upload(key, b"id,name\n" + b"1,Ada\n" * 100)) for key in keys]
        app.landing().jobs.revalidate()  # warm: the config was fetched before
        return count_of(lambda: [process(key, etag) for key, etag in uploads])


def sluice(key: str, etag: str) -> None:
    """Handle one upload's event."""
    app.object_created(s3_event(key, etag=etag), None)


def _literal(key: str, _etag: str) -> None:
    literal_landing.catalogue(key)
    if key.startswith("data/in/"):
        literal_landing.route(key)


def _row(case: str, size: int, who: str, count: Count, baseline: Count) -> dict[str, Any]:
    return {
        "case": case,
        "files": size,
        "implementation": who,
        "requests/file": count.total / size,
        "ratio": count.total / baseline.total,
        "$/million": count.dollars / size * 1_000_000,
        "budget": BUDGETS[case] if who == "sluice" else "",
    }


if __name__ == "__main__":
    main()
