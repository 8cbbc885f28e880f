"""Put all budgets of the last run into one table, and the tables into the documents.

A document holds a table between `<!-- bench:NAME -->` and `<!-- end of bench:NAME -->`. NAME is a result's,
`summary`, or `digest`: the budgets that a newcomer asks for. Nobody edits figures by hand:
`python -m benchmarks --write-docs` writes the last run's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.support.reporting import RESULTS, Budget, cell, load, markdown
from ops.stages import ROOT

DOCUMENTS = ("README.md", "docs/performance.md", "docs/cost.md")
DIGEST = (  # how their names begin
    "Landing, requests per routed",
    "Landing, requests per unmatched file up to",
    "NDJSON, content check, requests/file",
    "NDJSON, content check, $/million",
    "NDJSON, 8 workers, lost or doubled",
    "Discovery, CPU of a scan of 1,000,000 keys",
    "Cold start until the first AWS call",
    "Reconcile, dollars per million",
)
BLOCK = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- end of bench:\2 -->)", re.DOTALL)


def forget() -> None:
    """Remove the results of earlier runs, so that a summary tells of one run only."""
    for result in RESULTS.glob("*.json"):
        result.unlink()


def ran(name: str) -> bool:
    """Tell whether a benchmark has left results."""
    return (RESULTS / f"{name}.json").exists()


def budgets_of(names: Iterable[str]) -> list[Budget]:
    """Return the budgets of the benchmarks that have run, in the order of `names`."""
    return [Budget(**kept) for name in names if ran(name) for kept in load(name)["budgets"]]


def summary(budgets: Iterable[Budget]) -> str:
    """Return the table of all budgets."""
    return markdown([_row(budget) for budget in budgets])


def write_documents(names: Iterable[str]) -> list[str]:
    """Bring the tables in the documents up to date and return the paths of those that changed."""
    tables = {name: markdown(load(name)["rows"]) for name in (path.stem for path in RESULTS.glob("*.json"))}
    budgets = budgets_of(names)
    tables["summary"] = summary(budgets)
    if digest := [budget for budget in budgets if budget.what.startswith(DIGEST)]:
        tables["digest"] = summary(digest)
    return [path for path in DOCUMENTS if _rewrite(ROOT / path, tables)]


def _row(budget: Budget) -> dict[str, Any]:
    return {
        "What": budget.what,
        "Baseline, same run": budget.baseline,
        "Measured": f"{cell(budget.measured)} {budget.unit}".strip(),
        "Ratio": budget.ratio,
        "Budget": f"{budget.limit:g} {budget.unit}".strip(),
        "Met": "yes" if budget.met else "**no**",
    }


def _rewrite(path: Path, tables: dict[str, str]) -> bool:
    def replaced(block: re.Match[str]) -> str:
        begin, name, end = block.groups()
        return f"{begin}\n{tables[name]}\n\n{end}" if name in tables else block.group()

    before = path.read_text()
    after = BLOCK.sub(replaced, before)
    path.write_text(after)
    return after != before
