"""Answers of the API: a status and a JSON body, whatever a view meets.

A refusal says what to do. Where AWS or the settings cannot be used, the answer says where to look, and on the
developer's machine how to start the system.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from chalicelib.aws.failures import describe_failure, way_out
from chalicelib.errors import RequestError, SettingsError
from chalicelib.logs import log

Body = dict[str, Any]
"""A JSON object, as a caller gets it."""


class Answer(NamedTuple):
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
    """Run a view; answer `{"Code", "Message"}` when it refuses the request or cannot reach AWS."""
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
    why = _of_settings(error) if isinstance(error, SettingsError) else describe_failure(error)
    message = f"Sluice cannot answer: {why}; {way_out()}"
    return Answer(503, {"Code": "ServiceUnavailableError", "Message": message})


def _of_settings(error: SettingsError) -> str:
    """Name the faults of settings without their values: anyone may read the answer."""
    wrong = [f"{fault.name} {fault.wrong}" for fault in error.faults if fault.value]
    missing = ", ".join(fault.name for fault in error.faults if not fault.value)
    return "; ".join([*wrong, *([f"this process has no {missing}"] if missing else [])])
