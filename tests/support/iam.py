"""IAM in tests: what a call needs, what a policy allows, and which handler is running."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

from botocore import xform_name
from botocore.client import BaseClient
from chalice.app import ChaliceAuthorizer, EventSourceHandler, RestAPIEventHandler

import app
from chalicelib.errors import SettingsError
from chalicelib.settings import Settings
from ops.policies import writing
from ops.policies.documents import document
from ops.policies.grants import Grant, denials_of, grants_of, grants_of_call
from ops.policies.reading.clients import Call, Operation
from ops.policies.reading.core import OPAQUE, Frame, Values
from ops.policies.reading.data import Box, Key, text
from ops.policies.reading.decorators import API
from ops.policies.reading.handlers import Handler, read_handlers
from ops.policies.reading.sources import Source
from ops.policies.resources import Place
from ops.stages import ROOT
from tests.support.aws_calls import RUNNING

Triple = tuple[str, str, str]
NOWHERE = Frame(ast.Module([], []), Source("observed", "", ast.Module([], [])), None)
_reading = Lock()
_readings: dict[object, list[Handler]] = {}  # by the sources that were read
_emit: Any = BaseClient._emit_api_params  # type: ignore[attr-defined]


@cache
def handlers() -> dict[str, Handler]:
    """Return the handlers of app.py with what they can reach, read once per process."""
    return {handler.name: handler for handler in _read_once(ROOT)}


def _read_once(root: Path) -> list[Handler]:
    """Return what reading a project gives; each state of its sources is read once per process."""
    files = [root / "app.py", *sorted(root.glob("chalicelib/**/*.py"))]
    sources = tuple((path.relative_to(root), path.read_text()) for path in files)
    if sources not in _readings:
        _readings[sources] = read_handlers(root)
    return _readings[sources]


@contextmanager
def readings_shared() -> Iterator[None]:
    """Let all policies that are written within be derived from one reading of the same sources."""
    with patch.object(writing, "read_handlers", _read_once):
        yield


@cache
def policy_of(handler: str, settings: Settings) -> dict[str, Any]:
    """Return the policy of a handler under these settings."""
    place = Place(settings, writing.EMULATORS)
    return document(grants_of(handlers()[handler], place), denials_of(handlers()[handler], place))


def allows(policy: dict[str, Any], action: str, resource: str) -> bool:
    """Tell whether a policy allows `action` on `resource`, as IAM evaluates it: a denial wins."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if action in statement["Action"] and any(fnmatchcase(resource, one) for one in statement["Resource"])
    }
    return effects == {"Allow"}


def needs_of(call: Call, settings: Settings) -> set[Grant]:
    """Return what one call needs under these settings."""
    return grants_of_call(call, Place(settings, writing.EMULATORS))


def triples_of(call: Call, settings: Settings) -> set[Triple]:
    """Return a call as (service, operation, resource)."""
    service, operation = call.operation.service, call.operation.name
    return {(service, operation, grant.resource) for grant in needs_of(call, settings)}


@dataclass
class Recorder:
    """The calls that handlers make, and which of them their policies do not allow."""

    calls: dict[str, list[Call]] = field(default_factory=dict)
    denied: list[str] = field(default_factory=list)

    def note(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        """Note a call of the running handler; calls of the test itself are not noted."""
        handler = next(reversed(RUNNING), "")
        if not handler:
            return
        call = observed(service, operation, parameters)
        self.calls.setdefault(handler, []).append(call)
        try:
            settings = app.settings()  # the API runs in the stage's environment, not in the test's
        except SettingsError:
            return
        with _reading:  # else each of a route's threads would read the same code at the same time
            policy = policy_of(handler, settings)
        for grant in needs_of(call, settings):
            if not allows(policy, grant.action, grant.resource):
                self.denied.append(f"{handler}: {grant.action} on {grant.resource}")


def observed(service: str, operation: str, parameters: dict[str, Any]) -> Call:
    """Return an observed call in the form of a derived one."""
    values = {name: _values(value) for name, value in parameters.items()}
    return Call(Operation(service, xform_name(operation)), values, frozenset(values), "observed")


def _values(value: Any) -> Values:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        known: dict[Key | None, Values] = {str(key): _values(each) for key, each in value.items()}
        return frozenset({Box(NOWHERE, is_mapping=True, known=known)})
    if isinstance(value, list | tuple):
        return frozenset({Box(NOWHERE, known={**dict(enumerate(map(_values, value)))})})
    return OPAQUE


@contextmanager
def recording() -> Iterator[Recorder]:
    """Record every call that botocore makes while a handler of the app runs."""
    recorder = Recorder()

    def emit(self: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
        recorder.note(operation_model.service_model.service_name, operation_model.name, dict(api_params))
        return _emit(self, api_params=api_params, operation_model=operation_model, context=context)

    with (
        patch.object(BaseClient, "_emit_api_params", emit),
        _entered(EventSourceHandler, lambda handler: handler.func.__name__),
        _entered(ChaliceAuthorizer, lambda handler: handler.name),
        _entered(RestAPIEventHandler, lambda _: API),
    ):
        yield recorder


@contextmanager
def _entered(cls: Any, name_of: Any) -> Iterator[None]:
    call = cls.__call__

    def entered(self: Any, *args: Any) -> Any:
        RUNNING.append(name_of(self))
        try:
            return call(self, *args)
        finally:
            RUNNING.pop()

    with patch.object(cls, "__call__", entered):
        yield
