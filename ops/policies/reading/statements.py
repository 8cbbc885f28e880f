"""Statements: every branch is taken, and what is assigned is only ever added to."""

from __future__ import annotations

import ast

from ops.policies.reading.binding import bind
from ops.policies.reading.classes import ClassRef
from ops.policies.reading.containers import Box
from ops.policies.reading.decorators import decorated
from ops.policies.reading.expressions import combined
from ops.policies.reading.functions import Function
from ops.policies.reading.machine import NIL, OPAQUE, RETURNED, Executors, Frame, Site, union
from ops.policies.reading.modules import import_modules, import_names


def _assign(at: Site, node: ast.Assign) -> None:
    values = at.evaluate(node.value)
    for target in node.targets:
        bind(at, target, values)


def _annotated(at: Site, node: ast.AnnAssign) -> None:
    if node.value is not None:
        bind(at, node.target, at.evaluate(node.value))


def _augmented(at: Site, node: ast.AugAssign) -> None:
    left, right = at.evaluate(node.target), at.evaluate(node.value)
    for box in left:
        if isinstance(box, Box):  # += and |= change what others hold too
            for other in right:
                box.merge(at, other)
    bind(at, node.target, combined(at, node.op, left, right))


def _for(at: Site, node: ast.For) -> None:
    bind(at, node.target, at.iterate(at.evaluate(node.iter)))
    at.machine.execute(at.frame, [*node.body, *node.orelse])


def _if(at: Site, node: ast.If | ast.While) -> None:
    at.evaluate(node.test)
    is_for_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    at.machine.execute(at.frame, node.orelse if is_for_types else [*node.body, *node.orelse])


def _with(at: Site, node: ast.With) -> None:
    for part in node.items:
        entered = union([value.enter(at) for value in at.evaluate(part.context_expr)])
        if part.optional_vars is not None:
            bind(at, part.optional_vars, entered)
    at.machine.execute(at.frame, node.body)


def _try(at: Site, node: ast.Try) -> None:
    at.machine.execute(at.frame, node.body)
    for handler in node.handlers:
        if handler.type is not None:
            at.evaluate(handler.type)
        if handler.name:
            at.machine.grow(at.frame.names, handler.name, OPAQUE)
        at.machine.execute(at.frame, handler.body)
    at.machine.execute(at.frame, [*node.orelse, *node.finalbody])


def _return(at: Site, node: ast.Return) -> None:
    at.machine.grow(at.frame.results, RETURNED, at.evaluate(node.value) if node.value is not None else NIL)


def _expression(at: Site, node: ast.Expr) -> None:
    at.evaluate(node.value)


def _raise(at: Site, node: ast.Raise) -> None:
    for part in (node.exc, node.cause):
        if part is not None:
            at.escape(at.evaluate(part))


def _assert(at: Site, node: ast.Assert) -> None:
    at.evaluate(node.test)
    if node.msg is not None:
        at.escape(at.evaluate(node.msg))


def _function(at: Site, node: ast.FunctionDef) -> None:
    frame, owner = at.frame, at.frame if isinstance(at.frame.node, ast.ClassDef) else None
    while isinstance(frame.node, ast.ClassDef) and frame.parent is not None:
        frame = frame.parent
    plain = Function(node, frame, owner)
    at.machine.grow(at.frame.names, node.name, decorated(at, node.decorator_list, plain))


def _class(at: Site, node: ast.ClassDef) -> None:
    key = ("class", node, at.frame)
    if key not in at.machine.frames:
        at.machine.frames[key] = Frame(node, at.frame.source, at.frame, at.frame.depth, at.frame.function)
    body = at.machine.frames[key]
    body.bases = [base for parent in node.bases for base in at.evaluate(parent)]
    at.machine.execute(body, node.body)
    at.machine.grow(at.frame.names, node.name, decorated(at, node.decorator_list, ClassRef(body)))


def _nothing(_at: Site, _node: ast.stmt) -> None:
    """Do nothing: the statement moves no values."""


EXECUTORS: Executors = {
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
    ast.Import: import_modules,
    ast.ImportFrom: import_names,
    ast.Pass: _nothing,
    ast.Break: _nothing,
    ast.Continue: _nothing,
    ast.Delete: _nothing,
}
