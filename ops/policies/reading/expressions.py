"""Expressions: each kind of syntax node to what it may be."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ops.policies.reading import attributes, comprehensions, containers
from ops.policies.reading.arguments import arguments_of
from ops.policies.reading.state import YIELDED, Frame, Machine
from ops.policies.reading.texts import concatenated, formatted
from ops.policies.reading.values import (
    NIL,
    OPAQUE,
    Box,
    External,
    Function,
    Text,
    Values,
    text,
    union,
)

Evaluator = Callable[[Machine, Frame, Any], Values]
FORBIDDEN_NAMES = frozenset({"eval", "exec", "compile", "globals", "locals", "__import__", "__builtins__"})


def evaluate(machine: Machine, frame: Frame, node: ast.expr) -> Values:
    """Return what an expression may be."""
    evaluator = EVALUATORS.get(type(node))
    if evaluator is None:
        raise machine.refuse(frame, node, f"{type(node).__name__} cannot be followed; write it another way")
    return evaluator(machine, frame, node)


def _constant(_machine: Machine, _frame: Frame, node: ast.Constant) -> Values:
    if node.value is None:
        return NIL
    return text(node.value) if isinstance(node.value, str) else OPAQUE


def _name(machine: Machine, frame: Frame, node: ast.Name) -> Values:
    return look_up(machine, frame, node, node.id)


def look_up(machine: Machine, frame: Frame, node: ast.AST, name: str) -> Values:
    """Return what a name may be: of this scope, those around it (class bodies are skipped), or a built-in."""
    scope: Frame | None = frame.elsewhere.get(name, frame)
    while scope is not None:
        visible = scope is frame or not isinstance(scope.node, ast.ClassDef)
        if visible and name in scope.names:
            return scope.names[name]
        scope = scope.parent
    if name in FORBIDDEN_NAMES:
        raise machine.refuse(frame, node, f"{name}() can reach anything, so it cannot be followed")
    return frozenset({External(f"builtins.{name}")})


def _attribute(machine: Machine, frame: Frame, node: ast.Attribute) -> Values:
    owners = machine.evaluate(frame, node.value)
    having = [owner for owner in owners if not attributes.lacks(machine, frame, owner, node.attr)]
    return union(machine.read(frame, node, owner, node.attr) for owner in having or owners)


def _call(machine: Machine, frame: Frame, node: ast.Call) -> Values:
    callees = machine.evaluate(frame, node.func)
    return machine.call(frame, node, callees, arguments_of(machine, frame, node))


def _subscript(machine: Machine, frame: Frame, node: ast.Subscript) -> Values:
    keys = machine.evaluate(frame, node.slice)
    owners = machine.evaluate(frame, node.value)
    return union(containers.item(machine, frame, node, owner, keys) for owner in owners)


def _either(machine: Machine, frame: Frame, node: ast.BoolOp) -> Values:
    values = [machine.evaluate(frame, value) for value in node.values]
    for operand in values:
        containers.test(machine, frame, node, operand)
    return union(values)


def _choice(machine: Machine, frame: Frame, node: ast.IfExp) -> Values:
    containers.test(machine, frame, node, machine.evaluate(frame, node.test))
    return machine.evaluate(frame, node.body) | machine.evaluate(frame, node.orelse)


def _compare(machine: Machine, frame: Frame, node: ast.Compare) -> Values:
    operands = [node.left, *node.comparators]
    values = [machine.evaluate(frame, operand) for operand in operands]
    if not all(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops):
        for operand in values:
            containers.operate(machine, frame, node, operand)
    return OPAQUE


def _unary(machine: Machine, frame: Frame, node: ast.UnaryOp) -> Values:
    operand = machine.evaluate(frame, node.operand)
    if isinstance(node.op, ast.Not):
        containers.test(machine, frame, node, operand)
    else:
        containers.operate(machine, frame, node, operand)
    return OPAQUE


def _binary(machine: Machine, frame: Frame, node: ast.BinOp) -> Values:
    left, right = machine.evaluate(frame, node.left), machine.evaluate(frame, node.right)
    return combine(machine, frame, node, left, right)


def combine(
    machine: Machine, frame: Frame, node: ast.BinOp | ast.AugAssign, left: Values, right: Values
) -> Values:
    """Return what an operator gives: texts are joined, containers merged, and all else is data."""
    if isinstance(node.op, ast.Add) and any(isinstance(value, Text) for value in left | right):
        joined = concatenated(left, right)
        if joined is not None:
            return joined
    boxes = [value for value in left | right if isinstance(value, Box)]
    others = left.union(right).difference(boxes)
    containers.operate(machine, frame, node, others)
    if not boxes:
        return OPAQUE
    merged = machine.box(frame, node, mapping=any(box.is_mapping for box in boxes))
    for box in boxes:
        containers.merge(machine, merged, box)
    if others >= OPAQUE:
        machine.put(merged, OPAQUE)
    return frozenset({merged})


def _tuple(machine: Machine, frame: Frame, node: ast.Tuple | ast.List | ast.Set) -> Values:
    made = machine.box(frame, node)
    position: int | None = 0
    for element in node.elts:
        if isinstance(element, ast.Starred):
            machine.put(made, machine.iterate(frame, element, machine.evaluate(frame, element.value)))
            position = None
        else:
            machine.put(made, machine.evaluate(frame, element), position)
            position = None if position is None else position + 1
    return frozenset({made})


def _dict(machine: Machine, frame: Frame, node: ast.Dict) -> Values:
    made = machine.box(frame, node, mapping=True)
    for key, value in zip(node.keys, node.values, strict=True):
        values = machine.evaluate(frame, value)
        if key is None:
            containers.spread(machine, frame, value, made, values)
        else:
            containers.store(machine, frame, node, made, machine.evaluate(frame, key), values)
    return frozenset({made})


def _lambda(_machine: Machine, frame: Frame, node: ast.Lambda) -> Values:
    return frozenset({Function(node, frame)})


def _joined(machine: Machine, frame: Frame, node: ast.JoinedStr) -> Values:
    pieces: list[Values] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            values = machine.evaluate(frame, part.value)
            containers.operate(machine, frame, part, values)
            pieces.append(values if part.conversion == -1 and part.format_spec is None else OPAQUE)
        else:
            pieces.append(machine.evaluate(frame, part))
    return formatted(pieces)


def _walrus(machine: Machine, frame: Frame, node: ast.NamedExpr) -> Values:
    values = machine.evaluate(frame, node.value)
    scope = frame
    while isinstance(scope.node, comprehensions.KINDS):
        assert scope.parent is not None
        scope = scope.parent
    machine.bind(scope, node.target, values)
    return values


def _yield(machine: Machine, frame: Frame, node: ast.Yield) -> Values:
    values = machine.evaluate(frame, node.value) if node.value else NIL
    machine.grow(frame.results, YIELDED, values)
    return OPAQUE


def _yield_from(machine: Machine, frame: Frame, node: ast.YieldFrom) -> Values:
    values = machine.evaluate(frame, node.value)
    machine.grow(frame.results, YIELDED, machine.iterate(frame, node, values))
    return OPAQUE


def _slice(machine: Machine, frame: Frame, node: ast.Slice) -> Values:
    for bound in (node.lower, node.upper, node.step):
        if bound is not None:
            machine.evaluate(frame, bound)
    return OPAQUE


EVALUATORS: dict[type[ast.expr], Evaluator] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.BoolOp: _either,
    ast.IfExp: _choice,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Tuple: _tuple,
    ast.List: _tuple,
    ast.Set: _tuple,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.JoinedStr: _joined,
    ast.NamedExpr: _walrus,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Slice: _slice,
    ast.ListComp: comprehensions.sequence,
    ast.SetComp: comprehensions.sequence,
    ast.GeneratorExp: comprehensions.sequence,
    ast.DictComp: comprehensions.mapping,
}
