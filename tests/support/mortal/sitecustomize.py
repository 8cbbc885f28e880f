"""Kills any Python process right after its n-th AWS call that changes something; put on PYTHONPATH.

`DIE_AFTER_WRITES` is n. Every process counts for itself, and names the calls in `WRITES_LOG`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

READS = ("Describe", "List", "Get", "Head", "Scan", "Query", "Invoke")
KILLED = 137
_made = 0
_make = BaseClient._make_api_call  # type: ignore[attr-defined]


def _counted(client: Any, operation: str, parameters: Any) -> Any:
    global _made  # noqa: PLW0603  # one process, one count
    result = _make(client, operation, parameters)
    if not operation.startswith(READS):
        _made += 1
        with Path(os.environ["WRITES_LOG"]).open("a") as log:
            log.write(f"{operation}\n")
        if _made == int(os.environ["DIE_AFTER_WRITES"]):
            os._exit(KILLED)
    return result


if "WRITES_LOG" in os.environ:
    BaseClient._make_api_call = _counted  # type: ignore[attr-defined]
