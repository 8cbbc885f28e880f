"""Expressions: what each kind of syntax node may be. Those that are missing here are refused."""

# ruff: noqa: N802, N815 - ast.NodeVisitor names its methods so
from __future__ import annotations

import ast

from ops.policies.reading.binding import arguments_of, bind
from ops.policies.reading.classes import FOLLOWED
from ops.policies.reading.containers import Box, box, sequence
from ops.policies.reading.functions import Function
from ops.policies.reading.modules import External
from ops.policies.reading.texts import Text, formatted, text
from ops.policies.reading.values import NIL, OPAQUE, Frame, Site, Values, union

NAMES_OF_THINGS = frozenset({"__name__", "__doc__", "__qualname__", "__module__", "__class__", "__file__"})
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


class Expressions(Site):
    """The site of an expression; visiting its node returns what it may be."""

    def visit_Constant(self, node: ast.Constant) -> Values:
        if isinstance(node.value, str):
            return text(node.value)
        return NIL if node.value is None else OPAQUE

    def visit_Name(self, node: ast.Name) -> Values:
        scope: Frame | None = self.frame
        while scope is not None:  # this scope, then those around it, but no class bodies
            if node.id in scope.names and (scope is self.frame or not isinstance(scope.node, ast.ClassDef)):
                return scope.names[node.id]
            scope = scope.parent
        return frozenset({External(f"builtins.{node.id}")})

    def visit_Attribute(self, node: ast.Attribute) -> Values:
        owners = self.evaluate(node.value)
        if node.attr in NAMES_OF_THINGS:
            return OPAQUE
        if node.attr.startswith("__") and node.attr not in FOLLOWED and not owners <= OPAQUE:
            raise self.refuse(f"{node.attr} cannot be followed")
        having = [owner for owner in owners if owner.has(node.attr)]
        return union([owner.attribute(self, node.attr) for owner in having or owners])

    def visit_Call(self, node: ast.Call) -> Values:
        callees = self.evaluate(node.func)
        return self.call(callees, arguments_of(self, node))

    def visit_Subscript(self, node: ast.Subscript) -> Values:
        keys = self.evaluate(node.slice)
        return union([owner.item(self, keys) for owner in self.evaluate(node.value)])

    def visit_Slice(self, node: ast.Slice) -> Values:
        for bound in (node.lower, node.upper, node.step):
            if bound is not None:
                self.evaluate(bound)
        return OPAQUE

    def visit_BoolOp(self, node: ast.BoolOp) -> Values:
        return union([self.evaluate(value) for value in node.values])

    def visit_IfExp(self, node: ast.IfExp) -> Values:
        self.evaluate(node.test)
        return self.evaluate(node.body) | self.evaluate(node.orelse)

    def visit_Compare(self, node: ast.Compare) -> Values:
        values = union([self.evaluate(operand) for operand in (node.left, *node.comparators)])
        if not all(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops):
            self.as_data(values)
        return OPAQUE

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Values:
        operand = self.evaluate(node.operand)
        if not isinstance(node.op, ast.Not):
            self.as_data(operand)
        return OPAQUE

    def visit_BinOp(self, node: ast.BinOp) -> Values:
        return self.combined(node.op, self.evaluate(node.left), self.evaluate(node.right))

    def combined(self, operator: ast.operator, left: Values, right: Values) -> Values:
        """Return what an operator gives: texts are joined, containers merged, and all else is data."""
        both = left | right
        boxes = [value for value in both if isinstance(value, Box)]
        if isinstance(operator, ast.Add) and any(isinstance(one, Text) and one.has_setting for one in both):
            return formatted([left, right])
        self.as_data(both.difference(boxes))
        if not boxes:
            return OPAQUE
        made = box(self, mapping=any(one.is_mapping for one in boxes))
        for one in boxes:
            made.merge(self, one)
        made.put(self, both & OPAQUE)
        return frozenset({made})

    def visit_Tuple(self, node: ast.Tuple | ast.List | ast.Set) -> Values:
        made, starred = box(self), False
        for index, element in enumerate(node.elts):
            if isinstance(element, ast.Starred):
                starred = True
                made.put(self, self.iterate(self.evaluate(element.value)))
            else:
                made.put(self, self.evaluate(element), None if starred else index)
        return frozenset({made})

    visit_List = visit_Set = visit_Tuple

    def visit_Dict(self, node: ast.Dict) -> Values:
        made = box(self, mapping=True)
        for key, value in zip(node.keys, node.values, strict=True):
            values = self.evaluate(value)
            if key is not None:
                made.store(self, self.evaluate(key), values)
            else:
                for one in values:
                    made.merge(self, one)
        return frozenset({made})

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Values:
        return sequence(self, self._inside(node.generators).evaluate(node.elt))

    visit_SetComp = visit_GeneratorExp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> Values:
        inner = self._inside(node.generators)
        made = box(self, mapping=True)
        made.store(self, inner.evaluate(node.key), inner.evaluate(node.value))
        return frozenset({made})

    def _inside(self, generators: list[ast.comprehension]) -> Site:
        """Return the scope of a comprehension, once its loops have run."""
        around = self.frame
        frame = Frame(self.node, around.source, around, around.depth, around.function)
        inner = self.to(self.node, self.known.frames.setdefault((self.node, around), frame))
        for generator in generators:
            bind(inner, generator.target, inner.iterate(inner.evaluate(generator.iter)))
            for condition in generator.ifs:
                inner.evaluate(condition)
        return inner

    def visit_Lambda(self, node: ast.Lambda) -> Values:
        return frozenset({Function(node, self.frame)})

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Values:
        return formatted([self.evaluate(part) for part in node.values])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Values:
        values = self.evaluate(node.value)
        self.as_data(values)
        return values if node.conversion == -1 and node.format_spec is None else OPAQUE

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Values:
        values = self.evaluate(node.value)
        frame = self.frame
        while isinstance(frame.node, COMPREHENSIONS) and frame.parent is not None:
            frame = frame.parent
        bind(self.to(node, frame), node.target, values)
        return values

    def visit_Yield(self, node: ast.Yield) -> Values:
        self.name("yield", self.evaluate(node.value) if node.value else NIL)
        return OPAQUE

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Values:
        self.name("yield", self.iterate(self.evaluate(node.value)))
        return OPAQUE
