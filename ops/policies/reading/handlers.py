"""Handlers of app.py with every client operation they can reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ops.policies.reading.clients import Call
from ops.policies.reading.decorators import ROUTE, Registration
from ops.policies.reading.interpreter import Interpreter
from ops.policies.reading.sources import Project, Refused
from ops.policies.reading.values import ANYTHING_GIVEN, Frame, Known, Values

API = "api_handler"
MAX_ROUNDS = 60


@dataclass(frozen=True)
class Handler:
    """One Lambda function: its key in `.chalice/config.json`, its trigger's options, and what it calls."""

    name: str
    kind: str
    options: dict[str, Values]
    calls: tuple[Call, ...]


def read_handlers(root: Path) -> list[Handler]:
    """Return the handlers of the project in `root`, by name; raise Refused for what cannot be followed."""
    project = Project(root)
    found = _read(project, "").registrations.values()
    return [_handler(project, name, found) for name in sorted({_function_name(one) for one in found})]


def _function_name(registration: Registration) -> str:
    if registration.trigger.kind == ROUTE:
        return API
    if "name" in dict(registration.trigger.options):
        raise Refused(f"{registration.at}: name=… of a handler cannot be followed; name its function")
    return registration.function.name


def _handler(project: Project, name: str, found: Iterable[Registration]) -> Handler:
    try:
        calls = _read(project, name).calls
    except Refused as refused:
        raise Refused(f"{refused} (reading what {name} can reach)") from None
    trigger = next(one.trigger for one in found if _function_name(one) == name)
    return Handler(name, trigger.kind, {} if name == API else dict(trigger.options), tuple(calls.values()))


def _read(project: Project, name: str) -> Known:
    """Run app.py and one handler until nothing new is learnt; refuse what is not known then."""
    known = Known(project)
    for _ in range(MAX_ROUNDS):
        known.changed = False
        for forgotten in (known.done, known.stack, known.calls, known.questions):
            forgotten.clear()
        _run(known, name)
        if not known.changed:
            break
    else:
        raise Refused(f"the code can be followed no further after {MAX_ROUNDS} rounds")
    if known.questions:
        raise known.questions[0]
    return known


def _run(known: Known, name: str) -> None:
    source = known.project.source("app")
    top = Interpreter(known, Frame(source.tree, source, None), source.tree)
    app = top.module("app")
    for one in [*known.registrations.values()]:
        if _function_name(one) == name:
            one.function.call(top.to(one.function.node, app), ANYTHING_GIVEN)
