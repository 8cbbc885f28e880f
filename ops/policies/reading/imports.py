"""Imports: modules of the project are read, all others are external names, some of them refused."""

from __future__ import annotations

import ast

from ops.policies.reading.state import Frame, Machine
from ops.policies.reading.values import External, ModuleRef, Values

UNFOLLOWED = frozenset(
    {"ctypes", "gc", "http.client", "importlib", "inspect", "marshal", "multiprocessing", "pickle",
     "pkgutil", "runpy", "socket", "subprocess", "urllib.request"}
)  # fmt: skip
BOTO_DATA = ("botocore.exceptions", "botocore.config", "botocore.utils", "boto3.dynamodb")
CLIENTS_MODULE = "chalicelib.aws.clients"


def makes_clients(module: str) -> bool:
    """Tell whether a module's functions can get at clients out of nothing: app.py, and each lane's wiring."""
    return module == "app" or module.endswith(".wiring")


def module(machine: Machine, frame: Frame, node: ast.Import) -> None:
    """Run `import a.b [as c]`."""
    for alias in node.names:
        whole = _target(machine, frame, node, alias.name)
        top = alias.name.split(".")[0]
        values = whole if alias.asname or "." not in alias.name else _target(machine, frame, node, top)
        machine.grow(_holder(frame, alias.asname or top), alias.asname or top, values)


def names(machine: Machine, frame: Frame, node: ast.ImportFrom) -> None:
    """Run `from a import b [as c]`."""
    origin = frame.source.absolute(node.module, node.level)
    if origin == "__future__":
        return
    for alias in node.names:
        if alias.name == "*":
            raise machine.refuse(frame, node, f"import the names you need from {origin}, not *")
        name = alias.asname or alias.name
        machine.grow(_holder(frame, name), name, _member(machine, frame, node, origin, alias.name))


def _holder(frame: Frame, name: str) -> dict[str, Values]:
    return frame.elsewhere.get(name, frame).names


def _member(machine: Machine, frame: Frame, node: ast.stmt, origin: str, name: str) -> Values:
    if not machine.project.owns(origin):
        return _target(machine, frame, node, f"{origin}.{name}")
    holder = machine.module(origin)
    if name in holder.names:
        return holder.names[name]
    if machine.project.has(f"{origin}.{name}"):
        return frozenset({ModuleRef(f"{origin}.{name}")})
    return machine.unresolved(frame, node, f"{origin} has no {name}")


def _target(machine: Machine, frame: Frame, node: ast.stmt, path: str) -> Values:
    if machine.project.owns(path):
        machine.module(path)
        return frozenset({ModuleRef(path)})
    check(machine, frame, node, path)
    if path.split(".")[0] == "builtins":
        raise machine.refuse(frame, node, "built-ins are used by their names, so that they can be followed")
    return frozenset({External(path)})


def check(machine: Machine, frame: Frame, node: ast.AST, path: str) -> None:
    """Raise Refused for what could call AWS, or reach anything, unseen."""
    if any(path == name or path.startswith(name + ".") for name in UNFOLLOWED):
        raise machine.refuse(frame, node, f"{path} cannot be followed, so nothing that ships may use it")
    if path.split(".")[0] not in {"boto3", "botocore", "aiobotocore"} or path in {"boto3", "botocore"}:
        return
    if not path.startswith(BOTO_DATA) and frame.source.name != CLIENTS_MODULE:
        raise machine.refuse(frame, node, f"{path}: make clients with {CLIENTS_MODULE}.client, in app.py")
