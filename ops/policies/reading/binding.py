"""How values come to their names: targets of an assignment, arguments of a call, parameters of a function."""

from __future__ import annotations

import ast

from ops.policies.reading.containers import Box, box, mapping, sequence
from ops.policies.reading.machine import NOTHING, OPAQUE, Arguments, Frame, Nil, Site, Value, Values, union


def bind(at: Site, target: ast.expr, values: Values) -> None:
    """Assign to a name, an attribute, an element, or several of them."""
    at = Site(at.machine, at.frame, target)
    if isinstance(target, ast.Name):
        at.machine.grow(at.frame.names, target.id, values)
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
        starred = any(isinstance(element, ast.Starred) for element in target.elts)
        for index, element in enumerate(target.elts):
            parts = [value.items(at) if starred else value.item_at(at, index) for value in values]
            bind(at, element, union(parts))


def arguments_of(at: Site, node: ast.Call) -> Arguments:
    """Return the evaluated arguments of a call."""
    given = Arguments()
    for argument in node.args:
        _add_positional(at, given, argument)
    for keyword in node.keywords:
        values = at.evaluate(keyword.value)
        if keyword.arg is not None:
            given.named[keyword.arg] = values
        else:
            for value in values:
                _spread(at, given, value)
    return given


def _add_positional(at: Site, given: Arguments, node: ast.expr) -> None:
    if not isinstance(node, ast.Starred):
        values = at.evaluate(node)
        if given.star:
            given.star |= values
        else:
            given.positional.append(values)
        return
    for value in at.evaluate(node.value):
        if isinstance(value, Box) and not value.unknown and not value.is_mapping and not given.star:
            given.positional += [value.item_at(at, index) for index in range(len(value.known))]
        else:
            given.star |= value.items(at) or OPAQUE


def _spread(at: Site, given: Arguments, value: Value) -> None:
    if isinstance(value, Box) and value.is_mapping:
        for key, held in value.known.items():
            if isinstance(key, str):
                given.named[key] = given.named.get(key, NOTHING) | held
            else:
                given.rest |= held
        given.rest |= value.unknown
    elif not isinstance(value, Nil):  # which fails at run time
        given.rest |= value.items(at)


def bind_parameters(called: Site, signature: ast.arguments, definer: Frame, given: Arguments) -> None:
    """Give the parameters of a called function what the arguments or their defaults may be."""
    names = called.frame.names
    plain = [parameter.arg for parameter in (*signature.posonlyargs, *signature.args)]
    named = {*plain, *(parameter.arg for parameter in signature.kwonlyargs)}
    for index, name in enumerate(plain):
        called.machine.grow(names, name, given.get(index, name))
    for parameter in signature.kwonlyargs:
        called.machine.grow(names, parameter.arg, given.named.get(parameter.arg, NOTHING) | given.rest)
    for name, default in _defaults(signature, plain):
        if name not in {*plain[: len(given.positional)], *given.named}:
            called.machine.grow(names, name, called.machine.evaluate(definer, default))
    if signature.vararg is not None:
        extra = Site(called.machine, called.frame, signature.vararg)
        rest = box(extra)
        for index, values in enumerate(given.positional[len(plain) :]):
            rest.put(extra, values, index)
        if given.star:
            rest.put(extra, given.star)
        called.machine.grow(names, signature.vararg.arg, frozenset({rest}))
    if signature.kwarg is not None:
        more = {name: values for name, values in given.named.items() if name not in named}
        found = mapping(Site(called.machine, called.frame, signature.kwarg), Arguments([], more, rest=given.rest))
        called.machine.grow(names, signature.kwarg.arg, found)


def _defaults(signature: ast.arguments, plain: list[str]) -> list[tuple[str, ast.expr]]:
    tail = plain[len(plain) - len(signature.defaults) :]
    keywords = zip([one.arg for one in signature.kwonlyargs], signature.kw_defaults, strict=True)
    return [
        *zip(tail, signature.defaults, strict=True),
        *((name, default) for name, default in keywords if default is not None),
    ]
