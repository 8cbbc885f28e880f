"""Run the Chalice CLI of the active environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ops.errors import OperationError

CHALICE = str(Path(sys.executable).with_name("chalice"))
NOT_INSTALLED = "Could not install dependencies"  # Chalice says so and goes on


def run_chalice(
    *arguments: str, project: Path, environ: Mapping[str, str], tell: Callable[[str], object] = str
) -> str:
    """Run `chalice` in `project` and `tell` each line as it comes; return all that it said.

    Raise OperationError when it failed, also when a dependency could not be installed.
    """
    with subprocess.Popen(
        [CHALICE, *arguments],
        cwd=project,
        env={**environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        said = list[str]()
        try:
            for line in running.stdout or ():
                said.append(line)
                tell(line.rstrip())
        except BaseException:  # Ctrl-C, for one
            running.kill()
            raise
    output = "".join(said)
    if running.returncode or NOT_INSTALLED in output:
        raise OperationError(f"chalice {arguments[0]} failed:\n{output}")
    return output
