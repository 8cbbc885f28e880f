"""Partial answers: AWS did only some of what a batch asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.dying import Call, Fault, Send


@dataclass(frozen=True)
class HalfSent:
    """SendMessageBatch accepts every other entry and fails the rest."""

    number: int

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call with half its entries."""
        if (call.number, call.operation) != (self.number, "SendMessageBatch"):
            return send()
        entries = list(call.parameters["Entries"])
        refused = entries[1::2] or entries
        accepted = [entry for entry in entries if entry not in refused]
        answer = _resend(call, send, "Entries", accepted) if accepted else {"Successful": []}
        code = {"Code": "InternalError", "SenderFault": False, "Message": "injected by a test"}
        return {**answer, "Failed": [{"Id": entry["Id"], **code} for entry in refused]}

    def __str__(self) -> str:
        return f"half of the messages refused at call {self.number}"


@dataclass(frozen=True)
class HalfRead:
    """BatchGetItem leaves every other key unread."""

    number: int

    def __call__(self, call: Call, send: Send) -> Any:
        """Make the call with half its keys."""
        if (call.number, call.operation) != (self.number, "BatchGetItem"):
            return send()
        ((table, request),) = call.parameters["RequestItems"].items()
        keys = list(request["Keys"])
        unread, read = keys[::2], keys[1::2]
        asked = {table: {**request, "Keys": read}}
        answer = _resend(call, send, "RequestItems", asked) if read else {"Responses": {}}
        return {**answer, "UnprocessedKeys": {table: {**request, "Keys": unread}}}

    def __str__(self) -> str:
        return f"half of the keys unread at call {self.number}"


def partial_answers(call: Call) -> Iterator[Fault]:
    """Yield the partial answers that this call's operation knows."""
    if call.operation == "SendMessageBatch":
        yield HalfSent(call.number)
    elif call.operation == "BatchGetItem":
        yield HalfRead(call.number)


def _resend(call: Call, send: Send, name: str, value: Any) -> Any:
    """Make the call with one parameter changed, in the dictionary that botocore sends."""
    parameters: Any = call.parameters
    kept = parameters[name]
    parameters[name] = value
    try:
        return send()
    finally:
        parameters[name] = kept
