"""Names from outside: which are refused, and what functions of Python and its library do; all imports."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from ops.policies.reading.classes import Class, Instance, settings_by_name
from ops.policies.reading.clients import CLIENTS_MODULE
from ops.policies.reading.core import NOTHING, OPAQUE, Arguments, Opaque, Site, Value, Values, union
from ops.policies.reading.data import Box, literals_of, mapping, rows, sequence
from ops.policies.reading.decorators import CHALICE, ChaliceApp
from ops.policies.reading.functions import Function, Partial, Runnable

UNFOLLOWED = tuple(
    f"{path}." for path in
    ("ctypes", "functools.singledispatch", "gc", "http.client", "importlib", "inspect", "marshal",
     "multiprocessing", "os.popen", "os.system", "pickle", "pkgutil", "runpy", "socket", "subprocess",
     "sys.modules", "urllib.request")
)  # fmt: skip
BOTO_DATA = ("botocore.exceptions", "botocore.config", "botocore.utils", "boto3.dynamodb")
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
     "builtins.__import__", "builtins.getattr", "builtins.setattr", "builtins.delattr",
     "builtins.object.__setattr__"}
)  # fmt: skip


def _same_elements(at: Site, given: Arguments) -> Values:
    values = union(given.positional) | given.rest
    called = frozenset(value for value in values if isinstance(value, Runnable | Class))  # by filter
    at.escape(called.union(*given.named.values()))  # key=
    return sequence(at, at.iterate(values - called))


def _one_element(at: Site, given: Arguments) -> Values:
    at.escape(given.named.get("key", NOTHING))
    first, *others = given.positional or [OPAQUE]
    one_of_several = NOTHING if any(isinstance(one, Box) for one in first) else first
    return at.iterate(first).union(one_of_several, *others, given.named.get("default", NOTHING))


def _map(at: Site, given: Arguments) -> Values:
    columns = [at.iterate(values) or OPAQUE for values in given.positional[1:]]
    return sequence(at, at.call(given.get(0, "func"), Arguments(columns, rest=at.iterate(given.rest))))


def _zip(at: Site, given: Arguments) -> Values:
    if given.rest:
        raise at.refuse("zip() with * cannot be followed")
    return rows(at, [at.iterate(values) or OPAQUE for values in given.positional])


def _partial(at: Site, given: Arguments) -> Values:
    if given.rest or given.named or not given.positional:
        raise at.refuse("partial() with *, ** or named arguments cannot be followed; write a lambda")
    callees, *positional = given.positional
    return frozenset(Partial(callee, tuple(positional)) for callee in callees)


def _super(at: Site, _given: Arguments) -> Values:
    owner = at.frame.function.owner if isinstance(at.frame.function, Function) else None
    inherited = union(one.escaped(at) for one in (owner.bases if owner else []) if isinstance(one, Class))
    if owner is None or any(isinstance(value, Function) for value in inherited):
        raise at.refuse("super() cannot be followed; call Parent.method(self) of the project's parents")
    return OPAQUE  # the parent that has methods is from outside: object, Exception, a protocol


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


MODELS: dict[str, Callable[[Site, Arguments], Values]] = dict.fromkeys(SAME_ELEMENTS, _same_elements) | {
    "builtins.next": _one_element, "builtins.min": _one_element, "builtins.max": _one_element,
    "builtins.map": _map, "builtins.zip": _zip, "builtins.dict": mapping,
    "builtins.enumerate": lambda at, given: _zip(at, Arguments([OPAQUE, given.get(0, "iterable")])),
    "builtins.super": _super, "functools.partial": _partial,
    "dataclasses.replace": _replace, "dataclasses.field": _field, "os.environ.get": _environment,
    "os.getenv": _environment, "typing.cast": lambda _at, given: given.get(1, "val"),
}  # fmt: skip


@dataclass(frozen=True)
class External(Opaque):
    """A name of the standard library or of a dependency, by its dotted path."""

    outside: str

    def attribute(self, at: Site, name: str) -> Values:
        return external(at, f"{self.outside}.{name}")

    def item(self, at: Site, keys: Values) -> Values:
        at.escape(keys)
        return frozenset({self})  # a generic class with its parameter

    def call(self, at: Site, given: Arguments) -> Values:
        """Return what a function gives; what it is given escapes, unless it is known to be kept."""
        path = self.outside
        if path in REACHES_ANYTHING or (path == "builtins.vars" and not given.positional):
            raise at.refuse(f"{path}() can reach anything, so it cannot be followed")
        if path in MODELS:
            return MODELS[path](at, given)
        if path not in LOOKS_ONLY:
            at.escape(given.all())
        return frozenset({ChaliceApp()}) if path in CHALICE else OPAQUE


def external(at: Site, path: str) -> Values:
    """Return a name from outside; refuse what could call AWS, or reach anything, unseen."""
    if f"{path}.".startswith(UNFOLLOWED):
        raise at.refuse(f"{path} cannot be followed, so nothing that ships may use it")
    is_boto = path.startswith(("boto3.", "botocore.", "aiobotocore.")) and not path.startswith(BOTO_DATA)
    if is_boto and at.frame.source.name != CLIENTS_MODULE:
        raise at.refuse(f"{path}: make clients with {CLIENTS_MODULE}.client, from settings")
    return frozenset({External(path)})


@dataclass(frozen=True)
class Module(Value):
    """A module of the project."""

    name: str

    def attribute(self, at: Site, name: str) -> Values:
        return at.module(self.name).names.get(name, NOTHING)


def import_modules(at: Site, node: ast.Import) -> None:
    for alias in node.names:
        if at.known.project.owns(alias.name) or "." in alias.name:
            raise at.refuse(f"import {alias.name}: write `from package import module`, which can be followed")
        at.name(alias.asname or alias.name, external(at, alias.name))


def import_names(at: Site, node: ast.ImportFrom) -> None:
    origin = node.module or ""
    for alias in node.names if origin != "__future__" else []:
        if alias.name == "*" or node.level:
            raise at.refuse(f"import the names you need from {origin} by its whole path, not *")
        at.name(alias.asname or alias.name, _member(at, origin, alias.name))


def _member(at: Site, origin: str, name: str) -> Values:
    path = f"{origin}.{name}"
    if not at.known.project.owns(origin):
        return external(at, path)
    names = at.module(origin).names
    if name not in names and at.known.project.file(path):
        return frozenset({Module(path)})
    return names.get(name) or at.unresolved(f"{origin} has no {name}")
