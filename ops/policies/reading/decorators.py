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
        where = at.to(node)
        found = where.evaluate(node)
        named = where.evaluate(node.func) if isinstance(node, ast.Call) else found
        path = " or ".join(sorted({one.outside for one in named}))
        functions = [one for one in values if isinstance(one, Function)]
        if not path:
            values = where.call(found, Arguments([values]))
        elif path == "typing.overload":
            values = NOTHING
        elif path in KINDS and len(functions) == len(values):
            values = frozenset(replace(one, kind=KINDS[path]) for one in functions)
        elif path not in TRANSPARENT:
            raise where.refuse(f"decorator {path} is not known, so what it does cannot be followed")
    return values
