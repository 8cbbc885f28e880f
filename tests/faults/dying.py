"""Kill a process at any of its AWS calls, or make any of them fail, as AWS and Lambda do.

Every call of every boto3 client passes through a `Process` while it is `running`. It numbers the calls from
one, and its fault decides about each. A dead process stays dead: `ProcessDied` is a BaseException, so
no `except Exception` survives it, and every later call of the process raises it again. Calls are made one
at a time, because moto holds no lock while it checks a condition and writes.

    calls = calls_of(scenario)                      # a rehearsal: what the scenario calls, in order
    for death in deaths(calls):                     # before and after each of them
        died = run(scenario, death)                 # then redeliver, reconcile, and count what is stored
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.support.aws_calls import by_others

ONE_AT_A_TIME = threading.RLock()

Send = Callable[[], Any]
Scenario = Callable[[], object]


class ProcessDied(BaseException):
    """The process ended here, as by a timeout or a failing machine; only a test may catch it."""


@dataclass(frozen=True)
class Call:
    """One call of a client, numbered from one in the order the process made them."""

    number: int
    service: str
    operation: str
    parameters: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.number} {self.service}.{self.operation}"


Fault = Callable[[Call, Send], Any]


def no_fault(call: Call, send: Send) -> Any:
    """Let every call through."""
    return send()


class Moment(StrEnum):
    """Whether something happens before or after a call's effect."""

    BEFORE = "before"
    AFTER = "after"  # the call took effect, and its answer is lost


@dataclass(frozen=True)
class Death:
    """The process dies before or after its call number `number`."""

    number: int
    moment: Moment

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call, unless the process dies of it; then die."""
        if call.number != self.number:
            return send()
        if self.moment is Moment.AFTER:
            send()
        raise ProcessDied(f"{self.moment} {call}")

    def __str__(self) -> str:
        return f"dies {self.moment} call {self.number}"


@dataclass(frozen=True)
class Failure:
    """AWS answers call number `number` with an error, before or after its effect; the process lives on."""

    number: int
    code: str
    moment: Moment = Moment.BEFORE
    http_status: int = 400

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call, unless it is the one that fails."""
        if call.number != self.number:
            return send()
        if self.moment is Moment.AFTER:
            send()
        answer: Any = {
            "Error": {"Code": self.code, "Message": "injected by a test"},
            "ResponseMetadata": {"HTTPStatusCode": self.http_status},
        }
        raise ClientError(answer, call.operation)

    def __str__(self) -> str:
        return f"{self.code} {self.moment} call {self.number}"


@dataclass(frozen=True)
class Meanwhile:
    """Another worker or a user acts, from beginning to end, before or after call number `number`."""

    number: int
    happens: Scenario
    moment: Moment = Moment.BEFORE

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call, and let the other act if this is the call."""
        if call.number != self.number:
            return send()
        if self.moment is Moment.BEFORE:
            self._happen()
            return send()
        answer = send()
        self._happen()
        return answer

    def _happen(self) -> None:
        ONE_AT_A_TIME.release()  # else the other's threads would wait for this one
        try:
            with by_others():
                self.happens()
        finally:
            ONE_AT_A_TIME.acquire()

    def __str__(self) -> str:
        return f"{getattr(self.happens, '__name__', 'something')} {self.moment} call {self.number}"


class Nth:
    """A fault at the n-th call of `operation`, or at the n-th call of any when that is empty."""

    def __init__(self, operation: str, number: int, fault: Callable[[int], Fault]) -> None:
        self._operation = operation
        self._left = number
        self._fault = fault

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call; apply the fault if this is the n-th."""
        self._left -= self._operation in {"", call.operation}
        if self._left or (self._operation and call.operation != self._operation):
            return send()
        return self._fault(call.number)(call, send)


class Process:
    """One life of a process: the calls it made, and whether it is dead."""

    def __init__(self, fault: Fault = no_fault, clients: Iterable[object] | None = None) -> None:
        """Own the calls of `clients`, or of every client when None; several processes at once name theirs."""
        self.calls: list[Call] = []
        self.dead = False
        self._fault = fault
        self._clients = None if clients is None else {id(one) for one in clients}

    def owns(self, client: object) -> bool:
        """Tell whether this process makes the calls of `client`."""
        return self._clients is None or id(client) in self._clients

    def restart(self) -> None:
        """Begin another life, whose calls are numbered from one again."""
        self.calls.clear()
        self.dead = False

    def perform(self, service: str, operation: str, parameters: Mapping[str, Any], send: Send) -> Any:
        """Make one call, or not, as the fault decides."""
        if self.dead:
            raise ProcessDied("called after its death")
        call = Call(len(self.calls) + 1, service, operation, parameters)
        self.calls.append(call)
        try:
            return self._fault(call, send)
        except ProcessDied:
            self.dead = True
            raise


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Route the calls of all clients through the processes that own them, one call at a time."""
    real: Any = BaseClient._make_api_call  # type: ignore[attr-defined]  # the one place every call passes

    def routed(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        def send() -> Any:
            return real(client, operation, parameters)

        with ONE_AT_A_TIME:
            owner = next((process for process in processes if process.owns(client)), None)
            if owner is None:
                return send()
            return owner.perform(client.meta.service_model.service_name, operation, parameters, send)

    with patch.object(BaseClient, "_make_api_call", routed):
        yield


def run(scenario: Scenario, fault: Fault) -> bool:
    """Run `scenario` in a process with `fault`; tell whether the process died of it."""
    with running(Process(fault)):
        try:
            scenario()
        except ProcessDied:
            return True
    return False


def calls_of(scenario: Scenario) -> list[Call]:
    """Run `scenario` without faults and return its calls."""
    process = Process()
    with running(process):
        scenario()
    return process.calls


def deaths(calls: Iterable[Call]) -> list[Death]:
    """Return a death before and one after each of `calls`."""
    return [Death(call.number, moment) for call in calls for moment in Moment]
