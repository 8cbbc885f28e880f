"""`make run` from start to end: it refuses a second run, takes edited code, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from ops.local.embedded_aws import client_environment
from ops.local.processes import HOST, free_port
from ops.stages import ROOT
from tests.support.deployed import copy_project

pytestmark = pytest.mark.xdist_group("run")
ALIVE_SECONDS = 60
STEPS = (
    "Deploying",
    "Creating lambda function: sluice-local-object_created",
    "Starting API",
    "Sluice is ready",
)


@dataclass
class Run:
    """A `python -m ops run` in a project of its own."""

    project: Path
    aws_port: int
    api_port: int
    process: subprocess.Popen[str]

    def ops(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the same project with the same ports."""
        return subprocess.run(
            [sys.executable, "-m", "ops", *arguments],
            cwd=self.project,
            env=_environment(self.aws_port, self.api_port) | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def health(self) -> str:
        """Return what the API says of its health."""
        with urlopen(f"http://{HOST}:{self.api_port}/health", timeout=5) as response:
            return str(response.read().decode())

    def is_gone(self) -> bool:
        """Return whether nothing listens on either port any more."""
        return not any(_listens(port) for port in (self.aws_port, self.api_port))


def _environment(aws_port: int, api_port: int) -> dict[str, str]:
    venv = str(ROOT / os.environ.get("AWS_VENV", ".venv-aws"))
    ports = {"AWS_PORT": str(aws_port), "API_PORT": str(api_port)}
    return client_environment(aws_port) | ports | {"AWS_VENV": venv, "PYTHONUNBUFFERED": "1"}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _await(run: Run, text: str) -> None:
    assert run.process.stdout
    lines = []
    for line in run.process.stdout:
        lines.append(line)
        if text in line:
            return
    raise AssertionError(f"ended without saying {text!r}: {''.join(lines)}")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Start a run and wait until it is ready."""
    project = copy_project(tmp_path / "project")
    aws_port, api_port = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "run"],
        cwd=project,
        env=_environment(aws_port, api_port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    run = Run(project, aws_port, api_port, process)
    with process:
        try:
            for step in STEPS:
                _await(run, step)
            yield run
        finally:
            process.kill()


def _shows_a_success_and_a_failure(run: Run) -> None:
    """Wait until the samples' executions have ended: orders are loaded, returns have no Glue job."""
    request = Request(f"http://{HOST}:{run.api_port}/files?limit=100")
    request.add_header("Authorization", "Bearer local-reader")
    deadline = time.monotonic() + ALIVE_SECONDS
    text = ""
    ends = ('"succeeded"', '"job_failed"')
    while not all(end in text for end in ends) and time.monotonic() < deadline:
        with urlopen(request, timeout=10) as response:
            text = response.read().decode()
        time.sleep(0.2)
    assert [end for end in ends if end in text] == [*ends]


def _gone_in_time(run: Run) -> bool:
    deadline = time.monotonic() + ALIVE_SECONDS
    while not run.is_gone() and time.monotonic() < deadline:
        time.sleep(0.1)
    return run.is_gone()


def test_a_second_run_is_refused_and_edited_code_is_taken(run: Run) -> None:
    second = run.ops("run")
    assert second.returncode == 1
    assert f"running already, as process {run.process.pid}" in second.stderr

    _shows_a_success_and_a_failure(run)
    version = run.project / "chalicelib" / "__init__.py"
    version.write_text(version.read_text().replace("__version__ = ", "__version__ = '9.9.9'  # "))
    deployed = run.ops("deploy-local")
    assert deployed.returncode == 0, deployed.stderr
    assert "Deriving the functions' policies" in deployed.stdout  # of this code for the first time
    assert "9.9.9" in run.health()  # at once: deploy-local returns when the API answers
    assert "already" in run.ops("clean-state").stderr

    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(ALIVE_SECONDS) == 0
    assert run.is_gone()
    assert not list((run.project / ".state").rglob("ministack-lambda-*"))
    assert list((run.project / ".state").rglob("customers.csv"))  # the next run goes on with it
    assert "forgotten" in run.ops("clean-state").stdout
    assert not list((run.project / ".state").rglob("customers.csv"))
    assert "make run" in run.ops("deploy-local").stderr


def test_a_killed_run_leaves_no_process(run: Run) -> None:
    run.process.kill()
    assert _gone_in_time(run)


@pytest.mark.parametrize("variable", ["AWS_PORT", "API_PORT"])
def test_a_port_in_use_is_named_with_the_way_out(variable: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"AWS_PORT": free_port(), "API_PORT": free_port(), variable: port}
        result = subprocess.run(
            [sys.executable, "-m", "ops", "run"],
            cwd=copy_project(tmp_path / "project"),
            env=_environment(ports["AWS_PORT"], ports["API_PORT"]),
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 1
    assert f"port {port}" in result.stderr
    assert f"{variable}={port + 1}" in result.stderr
