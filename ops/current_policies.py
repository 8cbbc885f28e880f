"""The functions' policies, derived anew when anything changed: reading the code takes several seconds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from ops.errors import OperationError
from ops.policies import write_policies
from ops.policies.writing import FOLDER
from ops.stages import CONFIG, ROOT, Stage, Target

SOURCES = ("app.py", "chalicelib/**/*.py", "ops/**/*.py")
NOTE = "derived-from"  # beside the policies


def write_current_policies(
    stage: Stage, target: Target, environment: Mapping[str, str], root: Path = ROOT
) -> None:
    """Write a stage's policies; refuse to go on when that changed the config, which Chalice has read.

    Nothing is read when code, settings and the policies themselves are those of the last time.
    """
    note = root / CONFIG.parent / FOLDER / stage.name / NOTE
    if note.is_file() and note.read_text() == _digest(stage, target, environment, root):
        return
    print("Deriving the functions' policies from the code")
    changed = write_policies(stage, target, environment, root)
    note.write_text(_digest(stage, target, environment, root))
    if root / CONFIG in changed:
        raise OperationError(
            f"the functions in app.py and in {CONFIG} differed; the config is up to date now: "
            "run the same command again"
        )


def _digest(stage: Stage, target: Target, environment: Mapping[str, str], root: Path) -> str:
    """Return a checksum of all that the policies are made of, and of the policies."""
    settings = json.dumps([stage.name, stage.settings, asdict(target), dict(environment)], sort_keys=True)
    found = hashlib.sha256(settings.encode())
    for path in _files(stage, root):
        content = path.read_bytes()
        found.update(f"{path.relative_to(root)} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()


def _files(stage: Stage, root: Path) -> Iterator[Path]:
    yield root / CONFIG
    for pattern in (*SOURCES, f"{CONFIG.parent}/{FOLDER}/{stage.name}/*.json"):
        yield from sorted(root.glob(pattern))
