"""What functions of the standard library and of Python do with what they are given."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from ops.policies.reading.classes import ClassRef, Instance, Super, fields_of, settings_classes
from ops.policies.reading.containers import Box, mapping, row, sequence
from ops.policies.reading.functions import Function, Partial, Runnable
from ops.policies.reading.machine import (
    DATA,
    MAX_DEPTH,
    NIL,
    NOTHING,
    OPAQUE,
    Arguments,
    Frame,
    Method,
    Site,
    Value,
    Values,
    union,
)
from ops.policies.reading.texts import Setting, Text, literals_of

Model = Callable[[Site, Arguments], Values]


def call_outside(at: Site, path: str, given: Arguments) -> Values:
    """Return what a function from outside gives; what it is given escapes, unless it is known to be kept."""
    if path in REFUSED_CALLS:
        raise at.refuse(f"{path.removeprefix('builtins.')}() can reach anything, so it cannot be followed")
    if path in MODELS:
        return MODELS[path](at, given)
    at.escape(given.all())
    return OPAQUE


@dataclass(frozen=True)
class Executor(Value):
    """A pool of threads: `map` and `submit` pass on what they are given."""

    def attribute(self, _at: Site, name: str) -> Values:
        return frozenset({Method(self, name)})

    def enter(self, _at: Site) -> Values:
        return frozenset({self})

    def method(self, at: Site, name: str, given: Arguments) -> Values:
        if name == "map":
            return _map(at, given)
        if name == "submit" and given.positional:
            rest = Arguments(given.positional[1:], given.named, given.star, given.rest)
            at.escape(at.call(given.positional[0], rest))
            return OPAQUE
        return super().method(at, name, given)


def _looks_only(_at: Site, _given: Arguments) -> Values:
    return OPAQUE


def _map(at: Site, given: Arguments) -> Values:
    columns = [at.iterate(values) or OPAQUE for values in given.positional[1:]]
    results = at.call(given.get(0, "func"), Arguments(columns, star=at.iterate(given.star)))
    return sequence(at, results, "mapped")


def _same_elements(at: Site, given: Arguments) -> Values:
    at.escape(union(given.named.values()))  # key=
    found = NOTHING
    for value in union(given.positional) | given.star:
        if isinstance(value, Runnable | ClassRef):  # the predicate of filter
            at.escape(frozenset({value}))
        else:
            found |= value.items(at)
    return sequence(at, found, "elements")


def _one_element(at: Site, given: Arguments) -> Values:
    at.escape(given.named.get("key", NOTHING))
    first, others = given.get(0, "iterable"), union(given.positional[1:])
    found = at.iterate(first) | others | given.named.get("default", NOTHING)
    return found if not others or any(isinstance(one, Box) for one in first) else found | first


def _enumerate(at: Site, given: Arguments) -> Values:
    return _rows(at, [OPAQUE, at.iterate(given.get(0, "iterable"))])


def _zip(at: Site, given: Arguments) -> Values:
    if given.star:
        raise at.refuse("zip() with * cannot be followed")
    return _rows(at, [at.iterate(values) for values in given.positional])


def _rows(at: Site, columns: list[Values]) -> Values:
    return sequence(at, row(at, [values or OPAQUE for values in columns], "row"), "rows")


def _dict(at: Site, given: Arguments) -> Values:
    return mapping(at, given, "dict")


def _partial(at: Site, given: Arguments) -> Values:
    if given.star or given.rest or not given.positional:
        raise at.refuse("partial() with * or ** cannot be followed")
    callees, *positional = given.positional
    named = tuple(sorted(given.named.items(), key=lambda pair: pair[0]))
    return frozenset({Partial(callees, tuple(positional), named)})


def _super(at: Site, _given: Arguments) -> Values:
    function = at.frame.function
    if not isinstance(function, Function) or not function.owner or isinstance(function.node, ast.Lambda):
        raise at.refuse("super() outside of a method cannot be followed")
    first = function.node.args.args[0].arg
    scope: Frame | None = at.frame
    while scope is not None and first not in scope.names:
        scope = scope.parent
    receivers = scope.names[first] if scope else NOTHING
    return frozenset(Super(function.owner, one) for one in receivers)


def _getattr(at: Site, given: Arguments) -> Values:
    names = literals_of(given.get(1, "name"))
    if names is None:
        raise at.refuse("getattr() with a name that is not a literal cannot be followed")
    found = (owner.attribute(at, name) for owner in given.get(0, "object") for name in names)
    return union([*found, *given.positional[2:]])


def _vars(at: Site, given: Arguments) -> Values:
    if not given.all() <= DATA or not given.positional:
        raise at.refuse("vars() of the project's own things cannot be followed")
    return OPAQUE


def _cast(_at: Site, given: Arguments) -> Values:
    return given.get(1, "val")


def _replace(at: Site, given: Arguments) -> Values:
    found = NOTHING
    for one in given.get(0, "obj"):
        if isinstance(one, Instance):
            found |= _replaced(at, one, given)
        elif one in DATA:
            at.escape(given.all())
            found |= OPAQUE
        else:
            raise at.refuse(f"replace() of {one.shown} cannot be followed")
    return found


def _replaced(at: Site, one: Instance, given: Arguments) -> Values:
    key = ("replaced", at.node, at.frame, one if one.depth < MAX_DEPTH else one.cls)
    if key not in at.machine.heap:
        at.machine.heap[key] = Instance(min(one.depth + 1, MAX_DEPTH), one.cls)
        at.machine.changed = True
    made: Instance = at.machine.heap[key]
    for name, values in [*one.attributes.items()]:
        at.machine.grow(made.attributes, name, given.named.get(name, values))
    return frozenset({made})


def _environment(at: Site, given: Arguments) -> Values:
    """Return the setting that an environment variable is read into; any other variable is data."""
    at.escape(given.all())
    names = literals_of(given.get(0, "key"))
    fields = {name for cls in settings_classes(at) for name in fields_of(cls)}
    if names is None or not {name.lower() for name in names} <= fields:
        return OPAQUE
    return frozenset(Text((Setting(name.lower()),)) for name in names)


def _executor(at: Site, given: Arguments) -> Values:
    at.escape(given.all())
    return frozenset({Executor()})


REFUSED_CALLS = frozenset(
    {"builtins.eval", "builtins.exec", "builtins.compile", "builtins.globals", "builtins.locals",
     "builtins.__import__", "builtins.setattr", "builtins.delattr", "builtins.object.__setattr__"}
)  # fmt: skip
MODELS: dict[str, Model] = {
    **dict.fromkeys(
        ["builtins.isinstance", "builtins.issubclass", "builtins.callable", "builtins.hasattr",
         "builtins.id", "builtins.type", "functools.wraps", "typing.NewType", "typing.TypeVar"],
        _looks_only,
    ),
    **dict.fromkeys(
        ["builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sorted",
         "builtins.reversed", "builtins.iter", "builtins.filter", "collections.deque", "heapq.merge",
         "itertools.chain", "itertools.islice", "itertools.takewhile", "itertools.dropwhile"],
        _same_elements,
    ),
    **dict.fromkeys(["builtins.next", "builtins.min", "builtins.max"], _one_element),
    "builtins.map": _map,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.dict": _dict,
    "builtins.super": _super,
    "builtins.vars": _vars,
    "builtins.getattr": _getattr,
    "concurrent.futures.ThreadPoolExecutor": _executor,
    "functools.partial": _partial,
    "dataclasses.replace": _replace,
    "typing.cast": _cast,
    "os.environ.get": _environment,
    "os.getenv": _environment,
}  # fmt: skip
