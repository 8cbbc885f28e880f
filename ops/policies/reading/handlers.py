"""Handlers of app.py with every client operation they can reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ops.policies.reading.clients import Call
from ops.policies.reading.decorators import ROUTE, Registration
from ops.policies.reading.expressions import EVALUATORS
from ops.policies.reading.machine import ANYTHING_GIVEN, Machine, Site, Values
from ops.policies.reading.sources import Project, Refused
from ops.policies.reading.statements import EXECUTORS

API = "api_handler"


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
    found = _run(project, "").registrations.values()
    return [_handler(project, name, found) for name in sorted({_function_name(one) for one in found})]


def _function_name(registration: Registration) -> str:
    if registration.trigger.kind == ROUTE:
        return API
    if "name" in dict(registration.trigger.options):
        raise Refused(f"{registration.at}: name=… of a handler cannot be followed; name its function")
    return registration.function.name


def _handler(project: Project, name: str, found: Iterable[Registration]) -> Handler:
    try:
        calls = _run(project, name).calls
    except Refused as refused:
        raise Refused(f"{refused} (reading what {name} can reach)") from None
    trigger = next(one.trigger for one in found if _function_name(one) == name)
    options = {} if name == API else dict(trigger.options)
    return Handler(name, trigger.kind, options, tuple(calls.values()))


def _run(project: Project, name: str) -> Machine:
    """Interpret app.py and the functions of one handler until nothing new is learnt."""
    machine = Machine(project, EVALUATORS, EXECUTORS)
    for _ in machine.rounds():
        frame = machine.module("app")
        for one in [*machine.registrations.values()]:
            if name == _function_name(one):
                one.function.call(Site(machine, frame, one.function.node), ANYTHING_GIVEN)
    return machine
