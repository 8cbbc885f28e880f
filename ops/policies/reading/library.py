"""What functions of Python and its standard library do with what they are given."""

from __future__ import annotations

from collections.abc import Callable

from ops.policies.reading.classes import Class, Instance, settings_by_name
from ops.policies.reading.containers import Box, mapping, rows, sequence
from ops.policies.reading.core import NOTHING, OPAQUE, Arguments, Site, Values, union
from ops.policies.reading.functions import Function, Partial, Runnable
from ops.policies.reading.texts import literals_of

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
    values = union(given.positional) | given.rest
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
    return sequence(at, at.call(given.get(0, "func"), Arguments(columns, rest=at.iterate(given.rest))))


def _zip(at: Site, given: Arguments) -> Values:
    if given.rest:
        raise at.refuse("zip() with * cannot be followed")
    return rows(at, [at.iterate(values) or OPAQUE for values in given.positional])


def _enumerate(at: Site, given: Arguments) -> Values:
    return rows(at, [OPAQUE, at.iterate(given.get(0, "iterable")) or OPAQUE])


def _partial(at: Site, given: Arguments) -> Values:
    if given.rest or given.named or not given.positional:
        raise at.refuse("partial() with *, ** or named arguments cannot be followed; write a lambda")
    callees, *positional = given.positional
    return frozenset(Partial(callee, tuple(positional)) for callee in callees)


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


def _field(at: Site, given: Arguments) -> Values:
    """Return the default of a field of a dataclass."""
    if not given.named.keys() <= {"default", "default_factory", "repr", "compare", "hash", "metadata"}:
        raise at.refuse("field() with other options than a default cannot be followed")
    factory = given.named.get("default_factory")
    at.escape(given.get(0, "metadata"))
    return given.named.get("default", NOTHING) | (at.call(factory, Arguments()) if factory else NOTHING)


def _replace(at: Site, given: Arguments) -> Values:
    objects = given.get(0, "obj")
    instances = [one for one in objects if isinstance(one, Instance)]
    if len(instances) < len(objects):
        at.escape(given.all())
    made = [one.cls.call(at, Arguments([], one.attributes | given.named, given.rest)) for one in instances]
    for copy in union(made):  # a copy of Settings is the one record
        for name, values in given.named.items():
            copy.write(at, name, values | given.rest)
    return union(made) or OPAQUE


def _environment(at: Site, given: Arguments) -> Values:
    """Return the setting that an environment variable is read into; any other variable is data."""
    at.escape(given.all())
    values = settings_by_name(at)
    return union(values.get(name.lower(), OPAQUE) for name in literals_of(given.get(0, "key")) or [""])


MODELS: dict[str, Model] = {
    "builtins.next": _one_element, "builtins.min": _one_element, "builtins.max": _one_element,
    "builtins.map": _map, "builtins.enumerate": _enumerate, "builtins.zip": _zip, "builtins.dict": mapping,
    "builtins.super": _super, "builtins.getattr": _getattr, "functools.partial": _partial,
    "dataclasses.replace": _replace, "dataclasses.field": _field, "os.environ.get": _environment,
    "os.getenv": _environment, "typing.cast": lambda _at, given: given.get(1, "val"),
}  # fmt: skip
