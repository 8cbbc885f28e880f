"""Where app.py meets `ops` in Chalice's CLI: an environment that cannot deploy is told so in one line."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping, Sequence

from ops.errors import OperationError, or_exit

COMMANDS = {"deploy", "local", "package", "delete"}


def prepare(environ: MutableMapping[str, str]) -> None:
    """Prepare this process for a command of Chalice's; most need nothing."""
    if COMMANDS & {*sys.argv}:
        or_exit(lambda: _prepare(sys.argv, environ))


def _prepare(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    try:
        from ops import chalice_hook  # needs packages that Chalice alone does not bring
    except ModuleNotFoundError as error:
        raise OperationError(
            f"{sys.executable} has no {error.name}, which a deploy needs: run `pip install -r "
            "ops/locks/run.txt` in this environment, then the same command again"
        ) from None
    chalice_hook.prepare(arguments, environ)
