"""Run the Chalice CLI of the active environment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ops.errors import OperationError

CHALICE = str(Path(sys.executable).with_name("chalice"))
NOT_INSTALLED = "Could not install dependencies"  # Chalice says so and goes on


def run_chalice(*arguments: str, project: Path, environ: Mapping[str, str]) -> str:
    """Run `chalice` in `project`; return what it said, raise OperationError when it failed.

    A dependency that could not be installed is a failure too.
    """
    command = [CHALICE, *arguments]
    ran = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
    output = ran.stdout + ran.stderr
    if ran.returncode or NOT_INSTALLED in output:
        raise OperationError(f"chalice {arguments[0]} failed:\n{output}")
    return output
