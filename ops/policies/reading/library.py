"""What functions of Python and its standard library do with what they are given."""

from __future__ import annotations

from collections.abc import Callable

from ops.policies.reading.classes import Class, Instance, fields_of, settings_classes
from ops.policies.reading.containers import Box, mapping, row, sequence
from ops.policies.reading.core import NOTHING, OPAQUE, Arguments, Site, Values, union
from ops.policies.reading.functions import Function, Partial, Runnable
from ops.policies.reading.texts import Setting, Text, literals_of

Model = Callable[[Site, Arguments], Values]
LOOKS_ONLY = frozenset(
    {"builtins.isinstance", "builtins.issubclass", "builtins.callable", "builtins.hasattr", "builtins.id",
     "builtins.type", "functools.wraps", "typing.NewType", "typing.TypeVar"}
)  # fmt: skip
SAME_ELEMENTS = frozenset(
    {"builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sorted",
     "builtins.reversed", "builtins.iter", "builtins.filter", "collections.deque", "heapq.merge",
     "itertools.chain", "itertools.islice", "itertools.takewhile", "itertools.dropwhile"}
)  # fmt: skip
REACHES_ANYTHING = frozenset(
    {"builtins.eval", "builtins.exec", "builtins.compile", "builtins.globals", "builtins.locals",
     "builtins.__import__", "builtins.setattr", "builtins.delattr", "builtins.object.__setattr__"}
)  # fmt: skip


def call_outside(at: Site, path: str, given: Arguments) -> Values:
    """Return what a function from outside gives; what it is given escapes, unless it is known to be kept."""
    if path in REACHES_ANYTHING or (path == "builtins.vars" and not given.positional):
        raise at.refuse(f"{path.removeprefix('builtins.')}() can reach anything, so it cannot be followed")
    if path in MODELS:
        return MODELS[path](at, given)
    if path in SAME_ELEMENTS:
        return _same_elements(at, given)
    if path not in LOOKS_ONLY:
        at.escape(given.all())
    return OPAQUE


def _same_elements(at: Site, given: Arguments) -> Values:
    values = union(given.positional) | given.star
    called = frozenset(value for value in values if isinstance(value, Runnable | Class))  # by filter
    at.escape(called.union(*given.named.values()))  # key=
    return sequence(at, at.iterate(values - called))


def _one_element(at: Site, given: Arguments) -> Values:
    at.escape(given.named.get("key", NOTHING))
    first, others = given.get(0, "iterable"), union(given.positional[1:])
    found = at.iterate(first) | others | given.named.get("default", NOTHING)
    return found if not others or any(isinstance(one, Box) for one in first) else found | first


def _map(at: Site, given: Arguments) -> Values:
    columns = [at.iterate(values) or OPAQUE for values in given.positional[1:]]
    return sequence(at, at.call(given.get(0, "func"), Arguments(columns, star=at.iterate(given.star))))


def _zip(at: Site, given: Arguments) -> Values:
    if given.star:
        raise at.refuse("zip() with * cannot be followed")
    return sequence(at, row(at, [at.iterate(values) or OPAQUE for values in given.positional], "row"))


def _enumerate(at: Site, given: Arguments) -> Values:
    return _zip(at, Arguments([OPAQUE, given.get(0, "iterable")]))


def _partial(at: Site, given: Arguments) -> Values:
    if given.star or given.rest or not given.positional:
        raise at.refuse("partial() with * or ** cannot be followed")
    callees, *positional = given.positional
    return frozenset(Partial(callee, tuple(positional), tuple(given.named.items())) for callee in callees)


def _super(at: Site, _given: Arguments) -> Values:
    owner = at.frame.function.owner if isinstance(at.frame.function, Function) else None
    parents = [parent for parent in owner.bases if isinstance(parent, Class)] if owner else []
    inherited = union(one.escaped(at) for one in parents)
    if owner is None or any(isinstance(value, Function) for value in inherited):
        raise at.refuse("super() cannot be followed; call Parent.method(self) of the project's parents")
    return OPAQUE  # the parent that has methods is from outside: object, Exception, a protocol


def _getattr(at: Site, given: Arguments) -> Values:
    names = literals_of(given.get(1, "name"))
    if names is None:
        raise at.refuse("getattr() with a name that is not a literal cannot be followed")
    return union([*(at.read(given.get(0, "object"), name) for name in names), *given.positional[2:]])


def _cast(_at: Site, given: Arguments) -> Values:
    return given.get(1, "val")


def _replace(at: Site, given: Arguments) -> Values:
    found = NOTHING
    for one in given.get(0, "obj"):
        if isinstance(one, Instance):
            found |= one.cls.call(at, Arguments(named={**one.attributes, **given.named}))
        else:
            at.escape(given.all())
            found |= OPAQUE
    return found


def _environment(at: Site, given: Arguments) -> Values:
    """Return the setting that an environment variable is read into; any other variable is data."""
    at.escape(given.all())
    names = {name.lower() for name in literals_of(given.get(0, "key")) or [""]}
    if not names <= {name for cls in settings_classes(at) for name in fields_of(cls)}:
        return OPAQUE
    return frozenset(Text((Setting(name),)) for name in names)


MODELS: dict[str, Model] = {
    "builtins.next": _one_element, "builtins.min": _one_element, "builtins.max": _one_element,
    "builtins.map": _map, "builtins.enumerate": _enumerate, "builtins.zip": _zip, "builtins.dict": mapping,
    "builtins.super": _super, "builtins.getattr": _getattr, "functools.partial": _partial,
    "dataclasses.replace": _replace, "typing.cast": _cast,
    "os.environ.get": _environment, "os.getenv": _environment,
}  # fmt: skip
