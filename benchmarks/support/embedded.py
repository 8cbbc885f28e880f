"""The embedded AWS with stage `local`, for benchmarks that need real HTTP or real concurrency."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.local.embedded_aws import client_environment, start_embedded_aws
from ops.local.processes import free_port
from ops.stages import LOCAL, ROOT, load_stage


@contextmanager
def embedded_aws() -> Iterator[dict[str, str]]:
    """Start an AWS with the stage's resources; yield the environment of its functions."""
    with TemporaryDirectory(prefix="sluice-bench-") as folder:
        port = int(os.environ.get("BENCH_AWS_PORT", "0")) or free_port()
        server = start_embedded_aws(port, Path(folder, "aws"))
        try:
            environment = client_environment(port)
            provision = [sys.executable, "-m", "ops", "provision", "--stage", LOCAL]
            subprocess.run(provision, cwd=ROOT, env=environment, check=True, capture_output=True)
            yield environment | load_stage(LOCAL).environment | {"LOG_LEVEL": "WARNING"}
        finally:
            server.stop()
