"""Ship compiled code beside the sources: Lambda's disk is read-only, so every cold start would compile them.

The compiled files are of this Python's version, which Chalice chooses for the functions too. Each holds a
checksum of its source: code that is edited in the console is compiled anew, not passed over.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode
from py_compile import compile as write_compiled
from tempfile import TemporaryDirectory
from typing import Any

from chalice.deploy.packager import BaseLambdaDeploymentPackager

from ops.deploy.patching import wrap

Named = Iterator[tuple[str, str]]  # files, and their names in the package


def apply() -> None:
    """Change the packager of this process."""
    wrap(BaseLambdaDeploymentPackager, "_iter_app_filenames", _with_compiled)


def compiled_name(name: str) -> str:
    """Return where Python looks for what a module of the package was compiled to."""
    path = PurePosixPath(name)
    return str(path.with_name("__pycache__") / f"{path.stem}.{sys.implementation.cache_tag}.pyc")


def _with_compiled(sources: Callable[[Any, str], Named]) -> Callable[[Any, str], Named]:
    def with_compiled(packager: Any, project: str) -> Named:
        with TemporaryDirectory() as folder:
            for source, name in sources(packager, project):
                if "__pycache__" not in name:
                    yield source, name
                if name.endswith(".py"):
                    yield _compiled(source, name, Path(folder)), compiled_name(name)

    return with_compiled


def _compiled(source: str, name: str, folder: Path) -> str:
    target = str(folder / name.replace("/", "|"))
    write_compiled(source, target, name, doraise=True, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    modified = Path(source).stat().st_mtime
    os.utime(target, (modified, modified))  # the zip of the same sources is the same
    return target
