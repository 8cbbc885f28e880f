"""Decorators: those of Chalice make handlers, the project's own are called, unknown ones are refused."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from ops.policies.reading.classes import Class
from ops.policies.reading.core import NOTHING, OPAQUE, Arguments, Method, Site, Value, Values
from ops.policies.reading.functions import Function

CHALICE = frozenset({"chalice.Chalice", "chalice.app.Chalice"})
API = "api_handler"  # the one function of all routes
TRIGGERS = frozenset(
    {"on_s3_event", "on_sqs_message", "on_sns_message", "on_cw_event", "schedule", "authorizer",
     "lambda_function", "route"}
)  # fmt: skip
KINDS = {"builtins.property": "property", "functools.cached_property": "property",
         "builtins.staticmethod": "static", "builtins.classmethod": "class"}  # fmt: skip
TRANSPARENT = frozenset(
    {"functools.cache", "functools.lru_cache", "functools.wraps", "functools.total_ordering", "typing.final",
     "typing.override", "typing.runtime_checkable", "abc.abstractmethod", "contextlib.contextmanager",
     "dataclasses.dataclass", "enum.unique"}
)  # fmt: skip


@dataclass(frozen=True)
class ChaliceApp(Value):
    """The app: its decorators are triggers."""

    def attribute(self, at: Site, name: str) -> Values:
        if name in {"current_request", "handler_map"}:
            return OPAQUE
        if name not in TRIGGERS:
            raise at.refuse(f"app.{name} is not a trigger whose permissions are known")
        return frozenset({Method(self, name)})

    def method(self, _at: Site, name: str, given: Arguments) -> Values:
        return frozenset({Trigger(name, tuple(given.named.items()))})


@dataclass(frozen=True)
class Trigger(Value):
    """A decorator of the app, such as `app.on_s3_event(bucket=…)`: it registers a function as a handler."""

    kind: str
    options: tuple[tuple[str, Values], ...]

    def call(self, at: Site, given: Arguments) -> Values:
        if "name" in dict(self.options):
            raise at.refuse("name=… of a handler cannot be followed; name its function")
        for value in given.all():
            if not isinstance(value, Function):
                raise at.refuse("only a plain function can be a handler")
            at.known.handlers.setdefault(API if self.kind == "route" else str(value), {})[value] = self
        return given.all()


def decorated(at: Site, decorators: list[ast.expr], plain: Function | Class) -> Values:
    """Return what the name of a definition means once its decorators were applied, innermost first."""
    values: Values = frozenset({plain})
    for node in reversed(decorators):
        values = _applied(at.to(node), node, values)
    return values


def _applied(at: Site, node: ast.expr, values: Values) -> Values:
    found = at.evaluate(node)
    names = at.evaluate(node.func) if isinstance(node, ast.Call) else found
    if not any(name.outside for name in names):
        return at.call(found, Arguments([values]))
    (path, *others) = {name.outside for name in names}
    if path == "typing.overload":
        return NOTHING
    if others or path not in TRANSPARENT | KINDS.keys():
        reason = "is not known, so what it does with the function cannot be followed"
        raise at.refuse(f"decorator {path} {reason}")
    kind = KINDS.get(path, "")
    return frozenset(replace(one, kind=kind) if kind and isinstance(one, Function) else one for one in values)
