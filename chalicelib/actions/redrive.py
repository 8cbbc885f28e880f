"""`POST /redrive`: dead letters go back to the queue they came from, or are processed again.

A message is sent, then its dead letter is deleted: a process that dies in between leaves both, which the
lanes absorb. Dead letters of the landing lane and of EventBridge are failed invocations, so each is processed
at once and leaves its queue when that succeeds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.actions.requests import read_body, read_text
from chalicelib.api.answers import Body
from chalicelib.api.http_request import Operator
from chalicelib.aws.redrive import DeadLetter, DeadLetterQueue, MessageTarget
from chalicelib.errors import RequestError
from chalicelib.landing.lane import Landing
from chalicelib.landing.routing import object_created
from chalicelib.logs import log
from chalicelib.ndjson.lane import Ndjson
from chalicelib.runs.changes import execution_changed
from chalicelib.runs.lane import Runs
from chalicelib.runs.manifest_runs import glue_run_changed

QUEUES = ("ndjson", "discovered", "landing", "events")
MAX_MESSAGES = 100  # of one call


@dataclass(frozen=True, slots=True)
class Redrives:
    """The dead-letter queues and where their messages belong."""

    ndjson_dead: DeadLetterQueue
    ndjson: MessageTarget
    discovered_dead: DeadLetterQueue
    discovered: MessageTarget
    landing_dead: DeadLetterQueue
    landing: Landing
    events_dead: DeadLetterQueue
    runs: Runs
    batches: Ndjson


def redrive(redrives: Redrives, body: object, operator: Operator) -> Body:
    """Redrive up to a hundred dead letters of one queue; `more` tells that others may be left."""
    name = read_text(read_body(body, "queue"), "queue")
    if name not in QUEUES:
        raise RequestError(f"queue={name[:80]!r} is not accepted: use one of {', '.join(QUEUES)}")
    if name == "ndjson":
        done = _drain(redrives.ndjson_dead, lambda letter: redrives.ndjson.send(letter.body))
    elif name == "discovered":
        done = _drain(redrives.discovered_dead, lambda letter: redrives.discovered.send(letter.body))
    elif name == "events":
        done = _drain(redrives.events_dead, lambda letter: _tell(redrives, letter))
    else:
        done = _drain(redrives.landing_dead, lambda letter: _process(redrives.landing, letter))
    log.info("redriven", extra={"queue": name, "by": operator.role, "address": operator.address, **done})
    return {"queue": name, **done}


def _drain(queue: DeadLetterQueue, handle: Callable[[DeadLetter], None]) -> Body:
    moved, reasons = 0, list[str]()
    while moved + len(reasons) < MAX_MESSAGES:
        letters = queue.receive()
        if not letters:
            return {"moved": moved, "failed": len(reasons), "reasons": reasons[:10], "more": False}
        for letter in letters:
            try:
                handle(letter)
            except Exception as error:
                log.warning("redrive failed", extra={"queue": queue.name, "reason": str(error)})
                reasons.append(f"{type(error).__name__}: {error}"[:300])
            else:
                queue.delete(letter)
                moved += 1
    return {"moved": moved, "failed": len(reasons), "reasons": reasons[:10], "more": True}


def _process(landing: Landing, letter: DeadLetter) -> None:
    object_created(landing, _event(letter))


def _tell(redrives: Redrives, letter: DeadLetter) -> None:
    """Record what an event tells; a schedule's has no more to do, since a later run did its work."""
    event = _event(letter)
    if event.get("source") == "aws.glue":
        glue_run_changed(redrives.batches, event)
    elif event.get("source") != "aws.events":
        execution_changed(redrives.runs, event)


def _event(letter: DeadLetter) -> Body:
    payload: Body = json.loads(letter.body)
    found: Body = payload.get("requestPayload", payload)  # a failure destination wraps the event
    return found
