"""The interpretation of a project: modules are run, handlers called, until nothing new is learnt."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ops.policies.reading import attributes, calls, classes, containers, escapes, expressions, statements
from ops.policies.reading.refusal import Refused
from ops.policies.reading.state import Arguments, Frame, Machine
from ops.policies.reading.values import ClassRef, Value, Values, union

MAX_ROUNDS = 60


class Interpreter(Machine):
    """The machine with all its parts."""

    def evaluate(self, frame: Frame, node: ast.expr) -> Values:
        return expressions.evaluate(self, frame, node)

    def execute(self, frame: Frame, body: list[ast.stmt]) -> None:
        statements.execute(self, frame, body)

    def bind(self, frame: Frame, target: ast.expr, values: Values) -> None:
        statements.bind(self, frame, target, values)

    def call(self, frame: Frame, node: ast.AST, callees: Values, arguments: Arguments) -> Values:
        return calls.call(self, frame, node, callees, arguments)

    def read(self, frame: Frame, node: ast.AST, owner: Value, name: str) -> Values:
        return attributes.read(self, frame, node, owner, name)

    def write(self, frame: Frame, node: ast.AST, owner: Value, name: str, values: Values) -> None:
        attributes.write(self, frame, node, owner, name, values)

    def iterate(self, frame: Frame, node: ast.AST, values: Values) -> Values:
        return union(containers.iterate(self, frame, node, value) for value in values)

    def escape(self, frame: Frame, node: ast.AST, values: Values) -> None:
        escapes.escape(self, frame, node, values)

    def instantiate(self, frame: Frame, node: ast.AST, cls: Value, arguments: Arguments) -> Values:
        assert isinstance(cls, ClassRef)
        return classes.instantiate(self, frame, node, cls, arguments)

    def module(self, name: str) -> Frame:
        if name not in self.modules:
            source = self.project.source(name)
            self.modules[name] = Frame(source.tree, source, None)
        frame = self.modules[name]
        if id(frame) not in self.done:
            self.done.add(id(frame))
            self.execute(frame, frame.source.tree.body)
        return frame

    def settle(self, entry: Callable[[], None]) -> None:
        """Run `entry` until nothing new is learnt; refuse what is still not known then."""
        for _ in range(MAX_ROUNDS):
            self._round(entry)
            if not self.changed:
                break
        else:
            raise Refused(f"the code can be followed no further after {MAX_ROUNDS} rounds")
        if self.open_questions:
            raise self.open_questions[0]

    def _round(self, entry: Callable[[], None]) -> None:
        self.changed = False
        self.done.clear()
        self.stack.clear()
        self.calls.clear()
        self.open_questions.clear()
        entry()
