"""How much the benchmarks measure: modest by default, because the ratios do not need more."""

from __future__ import annotations

import os

SCALE = float(os.environ.get("BENCH_SCALE", "1"))


def scaled(number: int) -> int:
    """Return `number` times BENCH_SCALE, at least 1."""
    return max(1, round(number * SCALE))
