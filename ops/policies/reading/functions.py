"""Functions of the project: each way to call one is a frame of its own, and its body is run in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ops.policies.reading.binding import bind_parameters
from ops.policies.reading.clients import CLIENTS_MODULE, new_client
from ops.policies.reading.containers import sequence
from ops.policies.reading.values import ANYTHING_GIVEN, NIL, NOTHING, Arguments, Frame, Site, Value, Values

MAX_FRAMES = 40_000


class Runnable(Value):
    """What runs code of the project when it is called; whoever has it may call it with any data."""

    def escaped(self, at: Site) -> Values:
        return self.call(at, ANYTHING_GIVEN)

    def holds_client(self, _seen: set[int]) -> bool:
        return False  # what calling it gives is asked when it is called


@dataclass(frozen=True)
class Function(Runnable):
    """A function or lambda with the frame around it; `owner` is the class body that holds it, if any."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    owner: Frame | None = None
    kind: str = ""  # of a method: property, static or class

    @property
    def name(self) -> str:
        """Return the function's name."""
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "<lambda>"

    @property
    def depth(self) -> int:
        return self.frame.depth

    def call(self, at: Site, given: Arguments) -> Values:
        if (self.frame.source.name, self.name) == (CLIENTS_MODULE, "client"):
            return new_client(at, given)
        called = at.to(self.node, self._frame_of(at, given))
        bind_parameters(called, self.node.args, self.owner or self.frame, given)
        if called.frame not in at.known.done:
            at.known.done.add(called.frame)
            at.known.stack.append(called.frame)
            self._run(called)
            at.known.stack.pop()
        if _generates(self.node):
            return sequence(called, called.frame.names.get("yield", NOTHING))
        return called.frame.names.get("return", NOTHING)

    def items(self, at: Site) -> Values:
        raise at.refuse(f"{self.name} is a function and cannot be iterated over")

    def _frame_of(self, at: Site, given: Arguments) -> Frame:
        """Return the frame of a call: one per function and arguments; recursion joins the one that runs."""
        running = [frame for frame in at.known.stack if frame.node is self.node]
        for frame in reversed(running) if len(running) > 1 else ():
            if frame.parent is self.frame:
                return frame
        told_apart, depth = given.key(self.frame.depth)
        key = (self.node, self.frame, self.owner, told_apart)
        if len(at.known.frames) > MAX_FRAMES:
            raise at.refuse(f"{self.name} is called in too many ways to follow them all")
        if key not in at.known.frames:
            at.known.frames[key] = Frame(self.node, self.frame.source, self.frame, depth, self)
            at.known.changed = True
        return at.known.frames[key]

    def _run(self, called: Site) -> None:
        if isinstance(self.node, ast.Lambda):
            called.name("return", called.evaluate(self.node.body))
            return
        called.execute(self.node.body)
        if not isinstance(self.node.body[-1], ast.Return | ast.Raise):
            called.name("return", NIL)


@cache
def _generates(node: ast.FunctionDef | ast.Lambda) -> bool:
    """Tell whether a function yields itself, not one that is defined in it."""
    todo: list[ast.AST] = [*node.body] if isinstance(node, ast.FunctionDef) else [node.body]
    while todo:
        one = todo.pop()
        if isinstance(one, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(one, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(one)
    return False


@dataclass(frozen=True)
class Partial(Runnable):
    """A callable with some arguments already given; a method with its first one."""

    callee: Value
    positional: tuple[Values, ...]
    named: tuple[tuple[str, Values], ...] = ()

    def held(self) -> Iterable[Values]:
        return (frozenset({self.callee}), *self.positional, *dict(self.named).values())

    def call(self, at: Site, given: Arguments) -> Values:
        return self.callee.call(at, given.after(self.positional, self.named))
