"""A process beside the embedded AWS: it uploads files, works as a Lambda does, or looks at what is stored."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import app
from benchmarks.support.counting import counting
from tests.support.lanes.ndjson import LINES, MB, imbalance, manifests, messages, statuses, upload

# files that are read have their true size, so they are small, and batches are smaller by as much
SCALED = {
    "EXPECTED_FILE_SIZE_MB": f"{len(LINES) / MB:.30f}",
    "MAX_BATCH_SIZE_GB": f"{0.7 * len(LINES) / (10 * MB):.30f}",
}


def main() -> None:
    """Do what the command line names with one line of JSON; answer with one line of JSON."""
    what = sys.argv[1]
    os.environ.update(SCALED)
    if what == "work":
        app.ndjson()
        _say("ready")
    works: dict[str, Callable[[Any], object]] = {"upload": _upload, "work": _work, "look": _look}
    _say(works[what](json.loads(sys.stdin.readline())))


def _upload(files: int) -> list[dict[str, Any]]:
    return messages(*[upload(f"in/{number:06}.ndjson") for number in range(files)])


def _work(events: list[dict[str, Any]]) -> dict[str, float]:
    began = time.process_time()
    with counting() as count:
        for event in events:
            answer = app.ndjson_arrived(event, None)
            assert answer == {"batchItemFailures": []}, answer
    cpu_seconds = time.process_time() - began
    return {"requests": count.total, "items_read": count.items_read, "cpu_seconds": cpu_seconds}


def _look(_nothing: None) -> dict[str, int]:
    return {"manifests": len(manifests()), "pending": statuses()["pending"], "wrong": len(imbalance())}


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
