"""One cold start in a process of its own: import `app`, handle events, print what that took.

The process is isolated (`python -I -S -B`), with the unpacked zip and the runtime's boto3 as its only
packages. Times are CPU time since the first import: "import" when `app` is imported, "ready" when the first
AWS call is made, after all imports and clients of the handler, "result" when the handler has returned. "warm"
is the time of each further event.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class Watch(MetaPathFinder):
    """Note AWS clients and calls as soon as botocore's client module is imported."""

    def __init__(self) -> None:
        self.services: list[str] = []
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.first_call: float | None = None

    def find_spec(self, name: str, _path: Any, _target: Any = None) -> ModuleSpec | None:
        """Load the module as usual, then watch it."""
        if name != "botocore.client":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        loader: Any = spec.loader if spec else None
        load = loader.exec_module

        def load_and_watch(module: Any) -> None:
            load(module)
            self._watch(module)

        loader.exec_module = load_and_watch
        return spec

    def _watch(self, module: Any) -> None:
        base, creator = module.BaseClient, module.ClientCreator
        real_call, real_create = base._make_api_call, creator.create_client  # noqa: SLF001 - every call passes it

        def call(client: Any, operation: str, parameters: Any) -> Any:
            self.first_call = self.first_call or time.process_time()
            self.calls.append((client.meta.service_model.service_name, operation, dict(parameters)))
            return real_call(client, operation, parameters)

        def create(maker: Any, service_name: str, *given: Any, **named: Any) -> Any:
            self.services.append(service_name)
            return real_create(maker, service_name, *given, **named)

        base._make_api_call, creator.create_client = call, create  # noqa: SLF001


def measure(handler: str, events: list[Any]) -> dict[str, Any]:
    """Handle `events` with `app.<handler>`, the first one cold; return milliseconds, services and calls."""
    watch = Watch()
    sys.meta_path.insert(0, watch)
    began = time.process_time()
    import app

    imported = time.process_time()
    handle = getattr(app, handler)
    with contextlib.redirect_stdout(io.StringIO()):  # log lines
        handle(events[0], None)
        ended = time.process_time()
        calls = list(watch.calls)
        warm = [_milliseconds(handle, event) for event in events[1:]]
    return {
        "import": (imported - began) * 1000,
        "ready": ((watch.first_call or ended) - began) * 1000,
        "result": (ended - began) * 1000,
        "warm": warm,
        "modules": len([name for name in sys.modules if name.split(".")[0] in {"app", "chalicelib"}]),
        "services": watch.services,
        "calls": json.loads(json.dumps(watch.calls[len(calls) :] or calls, default=_text)),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _milliseconds(handle: Any, event: Any) -> float:
    began = time.process_time()
    handle(event, None)
    return (time.process_time() - began) * 1000


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text())
    sys.path[:0] = given["path"]
    print(json.dumps(measure(given["handler"], given["events"])))
