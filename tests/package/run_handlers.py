"""Runs in a bare Python, in the unpacked package: every handler gets its event, read from standard input."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any


class Context:
    """What Lambda passes beside the event."""

    aws_request_id = "request"
    function_name = "function"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


def main() -> None:
    """Print each handler's answer as JSON, by name, with what this Python has and has not."""
    app: Any = importlib.import_module("app")
    answers: dict[str, Any] = {}
    for name, event in json.load(sys.stdin).items():
        handler = app.app if name == "api_handler" else getattr(app, name)
        answers[name] = handler(event, Context())
    clients: Any = importlib.import_module("chalicelib.aws.clients")
    sessions = clients._session.cache_info().currsize
    loader = clients._session(trimmed=True).get_component("data_loader")
    report = {
        "botocore": importlib.import_module("botocore").__version__,
        "trimmed": {name: bool(data) for name, data in loader._kept.items()},
        "sessions": sessions,
        "answers": json.loads(json.dumps(answers)),
        "app": str(Path(app.__file__).resolve().parent),
        "version": list(sys.version_info[:2]),
        "strangers": [name for name in ("ops", "tests", "moto") if importlib.util.find_spec(name)],
    }
    sys.stdout.write(json.dumps(report) + "\n")


main()
