"""Handlers of app.py with every client operation they can reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ops.policies.reading.clients import Call
from ops.policies.reading.core import ANYTHING, Frame, Known, Values
from ops.policies.reading.decorators import Trigger
from ops.policies.reading.interpreter import Interpreter
from ops.policies.reading.sources import Project, Refused

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
    found = sorted(_read(project, "").handlers.items())
    triggers: dict[str, Trigger] = {name: next(iter(registered.values())) for name, registered in found}
    calls = {name: tuple(_read(project, name).calls.values()) for name in triggers}
    return [Handler(name, one.kind, dict(one.options), calls[name]) for name, one in triggers.items()]


def _read(project: Project, name: str) -> Known:
    """Run app.py and one handler until nothing new is learnt; refuse what is not known then."""
    known = Known(project)
    source = project.source("app")
    top = Interpreter(known, Frame(source.tree, source, None), source.tree)
    for _ in range(MAX_ROUNDS):
        known.forget()
        top.module("app")
        for function in [*known.handlers.get(name, ())]:
            function.call(top, ANYTHING)
        if not known.changed:
            if known.questions:
                raise known.questions[0]
            return known
    raise Refused(f"the code can be followed no further after {MAX_ROUNDS} rounds")
