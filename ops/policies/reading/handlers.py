"""Handlers of app.py with every client operation they can reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ops.policies.reading.clients import Call
from ops.policies.reading.core import ANYTHING, Frame, Known, Values
from ops.policies.reading.decorators import ROUTE, Registration
from ops.policies.reading.interpreter import Interpreter
from ops.policies.reading.sources import Project, Refused

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
    found = {_function_name(one): one.trigger for one in _read(project, "").registrations.values()}
    return [
        Handler(name, trigger.kind, dict(trigger.options), tuple(_read(project, name).calls.values()))
        for name, trigger in sorted(found.items(), key=lambda item: item[0])
    ]


def _function_name(registration: Registration) -> str:
    if "name" in dict(registration.trigger.options):
        raise Refused(f"{registration.at}: name=… of a handler cannot be followed; name its function")
    return API if registration.trigger.kind == ROUTE else registration.function.name


def _read(project: Project, name: str) -> Known:
    """Run app.py and one handler until nothing new is learnt; refuse what is not known then."""
    known = Known(project)
    for _ in range(MAX_ROUNDS):
        try:
            _run(known, name)
        except Refused as refused:
            raise Refused(f"{refused} (reading what {name or 'app.py'} can reach)") from None
        if not known.changed:
            if known.questions:
                raise known.questions[0]
            return known
    raise Refused(f"the code can be followed no further after {MAX_ROUNDS} rounds")


def _run(known: Known, name: str) -> None:
    for forgotten in (known.done, known.stack, known.calls, known.questions):
        forgotten.clear()
    known.changed = False
    source = known.project.source("app")
    top = Interpreter(known, Frame(source.tree, source, None), source.tree)
    app = top.module("app")
    for one in [*known.registrations.values()]:
        if _function_name(one) == name:
            one.function.call(top.to(one.function.node, app), ANYTHING)
