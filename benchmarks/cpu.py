"""CPU per file in Sluice's own code, botocore's share excluded: every AWS call is answered at once.

Log lines are written as in production (INFO), to nowhere. The baseline is the seeds taken literally, on kept
clients and the same answers: no validation, no identity, no log line.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import app
from benchmarks import literal_landing
from benchmarks.answered_aws import ETAG, FILE_SIZE, answered_aws
from benchmarks.scale import scaled
from benchmarks.tables import show
from chalicelib import logs
from tests.support import emulation  # noqa: F401 - puts the stage's environment in place
from tests.support.builders import NDJSON, s3_event, s3_record, sqs_event

ROUNDS = 7
FILES = scaled(300)  # of each round
BATCH = 10


def main() -> None:
    """Measure every handler that runs once per file."""
    with answered_aws(), contextlib.redirect_stdout(io.StringIO()):
        app.settings()
        logs.log.setLevel("INFO")
        rows = [
            _row("object_created", "routed", 1.0, "data/in/{}/customers.csv"),
            _row("object_created", "unmatched", 1.0, "data/in/{}.csv"),
            _row("object_created", "received", 1.0, "in/{}.csv"),
            _row("ndjson_arrived", "10 a message batch", 0.3, "in/2026-01-15/{}.ndjson"),
        ]
        logs.log.setLevel("WARNING")
    show("cpu", f"CPU of own code per file, ms, median of {ROUNDS} rounds of {FILES} files", rows)


def _row(handler: str, case: str, budget: float, key: str) -> dict[str, Any]:
    keys = [key.format(number) for number in range(FILES)]
    if handler == "ndjson_arrived":
        ours, literal = _milliseconds(app.ndjson_arrived, _batches(keys)), None
    else:
        ours = _milliseconds(app.object_created, [s3_event(name, etag=ETAG) for name in keys])
        literal = _milliseconds(_literal, keys)
    return {
        "handler": handler,
        "case": case,
        "ms/file": ours,
        "literal": literal or "",
        "ratio": ours / literal if literal else "",
        "budget": budget,
    }


def _milliseconds(handle: Callable[..., object], events: list[Any]) -> float:
    """Return the CPU milliseconds per file of handling `events`, which together hold FILES files."""
    given = (None,) if handle is not _literal else ()
    rounds = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        for event in events:
            handle(event, *given)
        rounds.append((time.process_time() - began) / FILES * 1000)
    return median(rounds[1:])


def _batches(keys: list[str]) -> list[Any]:
    records = [s3_record(key, bucket=NDJSON, etag=ETAG, size=FILE_SIZE) for key in keys]
    bodies = [{"Records": [record]} for record in records]
    return [sqs_event(*bodies[start : start + BATCH]) for start in range(0, len(bodies), BATCH)]


def _literal(key: str) -> None:
    literal_landing.catalogue(key)
    if key.startswith("data/in/"):
        literal_landing.route(key)


if __name__ == "__main__":
    main()
