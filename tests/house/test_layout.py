"""The walls of the house: what a room may import, what it holds, and where its tests are."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from ops.stages import ROOT

SHIPPED = sorted((ROOT / "chalicelib").rglob("*.py"))
OPS = sorted((ROOT / "ops").rglob("*.py"))
OTHERS = [path for name in ("tests", "benchmarks") for path in (ROOT / name).rglob("*.py")]
ROOMS = sorted({path.parent for path in [*SHIPPED, *OPS]})
FOLDERS = sorted({path.parent for path in [*SHIPPED, *OPS, *OTHERS]})
GROUND = {
    "settings": {"errors"},
    "errors": set(),
    "logs": set(),
    "events": {"errors"},
    "moves": {"events"},
    "keys": {"moves", "settings"},
    "proof": set(),
}
# what landing and ndjson are to other lanes
OFFERED = {"attempts", "catalog", "config", "entries", "executions", "jobs", "lane", "manifests", "routing",
           "wiring"}  # fmt: skip
LANES = {"landing", "ndjson", "discovery", "tables", "runs", "expected"}
BELOW: dict[str, set[str]] = {
    "aws": set(),
    "api": {"aws"},
    "landing": {"aws"},
    "ndjson": {"aws"},
    "discovery": {"aws", "landing"},
    "tables": {"aws", "landing"},
    "expected": {"aws", "landing"},
    "runs": {"aws", "landing", "ndjson"},
    "status": {"aws", "api", *LANES},
    "actions": {"aws", "api", "status", *LANES},
}
LARGEST_ROOM = 15
ENDINGS = re.compile(r"(ings|ing|ies|ed|es|s|y)$")


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): path for path in [*SHIPPED, *OPS]}


def _imports(path: Path) -> Iterator[str]:
    """Yield every name that a file imports, for its types too; a module of ours as far as the module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from {member if member in MODULES else node.module for member in members}


def _packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _imports(path)}


def _room(module: str) -> str:
    """Return the folder of a module of chalicelib; empty for the ground."""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 else ""


def _between_rooms(path: Path) -> Iterator[tuple[str, str]]:
    for name in _imports(path):
        if name.startswith("chalicelib.") and _room(name) != _room(_name(path)):
            yield _room(name), name.rpartition(".")[2]


def _ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SHIPPED, ids=_ids)
def test_what_ships_imports_the_standard_library_and_ourselves(path: Path) -> None:
    foreign = _packages(path) - sys.stdlib_module_names - {"chalicelib"}
    if path.parent.name == "aws":
        foreign = {name for name in foreign if not name.startswith(("boto3", "botocore", "mypy_boto3"))}
    assert foreign <= ({"chalice"} if _name(path) == "chalicelib.api.edge" else set())


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.parent.name != "aws"], ids=_ids)
def test_only_adapters_read_the_environment(path: Path) -> None:
    assert "os" not in _packages(path)


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.parent.name in BELOW], ids=_ids)
def test_a_room_imports_only_what_lies_below_it(path: Path) -> None:
    room = path.parent.name
    for other, module in _between_rooms(path):
        assert other in {"", *BELOW[room]}, f"{room} imports {other}.{module}"
        if room in LANES and other in LANES:
            assert module in OFFERED, f"{room} goes past what {other} offers: {module}"


@pytest.mark.parametrize("name", GROUND)
def test_the_ground_imports_next_to_nothing_of_ours(name: str) -> None:
    ours = {each.split(".")[1] for each in _imports(MODULES[f"chalicelib.{name}"]) if "chalicelib." in each}
    assert ours <= GROUND[name]


def test_every_room_of_chalicelib_has_its_place_in_the_order() -> None:
    assert {_room(_name(path)) for path in SHIPPED if path.name != "__init__.py"} - {""} == {*BELOW}


def test_adapters_are_put_together_in_wiring_and_nobody_else_asks_for_it() -> None:
    for name, path in MODULES.items():
        wired = {
            each for each in _imports(path) if each.startswith("chalicelib.") and each.endswith(".wiring")
        }
        assert not wired or name.endswith(".wiring"), f"{name} imports {wired}: app.py does"


def test_there_is_no_circle() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for name, path in MODULES.items():
        graph[name] = {each for each in _imports(path) if each in MODULES} - {name}
    assert {*TopologicalSorter(graph).static_order()} >= {*MODULES}


@pytest.mark.parametrize("folder", FOLDERS, ids=_ids)
def test_a_folder_can_be_overlooked(folder: Path) -> None:
    modules = [path.stem for path in folder.glob("*.py") if not path.stem.startswith("__init__")]
    assert len(modules) <= LARGEST_ROOM or folder == ROOT / "chalicelib" / "aws"
    assert [*_near_twins(modules)] == []


def _near_twins(modules: Iterable[str]) -> Iterator[list[str]]:
    stems: dict[str, list[str]] = defaultdict(list)
    for name in modules:
        stems[ENDINGS.sub("", name)].append(name)
    yield from (names for names in stems.values() if len(names) > 1)


@pytest.mark.parametrize("room", [room for room in ROOMS if room.parent.name == "chalicelib"], ids=_ids)
def test_a_room_says_what_it_is_for_and_passes_nothing_on(room: Path) -> None:
    tree = ast.parse((room / "__init__.py").read_text())
    assert len((ast.get_docstring(tree) or "").split()) >= 30, "what comes in, what goes out, where to start"
    assert len(tree.body) == 1


@pytest.mark.parametrize("kind", ["unit", "functional"])
def test_the_tests_of_a_room_are_in_a_folder_of_its_name(kind: str) -> None:
    folders = {path.name for path in (ROOT / "tests" / kind).iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders <= {room.name for room in ROOMS}
