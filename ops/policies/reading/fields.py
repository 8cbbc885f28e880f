"""Fields of dataclasses and named tuples: what `__init__` would set."""

from __future__ import annotations

import ast

from ops.policies.reading.state import Arguments, Frame, Machine
from ops.policies.reading.values import NOTHING, ClassRef, External, Instance, Values


def fields_of(ancestors: list[ClassRef]) -> dict[str, tuple[ClassRef, ast.AnnAssign]]:
    """Return the fields by name in the order of `__init__`: parents' first."""
    found: dict[str, tuple[ClassRef, ast.AnnAssign]] = {}
    for cls in reversed(ancestors):
        for statement in cls.node.body:
            if isinstance(statement, ast.AnnAssign) and _declares_field(statement):
                found[ast.unparse(statement.target)] = (cls, statement)
    return found


def _declares_field(statement: ast.AnnAssign) -> bool:
    return isinstance(statement.target, ast.Name) and "ClassVar" not in ast.unparse(statement.annotation)


def bind_fields(
    machine: Machine, frame: Frame, node: ast.AST, made: Instance, ancestors: list[ClassRef], given: Arguments
) -> None:
    """Set the fields of a new instance from the arguments, else from their defaults."""
    positional = list(given.positional)
    for name, (cls, statement) in fields_of(ancestors).items():
        if not _in_init(statement):
            values = NOTHING
        elif positional:
            values = positional.pop(0)
        else:
            values = given.named.get(name, NOTHING) | given.star | given.rest
        if not values:
            values = _default(machine, cls, statement)
        machine.grow(made.attributes, name, values)
    if positional:
        raise machine.refuse(frame, node, f"{made.cls.node.name} takes fewer arguments than this")


def _in_init(statement: ast.AnnAssign) -> bool:
    call = statement.value
    if not isinstance(call, ast.Call):
        return True
    return not any(keyword.arg == "init" for keyword in call.keywords)


def _default(machine: Machine, cls: ClassRef, statement: ast.AnnAssign) -> Values:
    if statement.value is None:
        return NOTHING
    call = statement.value
    if isinstance(call, ast.Call) and External("dataclasses.field") in machine.evaluate(cls.frame, call.func):
        options = {keyword.arg: keyword.value for keyword in call.keywords}
        if "default_factory" in options:
            factory = machine.evaluate(cls.frame, options["default_factory"])
            return machine.call(cls.frame, call, factory, Arguments())
        return machine.evaluate(cls.frame, options["default"]) if "default" in options else NOTHING
    return machine.evaluate(cls.frame, statement.value)
