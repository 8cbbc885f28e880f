"""What functions of the standard library and of Chalice do with what they are given."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ops.policies.reading import containers
from ops.policies.reading.arguments import argument
from ops.policies.reading.fields import fields_of
from ops.policies.reading.state import MAX_DEPTH, Arguments, Frame, Machine
from ops.policies.reading.values import (
    NIL,
    NOTHING,
    OPAQUE,
    Anything,
    Bound,
    Box,
    ClassRef,
    External,
    Function,
    Instance,
    Nil,
    Opaque,
    Operation,
    Partial,
    Setting,
    Super,
    Text,
    Trigger,
    Values,
    literals_of,
    union,
)

Model = Callable[[Machine, Frame, ast.AST, Arguments], Values]
CHALICE_APP = "<the Chalice app>"

LOOKS_ONLY = frozenset(
    {"builtins.isinstance", "builtins.issubclass", "builtins.callable", "builtins.id", "functools.wraps",
     "typing.NewType", "typing.TypeVar", "builtins.type", "builtins.hasattr"}
)  # fmt: skip
SAME_ELEMENTS = frozenset(
    {"builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sorted",
     "builtins.reversed", "builtins.iter", "builtins.filter", "itertools.chain", "itertools.islice",
     "itertools.takewhile", "itertools.dropwhile", "collections.deque", "itertools.chain.from_iterable",
     "heapq.merge"}
)  # fmt: skip
ONE_ELEMENT = frozenset({"builtins.next", "builtins.min", "builtins.max", "random.choice"})

REQUEST = CHALICE_APP + ".current_request"  # data of the caller


def call(machine: Machine, frame: Frame, node: ast.AST, path: str, given: Arguments) -> Values:
    """Return what an external function gives; what it is given escapes, unless it is known to be kept."""
    if path in MODELS:
        return MODELS[path](machine, frame, node, given)
    if path in LOOKS_ONLY:
        return OPAQUE
    if path in SAME_ELEMENTS:
        return _same_elements(machine, frame, node, given)
    if path in ONE_ELEMENT:
        return _one_element(machine, frame, node, given)
    if path.startswith(CHALICE_APP + ".") and not path.startswith(REQUEST):
        return _trigger(machine, frame, node, path, given)
    machine.escape(frame, node, given.all())
    return OPAQUE


def _trigger(machine: Machine, frame: Frame, node: ast.AST, path: str, given: Arguments) -> Values:
    options = [(f"#{index}", values) for index, values in enumerate(given.positional)]
    kind = path.removeprefix(CHALICE_APP + ".")
    if kind in {"register_blueprint", "register_middleware"}:
        raise machine.refuse(frame, node, f"app.{kind} cannot be followed; decorate functions of app.py")
    return frozenset({Trigger(kind, (*options, *sorted(given.named.items(), key=lambda pair: pair[0])))})


def opaque_method(machine: Machine, frame: Frame, node: ast.AST, name: str, given: Arguments) -> Values:
    """Call a method of opaque data; of executors `map` and `submit` pass on what they are given."""
    if name == "map" and given.positional:
        return _map(machine, frame, node, given)
    if name == "submit" and given.positional:
        rest = Arguments(given.positional[1:], given.named, given.star, given.rest)
        results = machine.call(frame, node, given.positional[0], rest)
        machine.escape(frame, node, given.positional[0] | results)
        return OPAQUE
    machine.escape(frame, node, given.all())
    return OPAQUE


def _map(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    elements = [machine.iterate(frame, node, values) or OPAQUE for values in given.positional[1:]]
    results = machine.call(frame, node, given.positional[0], Arguments(elements, star=given.star))
    made = machine.box(frame, node, role="mapped")
    machine.put(made, results)
    return frozenset({made})


def _same_elements(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    for values in given.named.values():  # key=, default=
        machine.escape(frame, node, values)
    made = machine.box(frame, node, role="elements")
    for value in union(given.positional) | given.star:
        if isinstance(value, Function | Bound | ClassRef | Partial):  # the predicate of filter
            machine.escape(frame, node, frozenset({value}))
        elif isinstance(value, Box) and len(given.positional) == 1 and not value.is_mapping:
            machine.put(made, value.elements)
        else:
            machine.put(made, machine.iterate(frame, node, frozenset({value})))
    return frozenset({made})


def _one_element(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    machine.escape(frame, node, given.named.get("key", NOTHING))
    found = given.named.get("default", NOTHING) | union(given.positional[1:])
    first = given.positional[0] if given.positional else given.star
    found |= (
        first if len(given.positional) > 1 and not any(isinstance(one, Box) for one in first) else NOTHING
    )
    return found | machine.iterate(frame, node, first)


def _enumerate(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    return _zipped(
        machine, frame, node, [OPAQUE, machine.iterate(frame, node, argument(given, 0, "iterable"))]
    )


def _zip(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    return _zipped(
        machine, frame, node, [machine.iterate(frame, node, values) for values in given.positional]
    )


def _zipped(machine: Machine, frame: Frame, node: ast.AST, columns: list[Values]) -> Values:
    row = machine.box(frame, node, role="row")
    for index, values in enumerate(columns):
        machine.put(row, values or OPAQUE, index)
    made = machine.box(frame, node, role="rows")
    machine.put(made, frozenset({row}))
    return frozenset({made})


def _dict(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    made = machine.box(frame, node, role="dict", mapping=True)
    for value in union(given.positional) | given.star:
        if isinstance(value, Box) and value.is_mapping:
            containers.merge(machine, made, value)
        elif isinstance(value, Box):
            for pair in value.elements:
                machine.put(made, machine.iterate(frame, node, frozenset({pair})))
        else:
            containers.spread(machine, frame, node, made, frozenset({value}))
    for name, values in given.named.items():
        machine.put(made, values, name)
    return frozenset({made})


def _partial(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    if given.star or given.rest or not given.positional:
        raise machine.refuse(frame, node, "partial() with * or ** cannot be followed")
    named = tuple(sorted(given.named.items(), key=lambda pair: pair[0]))
    key = ("partial", id(node), id(frame), tuple(given.positional), named)
    if key not in machine.heap:
        depth = 1 + max([frame.depth, *(value.depth for value in given.all())])
        machine.heap[key] = Partial(frame.at(node), depth, {}, tuple(given.positional[1:]), named)
    made = machine.heap[key]
    assert isinstance(made, Partial)
    machine.grow(made.callees, "", given.positional[0])
    return frozenset({made})


def _super(machine: Machine, frame: Frame, node: ast.AST, _given: Arguments) -> Values:
    function = frame.function
    if function is None or function.owner is None or not isinstance(function.node, ast.FunctionDef):
        raise machine.refuse(frame, node, "super() outside of a method cannot be followed")
    first = function.node.args.args[0].arg
    scope: Frame | None = frame
    while scope is not None and first not in scope.names:
        scope = scope.parent
    receivers = scope.names[first] if scope else NOTHING
    return frozenset(
        Super(function.owner, one) if isinstance(one, Instance | ClassRef) else External("builtins.object")
        for one in receivers
    )


def _getattr(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    owners = argument(given, 0, "object")
    names = literals_of(argument(given, 1, "name"))
    default = union(given.positional[2:])
    if names is not None:
        return default | union(machine.read(frame, node, owner, name) for owner in owners for name in names)
    for owner in owners:
        if machine.holds_client(owner) or type(owner).__name__ in {"ModuleRef", "ClassRef", "External"}:
            raise machine.refuse(
                frame, node, "getattr() with a name that is not a literal cannot be followed"
            )
    machine.escape(frame, node, owners)
    return default | OPAQUE


def _setattr(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    names = literals_of(argument(given, 1, "name"))
    if names is None:
        raise machine.refuse(frame, node, "setattr() with a name that is not a literal cannot be followed")
    for owner in argument(given, 0, "object"):
        for name in names:
            machine.write(frame, node, owner, name, argument(given, 2, "value"))
    return NIL


def _vars(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    if not given.positional or not given.positional[0] <= OPAQUE:
        raise machine.refuse(frame, node, "vars() of the project's own things cannot be followed")
    return OPAQUE


def _cast(_machine: Machine, _frame: Frame, _node: ast.AST, given: Arguments) -> Values:
    return argument(given, 1, "val")


def _replace(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    found = NOTHING
    for one in argument(given, 0, "obj"):
        if isinstance(one, Instance):
            found |= _replaced(machine, frame, node, one, given)
        elif isinstance(one, Opaque | Nil):
            machine.escape(frame, node, given.all())
            found |= OPAQUE
        else:
            raise machine.refuse(frame, node, "replace() of this cannot be followed")
    return found


def _replaced(machine: Machine, frame: Frame, node: ast.AST, one: Instance, given: Arguments) -> Values:
    key = ("replaced", id(node), id(frame), one) if one.depth < MAX_DEPTH else ("replaced", id(node), one.cls)
    if key not in machine.heap:
        machine.heap[key] = Instance(frame.at(node), min(one.depth + 1, MAX_DEPTH), one.cls)
    made = machine.heap[key]
    assert isinstance(made, Instance)
    for name, values in list(one.attributes.items()):
        machine.grow(made.attributes, name, given.named.get(name, values))
    return frozenset({made})


def _app(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    machine.escape(frame, node, given.all())
    return frozenset({External(CHALICE_APP)})


def _environment(machine: Machine, frame: Frame, node: ast.AST, given: Arguments) -> Values:
    """Return the setting that an environment variable is read into; any other variable is data."""
    machine.escape(frame, node, given.all())
    names = literals_of(argument(given, 0, "key"))
    classes = machine.module("chalicelib.settings").names.get("Settings", NOTHING)
    fields = {name for cls in classes if isinstance(cls, ClassRef) for name in fields_of([cls])}
    if names is None or not {name.lower() for name in names} <= fields:
        return OPAQUE
    return frozenset(Text((Setting(name.lower()),)) for name in names)


MODELS: dict[str, Model] = {
    "builtins.map": _map,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.dict": _dict,
    "builtins.super": _super,
    "builtins.vars": _vars,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "builtins.object.__setattr__": _setattr,
    "functools.partial": _partial,
    "dataclasses.replace": _replace,
    "typing.cast": _cast,
    "os.environ.get": _environment,
    "os.getenv": _environment,
    "chalice.Chalice": _app,
    "chalice.app.Chalice": _app,
}


def response(machine: Machine, frame: Frame, node: ast.AST, callee: Operation, given: Arguments) -> Values:
    """Return what an operation answers: data, but for the URL of a queue, which stands for the queue."""
    if (callee.service, callee.name) != ("sqs", "get_queue_url"):
        return OPAQUE
    made = machine.box(frame, node, role="response", mapping=True)
    for value in given.named.get("QueueName", OPAQUE):
        if isinstance(value, Text):
            machine.put(made, frozenset({value}), "QueueUrl")
        else:
            machine.put(made, frozenset({Text((Anything(),))}), "QueueUrl")
    machine.put(made, OPAQUE, "ResponseMetadata")
    return frozenset({made})
