"""One cold start, in a process of its own: import `app`, handle one event, print what that took.

Runs isolated (`python -I -S -B`), with the unpacked zip and the runtime's boto3 as its only packages. Times
are CPU time of this process from the first import on: "ready" when the first AWS call is made (everything
imported, every client of the handler there), "result" when the handler has returned.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

Calls = list[tuple[str, str, dict[str, Any]]]


def measure(handler: str, event: Any) -> dict[str, Any]:
    """Handle `event` with `app.<handler>` and return milliseconds, services and calls."""
    began = time.process_time()
    from botocore import client as botocore_client

    marks: dict[str, float] = {}
    calls: Calls = []
    services: list[str] = []
    base: Any = botocore_client.BaseClient
    creator: Any = botocore_client.ClientCreator
    real_call, real_create = base._make_api_call, creator.create_client

    def call(client: Any, operation: str, parameters: Any) -> Any:
        marks.setdefault("ready", time.process_time())
        calls.append((client.meta.service_model.service_name, operation, dict(parameters)))
        return real_call(client, operation, parameters)

    def create(self: Any, service_name: str, *given: Any, **named: Any) -> Any:
        services.append(service_name)
        return real_create(self, service_name, *given, **named)

    base._make_api_call, creator.create_client = call, create
    import app

    with contextlib.redirect_stdout(io.StringIO()):  # log lines
        result = getattr(app, handler)(event, None)
    ended = time.process_time()
    return {
        "ready": (marks.get("ready", ended) - began) * 1000,
        "result": (ended - began) * 1000,
        "modules": len([name for name in sys.modules if name.split(".")[0] in {"app", "chalicelib"}]),
        "services": services,
        "calls": json.loads(json.dumps(calls, default=_text)),
        "returned": str(result)[:200],
    }


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    sys.path[:0] = given["path"]
    print(json.dumps(measure(given["handler"], given["event"])))
