"""The import rule: app → capabilities → aws → {settings, errors, logs}; nothing the other way round."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "chalicelib"
CAPABILITIES = sorted(LIBRARY.glob("*.py"))
ADAPTERS = sorted((LIBRARY / "aws").glob("*.py"))
WIRING = sorted((LIBRARY / "wiring").glob("*.py"))
LEAVES = {"settings": {"errors"}, "errors": set(), "logs": set(), "events": {"errors"}}
RUNTIME = {"boto3", "botocore", "mypy_boto3"}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "chalicelib")


def _packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(path)} - {""}


def _ours(path: Path) -> set[str]:
    return {name.split(".")[1] for name in _imports(path) if name.startswith("chalicelib.")}


@pytest.mark.parametrize("path", [*CAPABILITIES, *ADAPTERS, *WIRING], ids=lambda path: path.stem)
def test_what_ships_imports_the_standard_library_and_ourselves(path: Path) -> None:
    foreign = _packages(path) - sys.stdlib_module_names - {"chalicelib"}
    allowed = {name for name in foreign if name.startswith(tuple(RUNTIME))} if path in ADAPTERS else set()
    assert foreign == allowed


@pytest.mark.parametrize("path", CAPABILITIES, ids=lambda path: path.stem)
def test_a_capability_reads_no_environment(path: Path) -> None:
    assert "os" not in _packages(path)


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: path.stem)
def test_an_adapter_knows_no_capability(path: Path) -> None:
    assert _ours(path) <= {"aws", "settings", "errors", "logs"}


@pytest.mark.parametrize("name", LEAVES)
def test_a_leaf_imports_next_to_nothing_of_ours(name: str) -> None:
    assert _ours(LIBRARY / f"{name}.py") <= LEAVES[name]


def test_nothing_that_ships_imports_app_ops_or_tests() -> None:
    for path in [*CAPABILITIES, *ADAPTERS, *WIRING]:
        assert not _packages(path) & {"app", "ops", "tests", "chalice"}, path


@pytest.mark.parametrize("path", CAPABILITIES, ids=lambda path: path.stem)
def test_a_capability_is_wired_by_others(path: Path) -> None:
    assert "wiring" not in _ours(path)
