"""`python -m ops package`: build the zip that Lambda gets as Chalice does, and check what is in it.

Chalice packs whatever lies in `chalicelib/`. No stray file may reach AWS unnoticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from zipfile import ZipFile

from ops import trimming
from ops.chalice_cli import run_chalice
from ops.chalice_hook import LOOKED_AT
from ops.compiled import compiled_name
from ops.errors import OperationError
from ops.policies import write_policies
from ops.policies.writing import EMULATORS
from ops.stages import LOCAL, ROOT, load_stage

MAX_BYTES = 1_500_000
SOURCES = ("app.py", "chalicelib", "requirements.txt", ".chalice")
MADE_BY_TOOLS = ("deployed", "deployments", "venv", "policies", "__pycache__", "*.pyc")
REQUIRED = ("tzdata/", "tzdata-")  # what requirements.txt brings: the package, and what tells its version
CHALICE_RUNTIME = frozenset({"chalice/__init__.py", "chalice/app.py"})


def build(folder: Path, root: Path = ROOT) -> Path:
    """Build the package from a copy of the project, as `chalice deploy` would; return the zip in `folder`."""
    project = folder / "project"
    for name in SOURCES:
        _copy(root / name, project / name)
    write_policies(load_stage(LOCAL, project), EMULATORS, root=project)
    # in the CLI app.py imports `ops`, which is not copied
    environ = {**os.environ, "AWS_DEFAULT_REGION": EMULATORS.region, "PYTHONPATH": str(ROOT), LOOKED_AT: "1"}
    options = ["--stage", LOCAL, "--pkg-format", "terraform", str(folder / "out")]
    run_chalice("package", *options, project=project, environ=environ)
    return folder / "out" / "deployment.zip"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*MADE_BY_TOOLS))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def faults(package: Path, root: Path = ROOT) -> list[str]:
    """Return what is wrong with a package: files too many, files missing, its size."""
    with ZipFile(package) as zipped:
        inside = {name for name in zipped.namelist() if not name.endswith("/")}
    sources = _shipped(root) | CHALICE_RUNTIME
    made = {compiled_name(name) for name in sources if name.endswith(".py")} | trimming.names()
    expected = sources | made
    foreign = sorted(name for name in inside - expected if not name.startswith(REQUIRED))
    found = [f"{name} is in the package and ships nowhere" for name in foreign]
    found += [
        f"{name} is not in the package"
        for name in REQUIRED
        if not any(each.startswith(name) for each in inside)
    ]
    found += [f"{name} is not in the package" for name in sorted(expected - inside)]
    size = package.stat().st_size
    if size > MAX_BYTES:
        found.append(f"the package has {size:,} bytes, more than {MAX_BYTES:,}")
    return found


def _shipped(root: Path) -> set[str]:
    """Return the files of ours that belong into the package."""
    files = (path for path in (root / "chalicelib").rglob("*") if path.is_file())
    code = {path.relative_to(root).as_posix() for path in files if "__pycache__" not in path.parts}
    return {"app.py"} | code


def command(arguments: list[str]) -> int:
    """Build the package in a temporary folder and say what is wrong with it."""
    argparse.ArgumentParser(prog="python -m ops package", description=__doc__).parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        package = build(Path(folder))
        wrong = faults(package)
        if wrong:
            raise OperationError("the Lambda package is not as it should be:\n  " + "\n  ".join(wrong))
        with ZipFile(package) as zipped:
            count = len(zipped.namelist())
        print(f"The Lambda package is right: {count} files, {package.stat().st_size:,} bytes")
    return 0
