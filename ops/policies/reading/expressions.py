"""Expressions: each kind of syntax node to what it may be."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ops.policies.reading.binding import arguments_of, bind
from ops.policies.reading.classes import is_special
from ops.policies.reading.containers import Box, box, sequence
from ops.policies.reading.functions import Function
from ops.policies.reading.machine import (
    NIL,
    OPAQUE,
    YIELDED,
    Evaluators,
    Frame,
    Site,
    Value,
    Values,
    union,
)
from ops.policies.reading.modules import External
from ops.policies.reading.texts import Text, formatted, text

HARMLESS_SPECIALS = frozenset({"__name__", "__doc__", "__qualname__", "__module__", "__class__", "__file__"})


def _constant(_at: Site, node: ast.Constant) -> Values:
    if node.value is None:
        return NIL
    return text(node.value) if isinstance(node.value, str) else OPAQUE


def _name(at: Site, node: ast.Name) -> Values:
    """Return what a name may be: of this scope, those around it (class bodies are skipped), or a built-in."""
    scope: Frame | None = at.frame
    while scope is not None:
        visible = scope is at.frame or not isinstance(scope.node, ast.ClassDef)
        if visible and node.id in scope.names:
            return scope.names[node.id]
        scope = scope.parent
    return frozenset({External(f"builtins.{node.id}")})


def _attribute(at: Site, node: ast.Attribute) -> Values:
    owners = at.evaluate(node.value)
    if is_special(node.attr):
        return union([_special(at, owner, node.attr) for owner in owners])
    having = [owner for owner in owners if owner.has(node.attr)]
    return union([owner.attribute(at, node.attr) for owner in having or owners])


def _special(at: Site, owner: Value, name: str) -> Values:
    if owner.special(name):
        return owner.attribute(at, name)
    if name in HARMLESS_SPECIALS:
        return OPAQUE
    raise at.refuse(f"{name} of {owner.shown} cannot be followed")


def _call(at: Site, node: ast.Call) -> Values:
    callees = at.evaluate(node.func)
    return at.call(callees, arguments_of(at, node))


def _subscript(at: Site, node: ast.Subscript) -> Values:
    keys = at.evaluate(node.slice)
    return union([owner.item(at, keys) for owner in at.evaluate(node.value)])


def _either(at: Site, node: ast.BoolOp) -> Values:
    return union([at.evaluate(value) for value in node.values])


def _choice(at: Site, node: ast.IfExp) -> Values:
    at.evaluate(node.test)
    return at.evaluate(node.body) | at.evaluate(node.orelse)


def _compare(at: Site, node: ast.Compare) -> Values:
    values = union([at.evaluate(operand) for operand in (node.left, *node.comparators)])
    if not all(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops):
        at.as_data(values)
    return OPAQUE


def _unary(at: Site, node: ast.UnaryOp) -> Values:
    operand = at.evaluate(node.operand)
    if not isinstance(node.op, ast.Not):
        at.as_data(operand)
    return OPAQUE


def _binary(at: Site, node: ast.BinOp) -> Values:
    return combined(at, node.op, at.evaluate(node.left), at.evaluate(node.right))


def combined(at: Site, operator: ast.operator, left: Values, right: Values) -> Values:
    """Return what an operator gives: texts are joined, containers merged, and all else is data."""
    both = left | right
    boxes = [value for value in both if isinstance(value, Box)]
    if isinstance(operator, ast.Add) and any(isinstance(value, Text) and value.is_of_settings for value in both):
        return formatted([left, right])
    at.as_data(both.difference(boxes))
    if not boxes:
        return OPAQUE
    made = box(at, mapping=any(one.is_mapping for one in boxes))
    for one in boxes:
        made.merge(at, one)
    if both >= OPAQUE:
        made.put(at, OPAQUE)
    return frozenset({made})


def _elements(at: Site, node: ast.Tuple | ast.List | ast.Set) -> Values:
    made = box(at)
    position: int | None = 0
    for element in node.elts:
        if isinstance(element, ast.Starred):
            made.put(at, at.iterate(at.evaluate(element.value)))
            position = None
        else:
            made.put(at, at.evaluate(element), position)
            position = None if position is None else position + 1
    return frozenset({made})


def _dict(at: Site, node: ast.Dict) -> Values:
    made = box(at, mapping=True)
    for key, value in zip(node.keys, node.values, strict=True):
        values = at.evaluate(value)
        if key is not None:
            made.store(at, at.evaluate(key), values)
        else:
            for one in values:
                made.merge(at, one)
    return frozenset({made})


def _comprehension(at: Site, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Values:
    return sequence(at, _inside(at, node.generators).evaluate(node.elt))


def _mapping_comprehension(at: Site, node: ast.DictComp) -> Values:
    inner = _inside(at, node.generators)
    made = box(at, mapping=True)
    made.store(at, inner.evaluate(node.key), inner.evaluate(node.value))
    return frozenset({made})


def _inside(at: Site, generators: Sequence[ast.comprehension]) -> Site:
    """Return the scope of a comprehension, once its loops have run."""
    key = ("comprehension", at.node, at.frame)
    if key not in at.machine.frames:
        frame = Frame(at.node, at.frame.source, at.frame, at.frame.depth, at.frame.function)
        at.machine.frames[key] = frame
    inner = Site(at.machine, at.machine.frames[key], at.node)
    for generator in generators:
        bind(inner, generator.target, inner.iterate(inner.evaluate(generator.iter)))
        for condition in generator.ifs:
            inner.evaluate(condition)
    return inner


def _lambda(at: Site, node: ast.Lambda) -> Values:
    return frozenset({Function(node, at.frame)})


def _joined(at: Site, node: ast.JoinedStr) -> Values:
    return formatted([at.evaluate(part) for part in node.values])


def _formatted(at: Site, node: ast.FormattedValue) -> Values:
    values = at.evaluate(node.value)
    at.as_data(values)
    return values if node.conversion == -1 and node.format_spec is None else OPAQUE


def _walrus(at: Site, node: ast.NamedExpr) -> Values:
    values = at.evaluate(node.value)
    frame = at.frame
    while isinstance(frame.node, COMPREHENSIONS) and frame.parent is not None:
        frame = frame.parent
    bind(Site(at.machine, frame, node), node.target, values)
    return values


def _yield(at: Site, node: ast.Yield) -> Values:
    at.machine.grow(at.frame.results, YIELDED, at.evaluate(node.value) if node.value else NIL)
    return OPAQUE


def _yield_from(at: Site, node: ast.YieldFrom) -> Values:
    at.machine.grow(at.frame.results, YIELDED, at.iterate(at.evaluate(node.value)))
    return OPAQUE


def _slice(at: Site, node: ast.Slice) -> Values:
    for bound in (node.lower, node.upper, node.step):
        if bound is not None:
            at.evaluate(bound)
    return OPAQUE


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
EVALUATORS: Evaluators = {
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
    ast.Tuple: _elements,
    ast.List: _elements,
    ast.Set: _elements,
    ast.Dict: _dict,
    ast.Lambda: _lambda,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.NamedExpr: _walrus,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Slice: _slice,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _mapping_comprehension,
}
