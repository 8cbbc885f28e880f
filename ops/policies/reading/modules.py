"""Modules: those of the project are read, all others are names from outside, some of them refused."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ops.policies.reading.clients import CLIENTS_MODULE
from ops.policies.reading.core import NOTHING, Arguments, Opaque, Site, Value, Values
from ops.policies.reading.decorators import CHALICE, ChaliceApp
from ops.policies.reading.library import call_outside

UNFOLLOWED = tuple(
    f"{path}." for path in
    ("ctypes", "functools.singledispatch", "gc", "http.client", "importlib", "inspect", "marshal",
     "multiprocessing", "os.popen", "os.system", "pickle", "pkgutil", "runpy", "socket", "subprocess",
     "sys.modules", "urllib.request")
)  # fmt: skip
BOTO_DATA = ("botocore.exceptions", "botocore.config", "botocore.utils", "boto3.dynamodb")


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
        if self.outside in CHALICE:
            at.escape(given.all())
            return frozenset({ChaliceApp()})
        return call_outside(at, self.outside, given)


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
    """Run `import a.b [as c]`."""
    for alias in node.names:
        if at.known.project.owns(alias.name) or "." in alias.name:
            raise at.refuse(f"import {alias.name}: write `from package import module`, which can be followed")
        at.name(alias.asname or alias.name, external(at, alias.name))


def import_names(at: Site, node: ast.ImportFrom) -> None:
    """Run `from a import b [as c]`."""
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
