"""What each kind of syntax node does: every branch is taken, and what is missing here is refused."""

# ruff: noqa: N802, N815 - ast.NodeVisitor names its methods so
from __future__ import annotations

import ast

from ops.policies.reading.classes import Class
from ops.policies.reading.core import NIL, OPAQUE, Arguments, Frame, Site, Values, union
from ops.policies.reading.data import Box, Text, box, formatted, sequence, text
from ops.policies.reading.decorators import decorated
from ops.policies.reading.functions import Function, arguments_of, bind
from ops.policies.reading.outside import External, import_modules, import_names

LOOKS_ONLY = (ast.Is, ast.IsNot, ast.Not)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


class Interpreter(Site):
    """A site that knows Python: visiting an expression returns what it may be, a statement is run."""

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
        return self.read(self.evaluate(node.value), node.attr)

    def visit_Call(self, node: ast.Call) -> Values:
        callees = self.evaluate(node.func)
        return self.call(callees, arguments_of(self, node))

    def visit_Subscript(self, node: ast.Subscript) -> Values:
        keys = self.evaluate(node.slice)
        return union([owner.item(self, keys) for owner in self.evaluate(node.value)])

    def visit_BoolOp(self, node: ast.BoolOp | ast.Expr | ast.Delete | ast.arguments) -> Values:
        parts = ast.iter_child_nodes(node)
        return union([self.evaluate(part) for part in parts if isinstance(part, ast.expr)])

    def visit_Compare(self, node: ast.Compare | ast.UnaryOp | ast.Slice | ast.Raise | ast.Assert) -> Values:
        parts = [*ast.iter_child_nodes(node)]
        values = union([self.evaluate(part) for part in parts if isinstance(part, ast.expr)])
        if not any(isinstance(part, LOOKS_ONLY) for part in parts):
            self.escape(values)
        return OPAQUE

    visit_UnaryOp = visit_Slice = visit_Raise = visit_Assert = visit_Compare
    visit_Expr = visit_Delete = visit_arguments = visit_BoolOp

    def visit_IfExp(self, node: ast.IfExp) -> Values:
        self.evaluate(node.test)
        return self.evaluate(node.body) | self.evaluate(node.orelse)

    def visit_BinOp(self, node: ast.BinOp) -> Values:
        return self._combined(node.op, self.evaluate(node.left), self.evaluate(node.right))

    def _combined(self, operator: ast.operator, left: Values, right: Values) -> Values:
        """Return what an operator gives: texts are joined, containers merged, and all else is data."""
        both = left | right
        boxes = [value for value in both if isinstance(value, Box)]
        is_text = not boxes or any(isinstance(one, Text) and one.has_setting for one in both)
        if isinstance(operator, ast.Add) and is_text and (named := formatted([left, right])) != OPAQUE:
            return named
        self.escape(both.difference(boxes))
        if not boxes:
            return OPAQUE
        made = box(self, mapping=any(one.is_mapping for one in boxes))
        for one in boxes:
            made.merge(self, one)
        made.put(self, both & OPAQUE)
        return frozenset({made})

    def visit_Starred(self, node: ast.Starred) -> Values:
        return self.iterate(self.evaluate(node.value))

    def visit_Tuple(self, node: ast.Tuple | ast.List | ast.Set) -> Values:
        made, starred = box(self), False
        for index, element in enumerate(node.elts):
            starred |= isinstance(element, ast.Starred)
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
        inner = self.scope()
        for generator in generators:
            bind(inner, generator.target, inner.iterate(inner.evaluate(generator.iter)))
            for condition in generator.ifs:
                inner.evaluate(condition)
        return inner

    def visit_Lambda(self, node: ast.Lambda) -> Values:
        self.visit(node.args)
        return frozenset({Function(self.frame, node)})

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Values:
        return formatted([self.evaluate(part) for part in node.values])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Values:
        values = self.evaluate(node.value)
        self.escape(values)
        if node.format_spec is not None:
            self.evaluate(node.format_spec)
        return values if node.conversion == -1 and node.format_spec is None else OPAQUE

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Values:
        values = self.evaluate(node.value)
        frame = self.frame
        while isinstance(frame.node, COMPREHENSIONS) and frame.parent is not None:
            frame = frame.parent
        bind(self.to(node, frame), node.target, values)
        return values

    def visit_Yield(self, node: ast.Yield | ast.YieldFrom) -> Values:
        values = self.evaluate(node.value) if node.value else NIL
        self.name("yield", self.iterate(values) if isinstance(node, ast.YieldFrom) else values)
        return OPAQUE

    visit_YieldFrom = visit_Yield

    def visit_Return(self, node: ast.Return) -> None:
        self.name("return", self.evaluate(node.value) if node.value else NIL)

    def visit_Assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        if node.value is not None:
            values = self.evaluate(node.value)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                bind(self, target, values)

    visit_AnnAssign = visit_Assign

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        left, right = self.evaluate(node.target), self.evaluate(node.value)
        for one in left:
            if isinstance(one, Box):  # += and |= change what others hold too
                one.method(self, "update", Arguments([right]))
        bind(self, node.target, self._combined(node.op, left, right))

    def visit_For(self, node: ast.For) -> None:
        bind(self, node.target, self.iterate(self.evaluate(node.iter)))
        self.execute(node.body, node.orelse)

    def visit_If(self, node: ast.If | ast.While) -> None:
        self.evaluate(node.test)
        is_for_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        self.execute([] if is_for_types else node.body, node.orelse)

    visit_While = visit_If

    def visit_With(self, node: ast.With) -> None:
        for part in node.items:
            entered = self.call(self.read(self.evaluate(part.context_expr), "__enter__"), Arguments())
            if part.optional_vars is not None:
                bind(self, part.optional_vars, entered)
        self.execute(node.body)

    def visit_Try(self, node: ast.Try) -> None:
        self.execute(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.evaluate(handler.type)
            if handler.name:
                self.name(handler.name, OPAQUE)
            self.execute(handler.body)
        self.execute(node.orelse, node.finalbody)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        frame, owner = self.frame, self.frame if isinstance(self.frame.node, ast.ClassDef) else None
        while isinstance(frame.node, ast.ClassDef) and frame.parent is not None:
            frame = frame.parent
        self.visit(node.args)
        self.name(node.name, decorated(self, node.decorator_list, Function(frame, node, owner)))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        body = self.scope()
        body.frame.bases = [base for parent in node.bases for base in self.evaluate(parent)]
        body.execute(node.body)
        self.name(node.name, decorated(self, node.decorator_list, Class(body.frame, node)))

    visit_Import = import_modules
    visit_ImportFrom = import_names

    def visit_Pass(self, node: ast.Pass | ast.Break | ast.Continue) -> None:
        """Do nothing: the statement moves no values."""

    visit_Break = visit_Continue = visit_Pass
