"""Print results as a Markdown table, and keep them with their budgets as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"
Row = dict[str, Any]
Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Budget:
    """A figure that may not exceed `limit`; `baseline` tells what the same run measured beside it."""

    what: str
    measured: float
    limit: float
    unit: str = ""
    baseline: str = ""
    ratio: float | None = None

    @property
    def met(self) -> bool:
        """Whether the figure is within its limit."""
        return self.measured <= self.limit


def show(name: str, title: str, rows: Rows, budgets: Sequence[Budget] = (), data: object = None) -> None:
    """Print `rows`, which share their columns, and write results/<name>.json.

    Other benchmarks read `data` by `load`.
    """
    print(f"\n{title}\n\n{markdown(rows)}", flush=True)
    RESULTS.mkdir(exist_ok=True)
    kept = {"title": title, "rows": rows, "budgets": [asdict(budget) for budget in budgets], "data": data}
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n")


def load(name: str) -> dict[str, Any]:
    """Return what `show` wrote; raise FileNotFoundError when that benchmark has not run."""
    kept: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text())
    return kept


def markdown(rows: Rows) -> str:
    """Return `rows` as a Markdown table whose columns are also aligned for reading in a terminal."""
    columns = list(rows[0])
    cells = [columns, *[[cell(row[column]) for column in columns] for row in rows]]
    widths = [max(3, *(len(line[index]) for line in cells)) for index in range(len(columns))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def cell(value: Any) -> str:
    """Return one value as a table shows it: numbers to three figures."""
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return (
            f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
        )
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
