"""The fault matrix: any scenario of any lane, with every fault that each of its AWS calls can meet.

A scenario runs once without faults. The cases follow from the calls it made, so a new call is covered the day
it is written. Each case starts from an empty AWS, runs the scenario with one fault, and recovers as the real
trigger and `reconcile` would. It is judged by stored state alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tests.faults.documented_errors import EFFECT_UNKNOWN, NO_ANSWER, UNSEEN_EFFECT, refusals
from tests.faults.dying import Call, Death, Failure, Fault, Meanwhile, Moment, Send, calls_of, run
from tests.faults.partial import partial_answers


@dataclass(frozen=True)
class Case:
    """One fault in one scenario and how the system recovers from it."""

    fault: Fault
    call: Call  # the call that meets the fault
    repeated: bool  # whether the trigger comes again; else only reconcile recovers

    @property
    def says_replaced(self) -> bool:
        """Tell whether S3 answered that the object to be deleted was replaced, so that it stays."""
        injected = self.fault.code if isinstance(self.fault, Failure) else ""
        return self.call.operation == "DeleteObject" and injected == "PreconditionFailed"

    def __str__(self) -> str:
        recovery = "redelivered" if self.repeated else "only reconciled"
        return f"{self.fault} ({self.call.operation}), then {recovery}"


class Scenario(Protocol):
    """One thing that happens to a lane; `begin` is what users do, `trigger` what AWS calls then."""

    @property
    def name(self) -> str:
        """The scenario's name in test ids and findings."""

    @property
    def reconcile_alone(self) -> bool:
        """Tell whether reconcile alone, with no event repeated, brings the outcome."""

    def begin(self) -> None:
        """Set up an empty AWS and do what users do."""

    def trigger(self) -> None:
        """Call the handler as AWS does; raise what it raises."""

    def redeliver(self) -> None:
        """Call it again as AWS does after a failure, as often as AWS does."""

    def reconcile(self) -> None:
        """Let time pass and run reconcile; raise if it reports an error."""

    def meanwhile(self) -> dict[str, Callable[[], None]]:
        """Return what others may do in the middle of the trigger, by name."""

    def faults(self, case: Case, /) -> list[str]:
        """Return what is wrong with what is stored after a case."""


@dataclass(frozen=True)
class NoAnswer:
    """The connection fails at call number `number`, before the call reaches AWS or after its effect."""

    number: int
    error: type[BotoCoreError]
    moment: Moment

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call, unless this is the one that fails; then raise botocore's error."""
        if call.number != self.number:
            return send()
        _ = send() if self.moment is Moment.AFTER else None
        raise self.error(endpoint_url="https://aws", error="injected")

    def __str__(self) -> str:
        return f"{self.error.__name__} {self.moment} call {self.number}"


@dataclass(frozen=True)
class Twice:
    """The first answer of call number `number` is lost, and botocore makes the call again."""

    number: int

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call, and once more if this is the one."""
        if call.number == self.number:
            send()
        return send()

    def __str__(self) -> str:
        return f"retried call {self.number}"


def cases_of(scenario: Scenario) -> list[Case]:
    """Run a scenario without faults and return every case of it."""
    scenario.begin()
    calls = calls_of(scenario.trigger)
    names = list(scenario.meanwhile())
    cases = []
    for call in calls:
        for fault in _faults_at(call, scenario, names):
            cases.append(Case(fault, call, repeated=True))
            if scenario.reconcile_alone:
                cases.append(Case(fault, call, repeated=False))
    return cases


def _faults_at(call: Call, scenario: Scenario, names: list[str]) -> Iterator[Fault]:
    number = call.number
    yield from (Death(number, moment) for moment in Moment)
    for code, status in refusals(call.service, call.operation):
        yield Failure(number, code, http_status=status)
        if code in EFFECT_UNKNOWN:
            yield Failure(number, code, Moment.AFTER, status)
    yield Failure(number, UNSEEN_EFFECT[0], Moment.AFTER, UNSEEN_EFFECT[1])
    yield NoAnswer(number, NO_ANSWER[number % len(NO_ANSWER)], Moment.BEFORE)
    yield NoAnswer(number, NO_ANSWER[0], Moment.AFTER)
    if call.service != "glue":  # Glue's client does not retry
        yield Twice(number)
    yield from partial_answers(call)
    for name in names:
        yield Meanwhile(number, Other(scenario, name))


@dataclass(frozen=True)
class Other:
    """What another does meanwhile, looked up by name when it happens: each case begins the scenario again."""

    scenario: Scenario
    name: str

    def __call__(self) -> None:
        """Let it happen; a failure of its own does not concern this process."""
        self.scenario.meanwhile()[self.name]()

    @property
    def __name__(self) -> str:  # the name in a fault's text
        return self.name


def judge(scenario: Scenario, case: Case) -> list[str]:
    """Run one case and return what is wrong afterwards, each finding with its case."""
    scenario.begin()
    with suppress(ClientError, BotoCoreError):  # AWS repeats a handler that raises
        run(scenario.trigger, case.fault)
    try:
        if case.repeated:
            scenario.redeliver()
        for _ in range(2):
            scenario.reconcile()
        found = scenario.faults(case)
    except Exception as error:  # a recovery that raises is a finding too
        found = [f"recovery raised {type(error).__name__}: {error}"]
    return [f"{scenario.name}: {case}: {each}" for each in found]
