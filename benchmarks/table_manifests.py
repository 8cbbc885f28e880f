"""Table manifests: CPU and memory per key, from 100,000 to a million objects in ten tables.

python -m benchmarks.table_manifests [port]
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.measuring import Meter, Run, SyntheticAws, measured, synthetic_aws
from benchmarks.scale import SCALE
from benchmarks.tables import show

PORT = 4638
SIZES = {"tree-10000-10": 10_000, "tree-100000-10": 100_000}
if SCALE >= 2:
    SIZES["tree-1000000-10"] = 1_000_000  # minutes more

TABLES = ",".join(f"t{number:06}" for number in range(10))


def main() -> None:
    """Measure a first run, which writes every manifest, and one that changes nothing."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    with synthetic_aws(port) as aws:
        rows = [row for tree in SIZES for row in _rows(aws, tree)]
    show("table_manifests", "Manifests of ten tables (budget: memory flat)", rows)


def _rows(aws: SyntheticAws, tree: str) -> list[dict[str, Any]]:
    rows = []
    for what in ("all written", "all unchanged"):
        aws.requests()
        run = measured(aws, "table_manifests", tree, TABLE_NAMES=TABLES)
        rows.append(
            {
                "run": what,
                "objects": SIZES[tree],
                "CPU µs/object": run["cpu_seconds"] / SIZES[tree] * 1e6,
                "peak MB above base": run["peak_mb_above_base"],
                "wall s": run["wall_seconds"],
                "PUT requests": aws.requests().get("PutObject", 0),
            }
        )
    return rows


def run_once() -> Run:
    """Measure one run in this process, after a first one that loads what is loaded once."""
    from dataclasses import replace

    import app
    from chalicelib import table_manifests
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client
    from chalicelib.aws.state_store import StateStore

    lane = app.table_manifests_run()
    s3 = client("s3", "")
    warm = replace(lane, source=Bucket(s3, "tree-1-1"), manifests=StateStore(s3, "warm"))
    table_manifests.write_table_manifests(warm, None)
    meter = Meter()
    result = table_manifests.write_table_manifests(lane, None)
    return {**meter.read(), "message": result["message"]}


if __name__ == "__main__":
    if "--run" in sys.argv:
        print(json.dumps(run_once()))
    else:
        main()
