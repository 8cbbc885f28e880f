"""The NDJSON lane with eight workers beside one, each a process of its own, over HTTP on the embedded AWS.

Events claim files of 10 MB, all of one date, ten an invocation. So every worker wants the same lock, counter
and partition. Requests and items show what the contention costs. Wall time is the machine's, not AWS's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import cycle
from typing import Any

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.reporting import Budget, show
from benchmarks.support.scale import scaled

WORKERS = 8
FILES = scaled(400)
BUDGETS = {"requests/file": 3.3, "items read/file": 1.5, "lost or doubled": 0}  # the content check included
Events = list[dict[str, Any]]


def main() -> None:
    """Measure one worker, then eight, on an empty AWS each."""
    rows = [_measure(workers) for workers in (1, WORKERS)]
    for row in rows:
        row["ratio"] = row["requests/file"] / rows[0]["requests/file"]
    one, eight = rows
    budgets = [
        Budget(
            f"NDJSON, {WORKERS} workers, {name}", eight[name], limit, baseline=f"one worker {one[name]:.2f}"
        )
        for name, limit in BUDGETS.items()
    ]
    show("workers", f"NDJSON lane, {FILES} files of one date, content check on", rows, budgets)


def _measure(workers: int) -> dict[str, Any]:
    with embedded_aws() as environment:
        shares = _share(_asked("upload", environment, FILES), workers)
        running = [_start("work", environment) for _ in shares]
        for process in running:
            _answer(process)  # "ready"
        began = time.monotonic()
        for process, share in zip(running, shares, strict=True):
            _tell(process, share)
        counts = [_answer(process) for process in running]
        seconds = time.monotonic() - began
        stored = _asked("look", environment, None)
    return {
        "workers": workers,
        "requests/file": sum(count["requests"] for count in counts) / FILES,
        "items read/file": sum(count["items_read"] for count in counts) / FILES,
        "manifests": stored["manifests"],
        "pending": stored["pending"],
        "lost or doubled": stored["wrong"],
        "wall ms/file": seconds / FILES * 1000,
        "CPU ms/file": sum(count["cpu_seconds"] for count in counts) / FILES * 1000,
    }


def _share(events: Events, workers: int) -> list[Events]:
    shares: list[Events] = [[] for _ in range(workers)]
    for share, event in zip(cycle(shares), events, strict=False):
        share.append(event)
    return shares


def _start(what: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.support.lane_process", what]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _asked(what: str, environment: dict[str, str], given: object) -> Any:
    process = _start(what, environment)
    _tell(process, given)
    return _answer(process)


def _tell(process: subprocess.Popen[str], given: object) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(given) + "\n")
    process.stdin.flush()


def _answer(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


if __name__ == "__main__":
    main()
