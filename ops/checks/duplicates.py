"""`python -m ops.checks.duplicates [--lines N] PATH...`: find equal lines that stand twice.

Lines are compared as the formatter leaves them, within a file and between files. Imports, docstrings,
comments and lines of nothing but brackets repeat by nature and do not count.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SHORTEST_RUN = 6  # lines; fewer are an idiom more often than an idea


@dataclass(frozen=True, slots=True)
class Code:
    """The lines of one file that count, each with its number."""

    path: Path
    lines: tuple[tuple[int, str], ...]

    def at(self, start: int) -> str:
        """Tell where a line stands, as editors understand it."""
        return f"{self.path}:{self.lines[start][0]}"


def duplicates(files: Iterable[Code], shortest_run: int = SHORTEST_RUN) -> Iterator[tuple[str, str]]:
    """Yield the two places where `shortest_run` equal lines or more begin; a longer run is yielded once."""
    seen: dict[tuple[str, ...], list[tuple[Code, int]]] = defaultdict(list)
    for code in files:
        for start in range(len(code.lines) - shortest_run + 1):
            run = tuple(text for _, text in code.lines[start : start + shortest_run])
            for other, begin in seen[run]:
                overlap = other is code and start - begin < shortest_run
                if not overlap and not _goes_on(code, start, other, begin):
                    yield other.at(begin), code.at(start)
            seen[run].append((code, start))


def _goes_on(code: Code, start: int, other: Code, begin: int) -> bool:
    """Tell whether the run began on the line before, in both."""
    return min(start, begin) > 0 and code.lines[start - 1][1] == other.lines[begin - 1][1]


def code_of(path: Path) -> Code:
    """Read the lines of a file that count."""
    source = path.read_text(encoding="utf-8")
    skipped = {number for node in ast.walk(ast.parse(source)) for number in _not_counted(node)}
    lines = ((number, line.strip()) for number, line in enumerate(source.splitlines(), 1))
    kept = (
        (number, text)
        for number, text in lines
        if text.strip("()[]{},:") and text[0] != "#" and number not in skipped
    )
    return Code(path, tuple(kept))


def _not_counted(node: ast.AST) -> Iterable[int]:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Import | ast.ImportFrom) or is_text:
        assert isinstance(node, ast.stmt)
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return ()


def main(arguments: list[str]) -> int:
    """Print every run that stands twice below the paths of `arguments`; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m ops.checks.duplicates", description=__doc__)
    parser.add_argument("--lines", type=int, default=SHORTEST_RUN, help="how many equal lines are too many")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    options = parser.parse_args(arguments)
    files = (file for path in options.paths for file in sorted(path.rglob("*.py")) or [path])
    found = list(duplicates(map(code_of, files), options.lines))
    for one, other in found:
        print(f"{other}: the same lines stand at {one}; give the idea one place", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
