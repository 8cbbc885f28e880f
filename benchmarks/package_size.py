"""The size of the deployed zip by part, beside Chalice alone."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from benchmarks.support.reporting import Budget, show
from ops.checks import package

KB = 1000
BUDGET_KB = package.MAX_BYTES / KB


def main() -> None:
    """Build the zip and print the size of its parts."""
    with TemporaryDirectory(prefix="sluice-bench-") as folder:
        zipped = package.build(Path(folder))
        sizes = _sizes(zipped)
        total = zipped.stat().st_size / KB
    bare = sizes["chalice"]["zipped kB"]
    rows = [{"part": part, **size, "ratio": size["zipped kB"] / bare} for part, size in sorted(sizes.items())]
    whole = {
        "part": "whole zip",
        "files": sum(size["files"] for size in sizes.values()),
        "plain kB": sum(size["plain kB"] for size in sizes.values()),
        "zipped kB": total,
        "ratio": total / bare,
    }
    budget = Budget("Zip", total, BUDGET_KB, "kB", f"Chalice alone {bare:.0f} kB", total / bare)
    show("package_size", "Deployed zip (ratio to Chalice alone)", [*rows, whole], [budget])


def _sizes(zipped: Path) -> dict[str, dict[str, Any]]:
    sizes: dict[str, dict[str, Any]] = defaultdict(lambda: {"files": 0, "plain kB": 0.0, "zipped kB": 0.0})
    with ZipFile(zipped) as archive:
        for file in archive.infolist():
            size = sizes[_part(file.filename)]
            size["files"] += 1
            size["plain kB"] += file.file_size / KB
            size["zipped kB"] += file.compress_size / KB
    return sizes


def _part(name: str) -> str:
    """Return the folder of a file: two levels deep in `chalicelib`, one elsewhere."""
    folders = Path(name).parts[:-1]
    return "/".join(folders[:2]) or name


if __name__ == "__main__":
    main()
