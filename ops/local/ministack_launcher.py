"""Start MiniStack with three changes; this script runs in the embedded AWS's own environment.

Function executions wait for their turn. Without a limit, fifty uploads at once start fifty interpreters.
MiniStack's own limit refuses a call, and a refused asynchronous call counts as one of three attempts, so that
events are lost. A queue loses none.

A wildcard of a policy stands for any characters, as in AWS. MiniStack's wildcard ends at a line feed, so that
a role is refused every object whose key contains one.

Requests of web pages from elsewhere are refused before MiniStack sees them: it answers every origin and
checks no signature, so that any page its user visits could run code here by making a function.
"""

from __future__ import annotations

import os
import re
import runpy
import threading
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import ministack.app  # type: ignore[import-not-found,unused-ignore]  # installed in .venv-aws only
from ministack.core import iam_evaluator  # type: ignore[import-not-found,unused-ignore]
from ministack.services import lambda_svc  # type: ignore[import-not-found,unused-ignore]

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
FOREIGN = runpy.run_path(str(Path(__file__).with_name("foreign_pages.py")))  # this environment has no `ops`


def guarded(serve: Asgi) -> Asgi:
    """Return an ASGI application that answers 403 to pages from elsewhere, and `serve`s all others."""

    async def serve_this_machine(scope: Any, receive: Any, send: Any) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())
        }
        refusal = FOREIGN["refusal_of"](headers)
        if not refusal and FOREIGN["comes_from_another_site"](headers):
            refusal = "a page from elsewhere may not use what runs on this machine"
        if not refusal:
            await serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": refusal.encode()})

    return serve_this_machine


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
    ministack.app.app = guarded(ministack.app.app)
    ministack.app.main()
