"""Decorators: known ones are understood, the project's own are called, all others refused."""

from __future__ import annotations

import ast
from dataclasses import replace

from ops.policies.reading.state import Arguments, Frame, Machine, Registration
from ops.policies.reading.values import NOTHING, ClassRef, External, Function, Trigger, Value, Values

MARKING = {
    "builtins.property": "property",
    "functools.cached_property": "property",
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
    "contextlib.contextmanager": "manager",
}
TRANSPARENT = frozenset(
    {"functools.cache", "functools.lru_cache", "functools.wraps", "functools.total_ordering", "typing.final",
     "typing.override", "typing.runtime_checkable", "typing.no_type_check", "abc.abstractmethod",
     "dataclasses.dataclass", "enum.unique"}
)  # fmt: skip


def decorated(
    machine: Machine, frame: Frame, node: ast.FunctionDef | ast.ClassDef, plain: Function | ClassRef
) -> Values:
    """Return what the name of a definition means once its decorators were applied, innermost first."""
    values: Values = frozenset({plain})
    for decorator in reversed(node.decorator_list):
        called = isinstance(decorator, ast.Call)
        path = _path(machine, frame, decorator.func if isinstance(decorator, ast.Call) else decorator)
        if path == "typing.overload":
            return NOTHING
        if path in MARKING and not called:
            values = frozenset(_marked(value, MARKING[path]) for value in values)
        elif path in TRANSPARENT:
            if called:
                machine.evaluate(frame, decorator)
        elif isinstance(decorator, ast.Attribute) and decorator.attr in {"setter", "deleter", "getter"}:
            raise machine.refuse(frame, decorator, "property setters cannot be followed; write a method")
        else:
            values = _applied(machine, frame, decorator, values)
    return values


def _path(machine: Machine, frame: Frame, node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and node.attr in {"setter", "deleter", "getter"}:
        return ""
    for value in machine.evaluate(frame, node):
        if isinstance(value, External):
            return value.path
    return ""


def _marked(value: Value, kind: str) -> Value:
    return replace(value, kinds=value.kinds | {kind}) if isinstance(value, Function) else value


def _applied(machine: Machine, frame: Frame, decorator: ast.expr, values: Values) -> Values:
    appliers = machine.evaluate(frame, decorator)
    found = NOTHING
    for applier in appliers:
        if isinstance(applier, Trigger):
            register(machine, frame, decorator, applier, values)
            found |= values
        elif isinstance(applier, Function | ClassRef) or not isinstance(applier, External):
            found |= machine.call(frame, decorator, frozenset({applier}), Arguments([values]))
        else:
            reason = (
                f"decorator {applier.path} is not known, so what it does with the function cannot be followed"
            )
            raise machine.refuse(frame, decorator, reason)
    return found


def register(machine: Machine, frame: Frame, node: ast.AST, trigger: Trigger, values: Values) -> None:
    """Remember a handler."""
    for value in values:
        if isinstance(value, Function):
            key = (value.node, trigger.kind, id(node))
            machine.registrations[key] = Registration(value, trigger, frame.at(node))
        else:
            raise machine.refuse(frame, node, "only a plain function can be a handler")
