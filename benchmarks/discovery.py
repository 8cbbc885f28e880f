"""Discovery: CPU beside boto3's stock paginator, memory up to a million keys, small folders, queue requests.

python -m benchmarks.discovery [port]
"""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.measuring import STATE_KEY, STATES, Meter, Run, SyntheticAws, best, measured, synthetic_aws
from benchmarks.scale import SCALE
from benchmarks.synthetic_aws import Tree
from benchmarks.tables import show

PORT = 4639
REPEATS = 2
SIZES = {"tree-10000-100": 10_000, "tree-100000-100": 100_000}
if SCALE >= 2:
    SIZES["tree-1000000-100"] = 1_000_000  # minutes more
SMALL_FOLDERS = "tree-2000-400"
LATENCY_MS = 30.0


def main() -> None:
    """Measure everything; about a minute, a million keys three more."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    with synthetic_aws(port) as aws:
        rows = [row for tree in SIZES for row in _unchanged(aws, tree)]
        show(
            "discovery_unchanged",
            "Unchanged scan (budgets: CPU ratio 0.5, peak 20 MB, flat within 15%)",
            rows,
        )
        show("discovery_requests", "New files (budget: 1.1 queue requests per ten)", _new_files(aws))
    with synthetic_aws(port, LATENCY_MS) as aws:
        show("discovery_folders", f"400 folders of five files, {LATENCY_MS:.0f} ms a request", _folders(aws))


def _unchanged(aws: SyntheticAws, tree: str) -> list[dict[str, Any]]:
    write_state(aws, tree)
    repeats = REPEATS if SIZES[tree] <= 100_000 else 1
    stock, ours = [], []
    for _ in range(repeats):  # in turn, so that the machine's load is shared
        stock.append(measured(aws, "discovery", tree, IMPLEMENTATION="stock paginator"))
        ours.append(measured(aws, "discovery", tree, IMPLEMENTATION="discover_csv"))
    baseline = best(stock)
    return [
        {
            "implementation": name,
            "keys": SIZES[tree],
            "CPU µs/key": run["cpu_seconds"] / SIZES[tree] * 1e6,
            "CPU ratio": run["cpu_seconds"] / baseline["cpu_seconds"],
            "peak MB above base": run["peak_mb_above_base"],
            "wall s": run["wall_seconds"],
        }
        for name, run in (("stock paginator", baseline), ("discover_csv", best(ours)))
    ]


def _new_files(aws: SyntheticAws) -> list[dict[str, Any]]:
    rows = []
    for tree in ("tree-20000-20", SMALL_FOLDERS):
        aws.object(STATES, STATE_KEY).unlink(missing_ok=True)
        aws.requests()
        run = measured(aws, "discovery", tree, IMPLEMENTATION="discover_csv")
        requests = aws.requests()
        rows.append(
            {
                "folders": Tree(tree).folders,
                "new files": run["result"]["queued"],
                "queue requests per ten": requests["SendMessageBatch"] / run["result"]["queued"] * 10,
                "list requests": requests["ListObjectsV2"],
                "CPU µs/file": run["cpu_seconds"] / run["result"]["queued"] * 1e6,
                "peak MB above base": run["peak_mb_above_base"],
            }
        )
    return rows


def _folders(aws: SyntheticAws) -> list[dict[str, Any]]:
    write_state(aws, SMALL_FOLDERS)
    rows = []
    for parallel in ("1", "8"):
        run = measured(aws, "discovery", SMALL_FOLDERS, IMPLEMENTATION="discover_csv", PARALLEL=parallel)
        rows.append(
            {
                "folders at once": int(parallel),
                "wall s": run["wall_seconds"],
                "CPU s": run["cpu_seconds"],
                "peak MB above base": run["peak_mb_above_base"],
            }
        )
    return rows


def write_state(aws: SyntheticAws, name: str) -> None:
    """Store the document that a finished scan of a tree leaves."""
    from chalicelib.state_document import entry
    from chalicelib.state_spool import StateSpool

    tree = Tree(name)
    with StateSpool() as spool, aws.object(STATES, STATE_KEY).open("wb") as file:
        for number in range(tree.keys):
            key = tree.key(number)
            spool.write(
                [entry(key, number % 997 + 1, key.split("/")[1], f"{number:032x}", "2026-01-31T12:00:00Z")]
            )
        body = spool.body("")
        while piece := body.read(1 << 20):
            file.write(piece)


def run_once() -> Run:
    """Measure one run in this process, after a first one that loads what is loaded once."""
    import os

    name = os.environ["IMPLEMENTATION"]
    return _run_stock() if name == "stock paginator" else _run_ours(int(os.environ.get("PARALLEL", "0")))


def _run_stock() -> Run:
    import boto3

    from chalicelib.settings import Settings  # noqa: F401 - both processes start with the same code loaded

    s3 = boto3.client("s3")
    s3.list_objects_v2(Bucket="tree-1-1", Prefix="incoming/")
    bucket = _environment("S3_SOURCE_BUCKET")
    meter, count = Meter(), 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="incoming/"):
        for item in page.get("Contents", ()):
            count += bool(item["Key"])
    return {**meter.read(), "keys": count}


def _run_ours(parallel: int) -> Run:
    from dataclasses import replace

    import app
    from chalicelib import discovery, folder_listing
    from chalicelib.aws.bucket import Bucket
    from chalicelib.aws.clients import client

    if parallel:
        folder_listing.PARALLEL_FOLDERS = parallel
    lane = app.discovery_scan()
    warm = replace(lane, source=Bucket(client("s3", ""), "tree-1-1"), state_key="state/warm.json")
    discovery.discover_csv(warm, None)
    meter = Meter()
    result = discovery.discover_csv(lane, None)
    return {**meter.read(), "result": result}


def _environment(name: str) -> str:
    import os

    return os.environ[name]


if __name__ == "__main__":
    if "--run" in sys.argv:
        print(json.dumps(run_once()))
    else:
        main()
