"""How values come to their names: targets of an assignment, arguments of a call, parameters of a function."""

from __future__ import annotations

import ast

from ops.policies.reading.containers import Box, box, mapping, sequence
from ops.policies.reading.values import NOTHING, OPAQUE, Arguments, Frame, Nil, Site, Value, Values, union


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
        bind(at, target, union(one.items(at) if starred else one.item_at(at, index) for one in values))


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
        given.positional += [value.item_at(at, index) for index in range(len(value.known))]
    else:
        given.star |= value.items(at) or OPAQUE


def _add_double_starred(at: Site, given: Arguments, value: Value) -> None:
    if not isinstance(value, Box):
        given.rest |= NOTHING if isinstance(value, Nil) else value.items(at)  # None fails at run time
        return
    given.rest |= value.unknown
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
    pairs = [
        *zip(positional, signature.defaults, strict=True),
        *zip(keywords, signature.kw_defaults, strict=True),
    ]
    return [(name, default) for name, default in pairs if default is not None]
