"""Note the AWS calls of any Python process, and kill it after its n-th call that changes something.

Python imports this module from PYTHONPATH. `CALLS_LOG` names the file of notes. `DIE_AFTER_WRITES` is n; with
0 the process lives.
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


def _noted(client: Any, operation: str, parameters: Any) -> Any:
    global _made  # noqa: PLW0603  # one process, one count
    result = _make(client, operation, parameters)
    with Path(os.environ["CALLS_LOG"]).open("a") as log:
        log.write(f"{client.meta.service_model.signing_name} {operation}\n")
    if not operation.startswith(READS):
        _made += 1
        if _made == int(os.environ["DIE_AFTER_WRITES"]):
            os._exit(KILLED)
    return result


if "CALLS_LOG" in os.environ:
    BaseClient._make_api_call = _noted  # type: ignore[attr-defined]
