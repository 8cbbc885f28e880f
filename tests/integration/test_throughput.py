"""The benchmark of throughput on a deployed Sluice, with a few files."""

from __future__ import annotations

from benchmarks.throughput import LANES, SMALL, measure
from ops.stages import ROOT
from tests.support.deployed import DeployedSluice

FILES = 3


def test_every_file_of_every_lane_is_timed(stack: DeployedSluice) -> None:
    stack.configure((ROOT / "samples" / "config.json").read_bytes())
    with stack.changed("ndjson_arrived", **SMALL):
        rows = [measure(stack, lane, FILES, own_ms=0.1) for lane in LANES]
    for row in rows:
        assert 0 < row["median s"] <= row["p99 s"] <= FILES / row["files/s"]
        assert 0 < row["own code, % of all"] < 100
