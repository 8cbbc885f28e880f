"""`python -m ops.checks.duplicates PATH...`: runs of code that stand in two functions, of one file or of two.

Lines are compared as the formatter leaves them. Imports, docstrings and comments repeat by nature and do not
count.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SHORTEST_RUN = 8  # lines; what is shorter is an idiom more often than an idea


@dataclass(frozen=True, slots=True)
class Body:
    """The lines of one function that count, each with its number."""

    path: Path
    lines: tuple[tuple[int, str], ...]

    def at(self, start: int) -> str:
        """Tell where a line stands, as editors understand it."""
        return f"{self.path}:{self.lines[start][0]}"


def duplicates(bodies: Iterable[Body], shortest_run: int = SHORTEST_RUN) -> Iterator[tuple[str, str]]:
    """Yield where two functions begin to share `shortest_run` lines or more; a longer run is one."""
    seen: dict[tuple[str, ...], list[tuple[Body, int]]] = defaultdict(list)
    for body in bodies:
        for start in range(len(body.lines) - shortest_run + 1):
            run = tuple(text for _, text in body.lines[start : start + shortest_run])
            for other, begin in seen[run]:
                if not _goes_on(body, start, other, begin):
                    yield other.at(begin), body.at(start)
            seen[run].append((body, start))


def _goes_on(body: Body, start: int, other: Body, begin: int) -> bool:
    """Tell whether the run began on the line before, in both."""
    return min(start, begin) > 0 and body.lines[start - 1][1] == other.lines[begin - 1][1]


def bodies_of(path: Path) -> Iterator[Body]:
    """Read the functions and methods of a file; what is defined inside them is part of them."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for function in _outermost(ast.parse(source)):
        skipped = {number for node in ast.walk(function) for number in _not_counted(node)}
        first, last = function.body[0].lineno, function.end_lineno or function.lineno
        counted = ((number, lines[number - 1].strip()) for number in range(first, last + 1))
        kept = ((number, text) for number, text in counted if number not in skipped)
        yield Body(path, tuple((number, text) for number, text in kept if text and text[0] != "#"))


def _outermost(scope: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in scope.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _outermost(node)


def _not_counted(node: ast.AST) -> Iterable[int]:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Import | ast.ImportFrom) or is_text:
        assert isinstance(node, ast.stmt)
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return ()


def main(arguments: list[str]) -> int:
    """Print every run that stands twice under `arguments`; return the exit status."""
    paths = [path for name in arguments for path in sorted(Path(name).rglob("*.py")) or [Path(name)]]
    found = list(duplicates(body for path in paths for body in bodies_of(path)))
    for one, other in found:
        print(f"{other}: the same lines stand at {one}; give the idea one place", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
