"""Functions of the project: each way to call one is a frame of its own, and its body is run in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ops.policies.reading.binding import bind_parameters
from ops.policies.reading.clients import CLIENTS_MODULE, new_client
from ops.policies.reading.containers import sequence
from ops.policies.reading.machine import (
    ANYTHING_GIVEN,
    MAX_DEPTH,
    NIL,
    NOTHING,
    OPAQUE,
    RETURNED,
    YIELDED,
    Arguments,
    Frame,
    Machine,
    Site,
    Value,
    Values,
)

MAX_FRAMES = 40_000


class Runnable(Value):
    """What runs code of the project when it is called; whoever has it may call it with any data."""

    def escaped(self, at: Site) -> Values:
        return self.call(at, ANYTHING_GIVEN)

    def holds_client(self, _seen: set[int]) -> bool:
        return False  # what calling it gives is asked when it is called

    def attribute(self, at: Site, name: str) -> Values:
        if name in {"cache_clear", "cache_info"}:
            return OPAQUE
        return super().attribute(at, name)


@dataclass(frozen=True)
class Function(Runnable):
    """A function or lambda with the frame it was defined in; `owner` is the class body that holds it, if any."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    owner: Frame | None = None
    kinds: frozenset[str] = frozenset()

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
        called = Site(at.machine, self._frame_of(at, given), self.node)
        bind_parameters(called, self.node.args, self.owner or self.frame, given)
        self._run(at.machine, called.frame)
        if _generates(self.node):
            return sequence(called, called.frame.results.get(YIELDED, NOTHING), "generator")
        return called.frame.results.get(RETURNED, NOTHING)

    def items(self, at: Site) -> Values:
        raise at.refuse(f"{self.name} is a function and cannot be iterated over")

    def _frame_of(self, at: Site, given: Arguments) -> Frame:
        """Return the frame of a call: one per function and arguments; recursion joins the one that runs."""
        machine = at.machine
        running = [frame for frame in machine.stack if frame.node is self.node]
        if len(running) > 1:
            for frame in reversed(running):
                if frame.parent is self.frame:
                    return frame
        depth = 1 + max(self.frame.depth, given.depth())
        key = (self.node, self.frame, self.owner, given.key() if depth < MAX_DEPTH else None)
        if key not in machine.frames:
            if len(machine.frames) > MAX_FRAMES:
                raise at.refuse(f"{self.name} is called in too many ways to follow them all")
            depth = min(depth, MAX_DEPTH)
            machine.frames[key] = Frame(self.node, self.frame.source, self.frame, depth, self)
            machine.changed = True
        return machine.frames[key]

    def _run(self, machine: Machine, called: Frame) -> None:
        if called in machine.done:
            return
        machine.done.add(called)
        machine.stack.append(called)
        if isinstance(self.node, ast.Lambda):
            machine.grow(called.results, RETURNED, machine.evaluate(called, self.node.body))
        else:
            machine.execute(called, self.node.body)
            if not isinstance(self.node.body[-1], ast.Return | ast.Raise):
                machine.grow(called.results, RETURNED, NIL)
        machine.stack.pop()


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
class Bound(Runnable):
    """A function with its first argument."""

    function: Function
    receiver: Value

    @property
    def depth(self) -> int:
        return 1 + max(self.function.depth, self.receiver.depth)

    def held(self) -> Iterable[Values]:
        yield frozenset({self.receiver})

    def call(self, at: Site, given: Arguments) -> Values:
        receiver: Values = frozenset({self.receiver})
        arguments = Arguments([receiver, *given.positional], given.named, given.star, given.rest)
        return self.function.call(at, arguments)


@dataclass(frozen=True)
class Partial(Runnable):
    """A callable with some arguments already given."""

    callees: Values
    positional: tuple[Values, ...]
    named: tuple[tuple[str, Values], ...]

    @property
    def depth(self) -> int:
        held = self.callees.union(*self.positional, *dict(self.named).values())
        return 1 + max(value.depth for value in held)

    def call(self, at: Site, given: Arguments) -> Values:
        positional = [*self.positional, *given.positional]
        named = {**dict(self.named), **given.named}
        return at.call(self.callees, Arguments(positional, named, given.star, given.rest))
