"""`python -m ops clean-state`: forget what the local Sluice holds."""

from __future__ import annotations

import shutil

from ops.errors import OperationError
from ops.local.run import STATE, configured, only_one


def command(arguments: list[str]) -> int:
    """Remove the files of the embedded AWS on AWS_PORT; refuse while it runs."""
    if arguments:
        raise OperationError(f"clean-state takes no arguments, only AWS_PORT; got {arguments}")
    sluice = configured()
    with only_one(sluice.aws_port):
        shutil.rmtree(sluice.folder, ignore_errors=True)
    print(f"{sluice.folder.relative_to(STATE.parent)} is forgotten: the next make run starts empty")
    return 0
