"""The child processes of a local Sluice: start them, wait for them, stop them with all their children."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ops.errors import OperationError

STOP_SECONDS = 5.0
POLL_SECONDS = 0.05
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Child:
    """A process in a process group of its own; its output goes to `log`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def tail(self) -> str:
        """Return the last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def stop(self) -> None:
        """End the process and everything it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def start(name: str, command: Sequence[str], environ: Mapping[str, str], folder: Path, log: Path) -> Child:
    """Start `command` in `folder`, out of reach of the terminal's Ctrl-C: the parent stops its children."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Child(name, process, log)


def wait_until(ready: Callable[[], bool], child: Child, seconds: float) -> None:
    """Wait for `ready`; raise OperationError with the log's end when the child ends or time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not child.is_running:
            raise OperationError(
                f"{child.name} ended right after its start; {child.log} says:\n{child.tail()}"
            )
        if time.monotonic() > deadline:
            raise OperationError(f"{child.name} was not ready in {seconds:.0f} s; see {child.log}")
        time.sleep(POLL_SECONDS)


def require_free(port: int, purpose: str, variable: str) -> None:
    """Raise OperationError when `port` cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise OperationError(
                f"port {port}, wanted for {purpose}, cannot be used ({error.strerror}). Stop what uses it, "
                f"or choose another: {variable}={port + 1} make run"
            ) from None


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
