"""Decorators: those of Chalice make handlers, the project's own are called, unknown ones are refused."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from ops.policies.reading.classes import ClassRef
from ops.policies.reading.functions import Function
from ops.policies.reading.machine import NOTHING, OPAQUE, Arguments, Method, Site, Value, Values

MARKING = {
    "builtins.property": "property",
    "functools.cached_property": "property",
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
}
TRANSPARENT = frozenset(
    {"functools.cache", "functools.lru_cache", "functools.wraps", "functools.total_ordering", "typing.final",
     "typing.override", "typing.runtime_checkable", "abc.abstractmethod", "contextlib.contextmanager",
     "dataclasses.dataclass", "enum.unique"}
)  # fmt: skip
CHALICE = frozenset({"chalice.Chalice", "chalice.app.Chalice"})
ROUTE = "route"
TRIGGERS = frozenset(
    {"on_s3_event", "on_sqs_message", "on_sns_message", "on_cw_event", "schedule", "authorizer",
     "lambda_function", ROUTE}
)  # fmt: skip


@dataclass(frozen=True)
class ChaliceApp(Value):
    """The app: its decorators are triggers, all else of it is data of Chalice and of the caller."""

    def attribute(self, at: Site, name: str) -> Values:
        if name in TRIGGERS:
            return frozenset({Method(self, name)})
        if name in {"current_request", "handler_map", "lambda_context"}:
            return OPAQUE
        raise at.refuse(f"app.{name} is not a trigger whose permissions are known")

    def method(self, _at: Site, name: str, given: Arguments) -> Values:
        options = [(f"#{index}", values) for index, values in enumerate(given.positional)]
        return frozenset({Trigger(name, (*options, *given.named.items()))})


@dataclass(frozen=True)
class Trigger(Value):
    """A decorator of the Chalice app, such as `app.on_s3_event(bucket=…)`, with its arguments."""

    kind: str
    options: tuple[tuple[str, Values], ...]

    def call(self, at: Site, given: Arguments) -> Values:
        for value in given.all():
            if not isinstance(value, Function):
                raise at.refuse("only a plain function can be a handler")
            registration = Registration(value, self, at.frame.source.at(at.node))
            at.machine.registrations[value.node, self.kind, at.node] = registration
        return given.all()


@dataclass(frozen=True)
class Registration:
    """A function registered with Chalice."""

    function: Function
    trigger: Trigger
    at: str


def decorated(at: Site, decorators: list[ast.expr], plain: Function | ClassRef) -> Values:
    """Return what the name of a definition means once its decorators were applied, innermost first."""
    values: Values = frozenset({plain})
    for node in reversed(decorators):
        values = _applied(Site(at.machine, at.frame, node), node, values)
    return values


def _applied(at: Site, node: ast.expr, values: Values) -> Values:
    names = at.evaluate(node.func if isinstance(node, ast.Call) else node)
    paths = {name.outside for name in names}
    if len(paths) > 1:
        raise at.refuse("a decorator that may be several things cannot be followed")
    path = next(iter(paths), "")
    if path == "typing.overload":
        return NOTHING
    if path in MARKING:
        return frozenset(_marked(value, MARKING[path]) for value in values)
    appliers = at.evaluate(node) if isinstance(node, ast.Call) else names
    if path in TRANSPARENT:
        return values
    if path:
        reason = "is not known, so what it does with the function cannot be followed"
        raise at.refuse(f"decorator {path} {reason}")
    return at.call(appliers, Arguments([values]))


def _marked(value: Value, kind: str) -> Value:
    return replace(value, kinds=value.kinds | {kind}) if isinstance(value, Function) else value
