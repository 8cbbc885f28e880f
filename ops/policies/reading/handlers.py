"""Handlers of app.py with every client operation they can reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ops.policies.reading.interpreter import Interpreter
from ops.policies.reading.refusal import Refused
from ops.policies.reading.sources import Project
from ops.policies.reading.state import Arguments, Call, Registration
from ops.policies.reading.values import OPAQUE, Values, literals_of

API = "api_handler"
TRIGGERS = frozenset(
    {
        "on_s3_event",
        "on_sqs_message",
        "on_sns_message",
        "on_cw_event",
        "schedule",
        "authorizer",
        "lambda_function",
    }
)


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
    registrations = _registrations(project)
    groups: dict[str, list[Registration]] = {}
    for registration in registrations:
        if registration.trigger.kind == "middleware":
            continue
        groups.setdefault(_function_name(registration), []).append(registration)
    return [_handler(project, name, groups[name][0]) for name in sorted(groups)]


def _function_name(registration: Registration) -> str:
    kind = registration.trigger.kind
    if kind == "route":
        return API
    if kind not in TRIGGERS:
        raise Refused(f"{registration.at}: app.{kind} is not a trigger whose permissions are known")
    named = dict(registration.trigger.options).get("name")
    if named is None:
        return registration.function.name
    literals = literals_of(named)
    if literals is None or len(literals) != 1:
        raise Refused(f"{registration.at}: the name of a handler must be a literal text")
    return literals[0]


def _registrations(project: Project) -> list[Registration]:
    machine = Interpreter(project)
    _settle(machine, frozenset())
    return list(machine.registrations.values())


def _handler(project: Project, name: str, first: Registration) -> Handler:
    machine = Interpreter(project)
    try:
        _settle(machine, frozenset({name}))
    except Refused as refused:
        raise Refused(f"{refused} (reading what {name} can reach)") from None
    options = {} if name == API else dict(first.trigger.options)
    return Handler(name, first.trigger.kind, options, tuple(machine.calls.values()))


def _settle(machine: Interpreter, names: frozenset[str]) -> None:
    """Interpret app.py and the handlers of `names`; middleware runs around every handler."""

    def entry() -> None:
        frame = machine.module("app")
        for registration in list(machine.registrations.values()):
            is_middleware = registration.trigger.kind == "middleware"
            if names and (is_middleware or _function_name(registration) in names):
                function = frozenset({registration.function})
                machine.call(frame, registration.function.node, function, Arguments(star=OPAQUE, rest=OPAQUE))

    machine.settle(entry)
