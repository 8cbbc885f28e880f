"""Values that go where they cannot be followed: functions are called with data, clients are refused."""

from __future__ import annotations

import ast

from ops.policies.reading.classes import external_bases, has_decorator, is_enum, let_others_call
from ops.policies.reading.holding import parts_of
from ops.policies.reading.imports import makes_clients
from ops.policies.reading.state import Arguments, Frame, Machine
from ops.policies.reading.values import (
    OPAQUE,
    Bound,
    Box,
    ClassRef,
    Function,
    Instance,
    Operation,
    Partial,
    Value,
    Values,
    union,
)


def escape(machine: Machine, frame: Frame, node: ast.AST, values: Values) -> None:
    """Let each value go: whoever has it can call it with data, or reach what it holds."""
    for value in values:
        _escape_one(machine, frame, node, value, set())


def _escape_one(machine: Machine, frame: Frame, node: ast.AST, value: Value, seen: set[int]) -> None:
    if id(value) in seen:
        return
    seen.add(id(value))
    if machine.holds_client(value):
        reason = "goes where it cannot be followed; call its methods here instead"
        raise machine.refuse(frame, node, f"{_shown(value)} {reason}")
    if isinstance(value, Function | Bound | Partial):
        given = Arguments(star=OPAQUE, rest=OPAQUE)
        for result in machine.call(frame, node, frozenset({value}), given):
            _escape_one(machine, frame, node, result, seen)
    elif isinstance(value, ClassRef):
        _escape_class(machine, frame, node, value, seen)
    elif isinstance(value, Instance | Box):
        _let_methods_run(machine, frame, node, value)
        for part in union(parts_of(value)):
            _escape_one(machine, frame, node, part, seen)


def _let_methods_run(machine: Machine, frame: Frame, node: ast.AST, value: Value) -> None:
    if isinstance(value, Instance) and makes_clients(value.cls.frame.source.name):
        let_others_call(machine, frame, node, value)


def _escape_class(machine: Machine, frame: Frame, node: ast.AST, cls: ClassRef, seen: set[int]) -> None:
    names = {base.rpartition(".")[2] for base in external_bases(machine, cls)}
    if (
        is_enum(machine, cls)
        or has_decorator(cls, "dataclass")
        or names & {"NamedTuple", "TypedDict", "Protocol"}
    ):
        return
    if any(name.endswith(("Exception", "Error")) for name in names):
        return
    for made in machine.instantiate(frame, node, cls, Arguments(star=OPAQUE, rest=OPAQUE)):
        _escape_one(machine, frame, node, made, seen)


def _shown(value: Value) -> str:
    if isinstance(value, Instance):
        return f"the adapter {value.cls.node.name}"
    if isinstance(value, Operation):
        return f"{value.service}.{value.name}"
    return "a client"
