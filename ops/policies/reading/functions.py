"""Functions of the project, and how values come to their names: by assignment, or as arguments of a call."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ops.policies.reading.clients import CLIENTS_MODULE, new_client
from ops.policies.reading.containers import Box, box, mapping, sequence
from ops.policies.reading.core import (
    ANYTHING,
    NIL,
    NOTHING,
    OPAQUE,
    Arguments,
    Frame,
    Nil,
    Site,
    Value,
    Values,
)

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
        if isinstance(argument, ast.Starred):
            for value in at.evaluate(argument.value):
                _add_starred(at, given, value)
        elif given.star:
            given.star |= at.evaluate(argument)
        else:
            given.positional.append(at.evaluate(argument))
    for keyword in node.keywords:
        values = at.evaluate(keyword.value)
        if keyword.arg is not None:
            given.named[keyword.arg] = values
        else:
            for value in values:
                _add_double_starred(at, given, value)
    return given


def _add_starred(at: Site, given: Arguments, value: Value) -> None:
    if isinstance(value, Box) and not value.unknown and not value.is_mapping and not given.star:
        given.positional += [value.at_position(index) for index in range(len(value.known))]
    else:
        given.star |= value.items(at) or OPAQUE


def _add_double_starred(at: Site, given: Arguments, value: Value) -> None:
    if not isinstance(value, Box):
        given.rest |= NOTHING if isinstance(value, Nil) else value.items(at)  # None fails at run time
        return
    for key, held in value.known.items():
        if isinstance(key, str):
            given.named[key] = given.named.get(key, NOTHING) | held
        else:
            given.rest |= held


def bind_parameters(called: Site, signature: ast.arguments, definer: Frame, given: Arguments) -> None:
    """Give the parameters of a called function what the arguments or their defaults may be."""
    plain = [parameter.arg for parameter in (*signature.posonlyargs, *signature.args)]
    keywords = [parameter.arg for parameter in signature.kwonlyargs]
    for index, name in enumerate(plain):
        called.name(name, given.get(index, name))
    for name in keywords:
        called.name(name, given.named.get(name, NOTHING) | given.rest)
    for name, default in _defaults(signature, plain, keywords):
        if name not in {*plain[: len(given.positional)], *given.named}:
            called.name(name, called.to(default, definer).evaluate(default))
    if signature.vararg is not None:
        rest = box(called.to(signature.vararg))
        for index, values in enumerate(given.positional[len(plain) :]):
            rest.put(called, values, index)
        rest.put(called, given.star)
        called.name(signature.vararg.arg, frozenset({rest}))
    if signature.kwarg is not None:
        more = {name: values for name, values in given.named.items() if name not in plain + keywords}
        found = mapping(called.to(signature.kwarg), Arguments(named=more, rest=given.rest))
        called.name(signature.kwarg.arg, found)


def _defaults(signature: ast.arguments, plain: list[str], keywords: list[str]) -> list[tuple[str, ast.expr]]:
    positional = plain[len(plain) - len(signature.defaults) :]
    names, defaults = positional + keywords, [*signature.defaults, *signature.kw_defaults]
    return [(name, default) for name, default in zip(names, defaults, strict=True) if default is not None]


class Runnable(Value):
    """What runs code of the project when it is called; whoever has it may call it with any data."""

    def escaped(self, at: Site) -> Values:
        return self.call(at, ANYTHING)

    def holds_client(self, _seen: set[int]) -> bool:
        return False  # what calling it gives is asked when it is called


@dataclass(frozen=True)
class Function(Runnable):
    """A function or lambda with the frame around it; `owner` is the class body that holds it, if any."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    owner: Frame | None = None
    kind: str = ""  # of a method: property, static or class

    def __str__(self) -> str:
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "a lambda"

    @property
    def depth(self) -> int:
        return self.frame.depth

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
        if _generates(self.node):
            return sequence(called, called.frame.names.get("yield", NOTHING))
        return called.frame.names.get("return", NOTHING)

    def _frame_of(self, at: Site, given: Arguments) -> Frame:
        """Return the frame of a call: one per function and arguments; recursion joins the one that runs."""
        running = [frame for frame in at.known.stack if frame.node is self.node]
        for frame in reversed(running) if len(running) > 1 else ():
            if frame.parent is self.frame:
                return frame
        told_apart, depth = given.key(self.frame.depth)
        key = (self.node, self.frame, self.owner, told_apart)
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
        positional = [*self.positional, *given.positional]
        named = {**dict(self.named), **given.named}
        return self.callee.call(at, Arguments(positional, named, given.star, given.rest))
