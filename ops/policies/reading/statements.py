"""Statements: every branch is taken, and what is assigned is only ever added to."""

# ruff: noqa: N802, N815 - ast.NodeVisitor names its methods so
from __future__ import annotations

import ast

from ops.policies.reading.binding import bind
from ops.policies.reading.classes import ClassRef
from ops.policies.reading.containers import Box
from ops.policies.reading.decorators import decorated
from ops.policies.reading.expressions import Expressions
from ops.policies.reading.functions import Function
from ops.policies.reading.modules import import_modules, import_names
from ops.policies.reading.values import NIL, OPAQUE, Arguments, Frame, union


class Statements(Expressions):
    """The site of a statement or an expression; visiting a statement's node runs it."""

    def visit_Assign(self, node: ast.Assign) -> None:
        values = self.evaluate(node.value)
        for target in node.targets:
            bind(self, target, values)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            bind(self, node.target, self.evaluate(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        left, right = self.evaluate(node.target), self.evaluate(node.value)
        for box in left:
            for other in right if isinstance(box, Box) else ():  # += and |= change what others hold too
                box.method(self, "update", Arguments([frozenset({other})]))
        bind(self, node.target, self.combined(node.op, left, right))

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
            entered = union([value.enter(self) for value in self.evaluate(part.context_expr)])
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

    def visit_Return(self, node: ast.Return) -> None:
        self.name("return", self.evaluate(node.value) if node.value is not None else NIL)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.evaluate(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                self.escape(self.evaluate(part))

    def visit_Assert(self, node: ast.Assert) -> None:
        self.evaluate(node.test)
        if node.msg is not None:
            self.escape(self.evaluate(node.msg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        frame, owner = self.frame, self.frame if isinstance(self.frame.node, ast.ClassDef) else None
        while isinstance(frame.node, ast.ClassDef) and frame.parent is not None:
            frame = frame.parent
        self.name(node.name, decorated(self, node.decorator_list, Function(node, frame, owner)))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        around = self.frame
        frame = Frame(node, around.source, around, around.depth, around.function)
        body = self.to(node, self.known.frames.setdefault((node, around), frame))
        body.frame.bases = [base for parent in node.bases for base in self.evaluate(parent)]
        body.execute(node.body)
        self.name(node.name, decorated(self, node.decorator_list, ClassRef(body.frame, node)))

    def visit_Pass(self, node: ast.Pass | ast.Break | ast.Continue | ast.Delete) -> None:
        """Do nothing: the statement moves no values."""

    visit_Break = visit_Continue = visit_Delete = visit_Pass

    def visit_Import(self, node: ast.Import) -> None:
        import_modules(self, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        import_names(self, node)
