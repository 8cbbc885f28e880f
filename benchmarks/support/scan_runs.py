"""Measured runs of scans in fresh processes, over a synthetic AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.support.synthetic_aws import Tree
from ops.local.processes import free_port
from ops.stages import LOCAL, ROOT, load_stage

STATES, STATE_KEY = "states", "state/processed_files.json"
WARM_TREE = "tree-1-1"
MB = 1024**2

Run = dict[str, Any]


class SyntheticAws:
    """A running synthetic AWS: its address and the folder of its objects."""

    def __init__(self, endpoint: str, store: Path = Path()) -> None:
        self.endpoint = endpoint
        self.store = store

    def object(self, bucket: str, key: str) -> Path:
        """Return the file that holds an object."""
        return self.store / f"{bucket}/{key}".replace("/", "|")

    def requests(self) -> dict[str, int]:
        """Return the requests since the last look, by operation."""
        with urlopen(self.endpoint + "/_requests") as answer:
            counts: dict[str, int] = json.load(answer)
        return counts


@contextmanager
def synthetic_aws(latency_ms: float = 0) -> Iterator[SyntheticAws]:
    """Run a synthetic AWS in a process of its own."""
    port = free_port()
    with TemporaryDirectory(prefix="sluice-bench-") as folder:
        command = [
            sys.executable,
            "-m",
            "benchmarks.support.synthetic_aws",
            str(port),
            str(latency_ms),
            folder,
        ]
        server = subprocess.Popen(command, cwd=ROOT)
        try:
            aws = SyntheticAws(f"http://127.0.0.1:{port}", Path(folder))
            _wait_for(aws)
            yield aws
        finally:
            server.terminate()
            server.wait()


def _wait_for(aws: SyntheticAws) -> None:
    for _ in range(100):
        try:
            aws.requests()
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"nothing answers at {aws.endpoint}")


def measured(
    aws: SyntheticAws, implementation: str, tree: str, python: str = sys.executable, **environment: str
) -> Run:
    """Run an implementation of `scan_process` over a tree in a fresh process; return what it measured."""
    variables = {
        **load_stage(LOCAL).environment,
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LANDING_BUCKET": tree,
        "S3_SOURCE_BUCKET": tree,
        "S3_STATE_BUCKET": STATES,
        "SQS_QUEUE_URL": aws.endpoint + "/123456789012/discovered",
        "LOG_LEVEL": "CRITICAL",  # warnings of an empty state and a queue without messages
    }
    output = subprocess.run(
        [python, "-m", "benchmarks.support.scan_process", implementation],
        cwd=ROOT,
        env=os.environ | variables | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    run: Run = json.loads(output.splitlines()[-1])
    return run


def write_state(aws: SyntheticAws, name: str) -> None:
    """Store the state document that a finished scan of a tree leaves."""
    from chalicelib.discovery.state_document import entry
    from chalicelib.discovery.state_spool import StateSpool

    tree = Tree(name)
    with StateSpool() as spool, aws.object(STATES, STATE_KEY).open("wb") as file:
        for number in range(tree.keys):
            key = tree.key(number)
            spool.write(
                [entry(key, number % 997 + 1, key.split("/")[1], f"{number:032x}", "2026-01-31T12:00:00Z")]
            )
        body = spool.body("")
        while piece := body.read(1 << 20):
            file.write(piece)


class Meter:
    """CPU and wall time since the meter was made, and peak memory above what the process then had."""

    def __init__(self) -> None:
        self._base = _status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        self._cpu = time.process_time()
        self._wall = time.monotonic()

    def read(self) -> Run:
        """Return what the process has used."""
        return {
            "cpu_seconds": time.process_time() - self._cpu,
            "wall_seconds": time.monotonic() - self._wall,
            "peak_mb_above_base": (_status("VmHWM") - self._base) / MB,
        }


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def best(runs: Iterable[Run], field: str = "cpu_seconds") -> Run:
    """Return the run with the least of `field`: the one that the machine disturbed least."""
    return min(runs, key=lambda run: float(run[field]))
