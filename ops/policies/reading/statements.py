"""Statements: every branch is taken, and what is assigned is only ever added to."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ops.policies.reading import containers, imports
from ops.policies.reading.classes import find_in_class
from ops.policies.reading.decorators import decorated
from ops.policies.reading.expressions import combine
from ops.policies.reading.state import RETURNED, Arguments, Frame, Machine
from ops.policies.reading.values import NIL, OPAQUE, Box, ClassRef, Function, Instance, Value, Values, union

Executor = Callable[[Machine, Frame, Any], None]


def execute(machine: Machine, frame: Frame, body: list[ast.stmt]) -> None:
    """Run statements one after the other."""
    for statement in body:
        executor = EXECUTORS.get(type(statement))
        if executor is None:
            raise machine.refuse(frame, statement, f"{type(statement).__name__} cannot be followed")
        executor(machine, frame, statement)


def bind(machine: Machine, frame: Frame, target: ast.expr, values: Values) -> None:
    """Assign to a name, an attribute, an element, or several of them."""
    if isinstance(target, ast.Name):
        holder = frame.elsewhere.get(target.id, frame)
        machine.grow(holder.names, target.id, values)
    elif isinstance(target, ast.Attribute):
        for owner in machine.evaluate(frame, target.value):
            machine.write(frame, target, owner, target.attr, values)
    elif isinstance(target, ast.Subscript):
        keys = machine.evaluate(frame, target.slice)
        for owner in machine.evaluate(frame, target.value):
            containers.store(machine, frame, target, owner, keys, values)
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(machine, frame, target, values)
    elif isinstance(target, ast.Starred):
        rest = machine.box(frame, target)
        machine.put(rest, values)
        bind(machine, frame, target.value, frozenset({rest}))


def _unpack(machine: Machine, frame: Frame, target: ast.Tuple | ast.List, values: Values) -> None:
    starred = any(isinstance(element, ast.Starred) for element in target.elts)
    for index, element in enumerate(target.elts):
        parts = [_part(machine, frame, target, value, None if starred else index) for value in values]
        bind(machine, frame, element, union(parts))


def _part(machine: Machine, frame: Frame, node: ast.AST, value: Value, index: int | None) -> Values:
    if index is not None and isinstance(value, Box) and not value.is_mapping:
        return value.known.get(index, frozenset()) | value.unknown
    if index is not None and isinstance(value, Instance):
        fields = list(value.attributes.values())
        if index < len(fields) and not find_in_class(machine, frame, value.cls, "__iter__"):
            return fields[index]
    return machine.iterate(frame, node, frozenset({value}))


def _assign(machine: Machine, frame: Frame, node: ast.Assign) -> None:
    values = machine.evaluate(frame, node.value)
    for target in node.targets:
        bind(machine, frame, target, values)


def _annotated(machine: Machine, frame: Frame, node: ast.AnnAssign) -> None:
    if node.value is not None:
        bind(machine, frame, node.target, machine.evaluate(frame, node.value))


def _augmented(machine: Machine, frame: Frame, node: ast.AugAssign) -> None:
    target = node.target
    left = machine.evaluate(frame, target)
    right = machine.evaluate(frame, node.value)
    for box in (value for value in left if isinstance(value, Box)):  # += and |= change what others hold too
        for other in right:
            if isinstance(other, Box):
                containers.merge(machine, box, other)
            else:
                machine.put(box, containers.iterate(machine, frame, node, other))
    bind(machine, frame, target, combine(machine, frame, node, left, right))


def _for(machine: Machine, frame: Frame, node: ast.For) -> None:
    values = machine.iterate(frame, node.iter, machine.evaluate(frame, node.iter))
    bind(machine, frame, node.target, values)
    execute(machine, frame, node.body)
    execute(machine, frame, node.orelse)


def _if(machine: Machine, frame: Frame, node: ast.If | ast.While) -> None:
    if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        execute(machine, frame, node.orelse)
        return
    containers.test(machine, frame, node, machine.evaluate(frame, node.test))
    execute(machine, frame, node.body)
    execute(machine, frame, node.orelse)


def _with(machine: Machine, frame: Frame, node: ast.With) -> None:
    for part in node.items:
        values = machine.evaluate(frame, part.context_expr)
        entered = union(_enter(machine, frame, part.context_expr, value) for value in values)
        if part.optional_vars is not None:
            bind(machine, frame, part.optional_vars, entered)
    execute(machine, frame, node.body)


def _enter(machine: Machine, frame: Frame, node: ast.AST, value: Value) -> Values:
    if isinstance(value, Box):
        return value.elements  # a generator made into a context manager
    if not isinstance(value, Instance):
        containers.operate(machine, frame, node, frozenset({value}))
        return OPAQUE
    entered = machine.call(frame, node, machine.read(frame, node, value, "__enter__"), Arguments())
    leaving = machine.read(frame, node, value, "__exit__")
    machine.call(frame, node, leaving, Arguments([OPAQUE, OPAQUE, OPAQUE]))
    return entered


def _try(machine: Machine, frame: Frame, node: ast.Try) -> None:
    execute(machine, frame, node.body)
    for handler in node.handlers:
        if handler.type is not None:
            machine.evaluate(frame, handler.type)
        if handler.name:
            machine.grow(frame.names, handler.name, OPAQUE)
        execute(machine, frame, handler.body)
    execute(machine, frame, node.orelse)
    execute(machine, frame, node.finalbody)


def _return(machine: Machine, frame: Frame, node: ast.Return) -> None:
    values = machine.evaluate(frame, node.value) if node.value is not None else NIL
    machine.grow(frame.results, RETURNED, values)


def _expression(machine: Machine, frame: Frame, node: ast.Expr) -> None:
    machine.evaluate(frame, node.value)


def _raise(machine: Machine, frame: Frame, node: ast.Raise) -> None:
    for part in (node.exc, node.cause):
        if part is not None:
            machine.escape(frame, node, machine.evaluate(frame, part))


def _assert(machine: Machine, frame: Frame, node: ast.Assert) -> None:
    machine.evaluate(frame, node.test)
    if node.msg is not None:
        machine.evaluate(frame, node.msg)


def _function(machine: Machine, frame: Frame, node: ast.FunctionDef) -> None:
    owner = ClassRef(frame) if isinstance(frame.node, ast.ClassDef) else None
    home = frame
    while isinstance(home.node, ast.ClassDef) and home.parent is not None:
        home = home.parent
    plain = Function(node, home, owner)
    machine.grow(frame.names, node.name, decorated(machine, frame, node, plain))


def _class(machine: Machine, frame: Frame, node: ast.ClassDef) -> None:
    key = ("class", id(node), id(frame))
    if key not in machine.frames:
        machine.frames[key] = Frame(node, frame.source, frame, frame.depth, frame.function)
    body = machine.frames[key]
    execute(machine, body, node.body)
    machine.grow(frame.names, node.name, decorated(machine, frame, node, ClassRef(body)))


def _global(_machine: Machine, frame: Frame, node: ast.Global) -> None:
    top = frame
    while top.parent is not None:
        top = top.parent
    frame.elsewhere |= dict.fromkeys(node.names, top)


def _nonlocal(_machine: Machine, frame: Frame, node: ast.Nonlocal) -> None:
    for name in node.names:
        holder = frame.parent
        while holder is not None and name not in holder.names:
            holder = holder.parent
        if holder is not None:
            frame.elsewhere[name] = holder


def _match(machine: Machine, frame: Frame, node: ast.Match) -> None:
    subject = machine.evaluate(frame, node.subject)
    containers.operate(machine, frame, node, subject)
    for case in node.cases:
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(name, str):
                machine.grow(frame.names, name, OPAQUE)
        if case.guard is not None:
            machine.evaluate(frame, case.guard)
        execute(machine, frame, case.body)
    machine.escape(frame, node, subject)


def _nothing(_machine: Machine, _frame: Frame, _node: ast.stmt) -> None:
    """Do nothing: the statement moves no values."""


EXECUTORS: dict[type[ast.stmt], Executor] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.For: _for,
    ast.While: _if,
    ast.If: _if,
    ast.With: _with,
    ast.Try: _try,
    ast.Return: _return,
    ast.Expr: _expression,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.FunctionDef: _function,
    ast.ClassDef: _class,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
    ast.Match: _match,
    ast.Import: imports.module,
    ast.ImportFrom: imports.names,
    ast.Pass: _nothing,
    ast.Break: _nothing,
    ast.Continue: _nothing,
    ast.Delete: _nothing,
}
