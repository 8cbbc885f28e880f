"""Start MiniStack with two changes; this script runs in the embedded AWS's own environment.

Function executions wait for their turn. Without a limit, fifty uploads at once start fifty interpreters.
MiniStack's own limit refuses a call, and a refused asynchronous call counts as one of three attempts, so that
events are lost. A queue loses none.

A wildcard of a policy stands for any characters, as in AWS. MiniStack's wildcard ends at a line feed, so that
a role is refused every object whose key contains one.
"""

from __future__ import annotations

import os
import re
import threading
from functools import cache
from typing import Any

import ministack.app  # type: ignore[import-not-found,unused-ignore]  # installed in .venv-aws only
from ministack.core import iam_evaluator  # type: ignore[import-not-found,unused-ignore]
from ministack.services import lambda_svc  # type: ignore[import-not-found,unused-ignore]


def queue_executions(limit: int) -> None:
    """Let at most `limit` functions run at a time; the others wait for their turn."""
    turns = threading.BoundedSemaphore(limit)
    dispatch = lambda_svc._execute_function_dispatch  # noqa: SLF001  # the one point every execution passes

    def dispatch_in_turn(*arguments: Any, **named: Any) -> Any:
        with turns:
            return dispatch(*arguments, **named)

    lambda_svc._execute_function_dispatch = dispatch_in_turn  # noqa: SLF001


def match_line_feeds() -> None:
    """Let the wildcards of policies match line feeds too."""
    iam_evaluator._fnmatch_compile = _wildcards  # noqa: SLF001  # the one point every pattern passes


@cache
def _wildcards(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(rf"{escaped}\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


if __name__ == "__main__":
    queue_executions(int(os.environ["SLUICE_LOCAL_CONCURRENCY"]))
    match_line_feeds()
    ministack.app.main()
