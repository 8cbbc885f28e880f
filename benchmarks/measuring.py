"""What the benchmarks of the scheduled lanes share: a synthetic AWS, and measured runs in fresh processes."""

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

from benchmarks.synthetic_aws import Tree
from ops.local.processes import free_port

ROOT = Path(__file__).resolve().parents[1]
STATES, STATE_KEY = "states", "state/processed_files.json"
WARM_TREE = "tree-1-1"
MB = 1024**2

Run = dict[str, Any]


class SyntheticAws:
    """The address of a running synthetic AWS, and where it keeps objects."""

    def __init__(self, endpoint: str, store: Path = Path()) -> None:
        self.endpoint = endpoint
        self.store = store

    def object(self, bucket: str, key: str) -> Path:
        """Return the file that holds an object."""
        return self.store / f"{bucket}/{key}".replace("/", "|")

    def requests(self) -> dict[str, int]:
        """Return the requests since the last time of asking, by operation."""
        with urlopen(self.endpoint + "/_requests") as answer:
            counts: dict[str, int] = json.load(answer)
        return counts


@contextmanager
def synthetic_aws(latency_ms: float = 0) -> Iterator[SyntheticAws]:
    """Run a synthetic AWS in a process of its own."""
    port = free_port()
    with TemporaryDirectory(prefix="sluice-bench-") as folder:
        command = [sys.executable, "-m", "benchmarks.synthetic_aws", str(port), str(latency_ms), folder]
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
    """Run one of `benchmarks.listers` over a tree in a fresh process and return what it measured."""
    variables = {
        **_stage_local(),
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "LANDING_BUCKET": tree,
        "S3_SOURCE_BUCKET": tree,
        "S3_STATE_BUCKET": STATES,
        "SQS_QUEUE_URL": aws.endpoint + "/123456789012/discovered",
        "LOG_LEVEL": "CRITICAL",  # a queue that keeps nothing and a state that is new are no news here
    }
    output = subprocess.run(
        [python, "-m", "benchmarks.listers", implementation],
        cwd=ROOT,
        env=os.environ | variables | environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    run: Run = json.loads(output.splitlines()[-1])
    return run


def write_state(aws: SyntheticAws, name: str) -> None:
    """Store the document that a finished scan of a tree leaves."""
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


def _stage_local() -> dict[str, str]:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    variables: dict[str, str] = config["stages"]["local"]["environment_variables"]
    return variables


class Meter:
    """CPU, wall time and peak memory above what the process had when the meter was made."""

    def __init__(self) -> None:
        self._base = _status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        self._cpu = time.process_time()
        self._wall = time.monotonic()

    def read(self) -> Run:
        """Return what was used since."""
        return {
            "cpu_seconds": time.process_time() - self._cpu,
            "wall_seconds": time.monotonic() - self._wall,
            "peak_mb_above_base": (_status("VmHWM") - self._base) / MB,
        }


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def best(runs: Iterable[Run], field: str = "cpu_seconds") -> Run:
    """Return the run that was disturbed least."""
    return min(runs, key=lambda run: float(run[field]))
