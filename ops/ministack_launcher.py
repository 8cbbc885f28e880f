"""Start MiniStack with function executions queued, not refused; runs inside the embedded AWS's environment.

Unbounded, fifty uploads at once start fifty interpreters. MiniStack's own limit refuses what is above it, and
a refused asynchronous call counts as one of three attempts, so events are lost. A queue loses none.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import ministack.app  # type: ignore[import-not-found,unused-ignore]  # installed in .venv-aws only
from ministack.services import lambda_svc  # type: ignore[import-not-found,unused-ignore]


def queue_executions(limit: int) -> None:
    """Let at most `limit` functions run at a time; the others wait for their turn."""
    turns = threading.BoundedSemaphore(limit)
    dispatch = lambda_svc._execute_function_dispatch  # noqa: SLF001  # the one point every execution passes

    def dispatch_in_turn(*arguments: Any, **named: Any) -> Any:
        with turns:
            return dispatch(*arguments, **named)

    lambda_svc._execute_function_dispatch = dispatch_in_turn  # noqa: SLF001


if __name__ == "__main__":
    queue_executions(int(os.environ["SLUICE_LOCAL_CONCURRENCY"]))
    ministack.app.main()
