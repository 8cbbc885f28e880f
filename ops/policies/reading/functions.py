"""Functions of the project, and how values come to their names: by assignment, or as arguments of a call."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass

from ops.policies.reading.clients import CLIENTS_MODULE, new_client
from ops.policies.reading.core import ANYTHING, NIL, OPAQUE, Arguments, Frame, Made, Site, Value, Values
from ops.policies.reading.data import Box, box, mapping, sequence

MAX_DEPTH = 6  # of values that are nested in each other, as one call tells them from another
MAX_FRAMES = 40_000


def bind(at: Site, target: ast.expr, values: Values) -> None:
    """Assign to a name, an attribute, an element, or several of them."""
    at = at.to(target)
    if isinstance(target, ast.Name):
        at.name(target.id, values)
    elif isinstance(target, ast.Attribute):
        for owner in at.evaluate(target.value):
            owner.write(at, target.attr, values)
    elif isinstance(target, ast.Subscript):
        keys = at.evaluate(target.slice)
        for owner in at.evaluate(target.value):
            owner.store(at, keys, values)
    elif isinstance(target, ast.Starred):
        bind(at, target.value, sequence(at, values))
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(at, target.elts, values)


def _unpack(at: Site, targets: list[ast.expr], values: Values) -> None:
    starred = any(isinstance(target, ast.Starred) for target in targets)
    for index, target in enumerate(targets):
        for value in values:
            if isinstance(value, Box) and not value.is_mapping and not starred:
                bind(at, target, value.at_position(index))
            else:
                bind(at, target, value.items(at))


def arguments_of(at: Site, node: ast.Call) -> Arguments:
    """Return the evaluated arguments of a call."""
    given = Arguments()
    for argument in node.args:
        values = at.evaluate(argument)
        if given.rest or isinstance(argument, ast.Starred):
            given.rest |= values or OPAQUE
        else:
            given.positional.append(values)
    for keyword in node.keywords:
        values = at.evaluate(keyword.value)
        if keyword.arg is not None:
            given.named[keyword.arg] = values
            continue
        spread = box(at.to(keyword), mapping=True)
        for value in values:
            spread.merge(at, value)
        given.named |= {key: held for key, held in spread.known.items() if isinstance(key, str)}
        given.rest = given.rest.union(*(held for key, held in spread.known.items() if key not in given.named))
    return given


def bind_parameters(called: Site, signature: ast.arguments, definer: Frame, given: Arguments) -> None:
    """Give the parameters of a called function what the arguments and their defaults may be."""
    plain = [parameter.arg for parameter in (*signature.posonlyargs, *signature.args)]
    names = [*plain, *(parameter.arg for parameter in signature.kwonlyargs)]
    defaults = [*signature.defaults, *signature.kw_defaults]
    passed = {**given.named, **dict(zip(plain, given.positional, strict=False))}
    for name in names:
        called.name(name, passed.get(name, given.rest))
    for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
        if default is not None and name not in plain[: len(given.positional)]:
            called.name(name, called.to(default, definer).evaluate(default))
    if signature.vararg is not None:
        rest = given.rest.union(*given.positional[len(plain) :])
        called.name(signature.vararg.arg, sequence(called.to(signature.vararg), rest))
    if signature.kwarg is not None:
        more = {name: values for name, values in given.named.items() if name not in names}
        found = mapping(called.to(signature.kwarg), Arguments(named=more, rest=given.rest))
        called.name(signature.kwarg.arg, found)


class Runnable(Value):
    """What runs code of the project when it is called; whoever has it may call it with any data."""

    def escaped(self, at: Site) -> Values:
        return self.call(at, ANYTHING)


@dataclass(frozen=True)
class Function(Made, Runnable):
    """A function or lambda of a frame; `owner` is the class body that holds it, if any."""

    node: ast.FunctionDef | ast.Lambda
    owner: Frame | None = None
    kind: str = ""  # of a method: property, static or class

    def __str__(self) -> str:
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "a lambda"

    def call(self, at: Site, given: Arguments) -> Values:
        if (self.frame.source.name, str(self)) == (CLIENTS_MODULE, "client"):
            return new_client(at, given)
        called = at.to(self.node, self._frame_of(at, given))
        bind_parameters(called, self.node.args, self.owner or self.frame, given)
        if called.frame not in at.known.done:
            at.known.done.add(called.frame)
            at.known.stack.append(called.frame)
            self._run(called)
            at.known.stack.pop()
        names = called.frame.names
        return sequence(called, names["yield"]) if "yield" in names else names.get("return", frozenset())

    def _frame_of(self, at: Site, given: Arguments) -> Frame:
        """Return the frame of a call: one per function and arguments; recursion joins the one that runs."""
        running = [frame for frame in at.known.stack if frame.node is self.node]
        for frame in reversed(running) if len(running) > 1 else ():
            if frame.parent is self.frame:
                return frame
        depth = min(MAX_DEPTH, 1 + max([self.frame.depth, *(value.depth for value in given.all())]))
        key: tuple[Hashable, ...] = (self.node, self.frame, self.owner)
        if depth < MAX_DEPTH:
            key += (*given.positional, frozenset(given.named.items()), given.rest)
        if len(at.known.frames) > MAX_FRAMES:
            raise at.refuse(f"{self} is called in too many ways to follow them all")
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


@dataclass(frozen=True)
class Partial(Runnable):
    """A callable with some arguments already given; a method with its first one."""

    callee: Value
    positional: tuple[Values, ...]

    @property
    def depth(self) -> int:
        return 1 + max(value.depth for value in frozenset({self.callee}).union(*self.positional))

    def call(self, at: Site, given: Arguments) -> Values:
        return self.callee.call(at, Arguments([*self.positional, *given.positional], given.named, given.rest))
