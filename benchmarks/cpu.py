"""CPU per file in Sluice's own code, without botocore's share: every AWS call is answered at once.

Log lines are written as in production (INFO), to nowhere. The baseline is the literal seeds with kept clients
and the same answers. They validate nothing, compute no identity and write no log line.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

import app
from benchmarks.seeds import landing, ndjson
from benchmarks.support.instant_aws import ETAG, FILE_SIZE, instant_aws
from benchmarks.support.messages import discovery_message
from benchmarks.support.reporting import Budget, Row, show
from benchmarks.support.scale import scaled
from chalicelib import logs
from tests.support import emulation  # noqa: F401 - sets the stage's environment
from tests.support.builders import NDJSON, s3_event, s3_record, sqs_event

ROUNDS = 7
FILES = scaled(300)  # of each round
BATCH = 10
BUDGETS = {"object_created": 0.25, "csv_discovered": 0.2, "ndjson_arrived": 0.3}


def main() -> None:
    """Measure every handler that runs once per file."""
    with instant_aws(), contextlib.redirect_stdout(io.StringIO()):
        app.settings()
        logs.log.setLevel("INFO")
        rows = [
            _row("object_created", "routed", "data/in/{}/customers.csv"),
            _row("object_created", "unmatched", "data/in/{}.csv"),
            _row("object_created", "received", "in/{}.csv"),
            _row("csv_discovered", "routed, ten a batch", "incoming/{}/customers.csv"),
            _row("ndjson_arrived", "content checked, ten a batch", "in/2026-01-15/{}.ndjson"),
        ]
        logs.log.setLevel("WARNING")
    title = f"CPU of own code per file, ms, the best of {ROUNDS} rounds of {FILES} files"
    show("cpu", title, rows, [_budget(handler, rows) for handler in BUDGETS])


def _row(handler: str, case: str, key: str) -> Row:
    keys = [key.format(number) for number in range(FILES)]
    events = _events(handler, keys)
    ours = _milliseconds(lambda event: getattr(app, handler)(event, None), events)
    if handler == "ndjson_arrived":
        literal = _milliseconds(ndjson.handler, events)
    else:
        literal = _milliseconds(_literal, keys)
    return {
        "handler": handler,
        "case": case,
        "ms/file": ours,
        "literal seed": literal,
        "ratio": ours / literal,
    }


def _budget(handler: str, rows: list[Row]) -> Budget:
    worst = max((row for row in rows if row["handler"] == handler), key=lambda row: float(row["ms/file"]))
    baseline = f"literal seed {worst['literal seed']:.2f} ms"
    what = f"Own CPU per file, {handler}, {worst['case']}"
    return Budget(what, worst["ms/file"], BUDGETS[handler], "ms", baseline, worst["ratio"])


def _milliseconds(handle: Callable[[Any], object], events: list[Any]) -> float:
    """Return the CPU milliseconds per file of handling `events`, which together hold FILES files."""
    rounds = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        for event in events:
            handle(event)
        rounds.append((time.process_time() - began) / FILES * 1000)
    return min(rounds[1:])


def _events(handler: str, keys: list[str]) -> list[Any]:
    if handler == "object_created":
        return [s3_event(key, etag=ETAG) for key in keys]
    if handler == "csv_discovered":
        messages = [discovery_message(key, ETAG, FILE_SIZE) for key in keys]
        return [sqs_event(*messages[start : start + BATCH]) for start in range(0, len(messages), BATCH)]
    return _batches(keys)


def _batches(keys: list[str]) -> list[Any]:
    records = [s3_record(key, bucket=NDJSON, etag=ETAG, size=FILE_SIZE) for key in keys]
    bodies = [{"Records": [record]} for record in records]
    return [sqs_event(*bodies[start : start + BATCH]) for start in range(0, len(bodies), BATCH)]


def _literal(key: str) -> None:
    landing.catalogue(key)
    if key.startswith(("data/in/", "incoming/")):
        landing.route(key)


if __name__ == "__main__":
    main()
