"""Record and disturb AWS calls at botocore's level, whatever client makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError

Hook = Callable[[dict[str, Any]], None]
RUNNING: list[str] = []  # the handlers that run, innermost last; empty for what others do in between


@contextmanager
def by_others() -> Iterator[None]:
    """Let what is called not count as a call of the handler that runs."""
    RUNNING.append("")
    try:
        yield
    finally:
        RUNNING.pop()


@contextmanager
def recorded(before: dict[str, Hook] | None = None) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Record (operation, parameters) of every call; run a hook before each operation that `before` names."""
    hooks = before or {}
    calls: list[tuple[str, dict[str, Any]]] = []
    send = _current()

    def call(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        calls.append((operation, parameters))
        if hook := hooks.pop(operation, None):
            with by_others():
                hook(parameters)
        return send(self, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", call):
        yield calls


@contextmanager
def failing(operation: str, code: str, status: int = 400, key: str = "") -> Iterator[None]:
    """Answer every call of `operation`, with `key` only those on that key, with AWS's error `code`."""
    send = _current()

    def call(self: Any, name: str, parameters: dict[str, Any]) -> Any:
        if name == operation and key in {"", parameters.get("Key")}:
            answer: Any = {
                "Error": {"Code": code, "Message": code},
                "ResponseMetadata": {"HTTPStatusCode": status},
            }
            raise ClientError(answer, name)
        return send(self, name, parameters)

    with patch.object(BaseClient, "_make_api_call", call):
        yield


def _current() -> Any:
    """Return the function that makes the calls now; another patch of this module may have replaced it."""
    return BaseClient._make_api_call  # type: ignore[attr-defined]
