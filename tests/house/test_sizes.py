"""Small files and small functions, so that each can be read at one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from ops.stages import ROOT

FOLDERS = ("chalicelib", "ops", "benchmarks", "tests")
FILES = [ROOT / "app.py", *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))]


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", (node.end_lineno or 0) - node.lineno + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_300_lines_at_most_and_its_functions_40(path: Path) -> None:
    assert _lines(path) <= 300
    assert [function for function in _functions(path) if function[1] > 40] == []


def test_half_of_all_files_have_120_lines_at_most_and_half_of_all_functions_10() -> None:
    assert median(_lines(path) for path in FILES if _lines(path)) <= 120
    assert median(size for path in FILES for _, size in _functions(path)) <= 10
