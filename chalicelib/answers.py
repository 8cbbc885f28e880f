"""Answers of the API: a status and a JSON body, whatever a view meets.

Refusals say what to do; a system that is not there says how to start it; nothing is a traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.aws.failures import describe_failure
from chalicelib.errors import RequestError, SettingsError
from chalicelib.logs import log

HOW_TO_START = (
    "start everything with `make run`, or serve a deployed stage with `chalice local --stage <stage>` and "
    "its AWS credentials"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets."""

    status: int
    body: Any


UNAUTHORIZED = Answer(
    401,
    {
        "Code": "UnauthorizedError",
        "Message": "A token is needed: send the header `Authorization: Bearer <token>` with a reader's "
        "or an operator's token; it may have been mistyped or rotated",
    },
)


def answer(view: Callable[[], Any]) -> Answer:
    """Run a view; turn what it refuses, and what it cannot reach, into `{"Code", "Message"}`."""
    try:
        return Answer(200, view())
    except RequestError as error:
        return Answer(error.status, {"Code": error.code, "Message": str(error)})
    except SettingsError as error:
        return unavailable(error)
    except Exception as error:
        if not describe_failure(error):
            raise
        return unavailable(error)


def unavailable(error: Exception) -> Answer:
    """Return the answer for a system that cannot be reached, in one line."""
    log.error("unavailable", extra={"error": str(error)})
    if isinstance(error, SettingsError):
        names = ", ".join(fault.partition("=")[0] for fault in error.faults)
        why = f"this process has no usable {names}"
    else:
        why = describe_failure(error)
    message = f"Sluice cannot answer: {why}; {HOW_TO_START}"
    return Answer(503, {"Code": "ServiceUnavailableError", "Message": message})
