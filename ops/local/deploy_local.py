"""`python -m ops deploy-local`: put edited code into the Sluice that `make run` started."""

from __future__ import annotations

import fcntl
import os
import signal
import time

from ops.errors import OperationError
from ops.local.run import configured, lock_path

RESTART_SECONDS = 60.0
POLL_SECONDS = 0.1


def command(arguments: list[str]) -> int:
    """Deploy the functions again, and have the running process restart its API."""
    if arguments:
        raise OperationError(f"deploy-local takes no arguments, only AWS_PORT; got {arguments}")
    started = time.monotonic()
    sluice = configured()
    runner = _runner(sluice.aws_port)
    sluice.deploy(print)
    before = lock_path(sluice.aws_port).stat().st_mtime_ns
    os.kill(runner, signal.SIGHUP)
    _await_restart(sluice.aws_port, before)
    print(f"Deployed in {time.monotonic() - started:.1f} s")
    return 0


def _runner(aws_port: int) -> int:
    """Return the process id of the `make run` on `aws_port`, which holds the lock as long as it lives."""
    path = lock_path(aws_port)
    if path.exists():
        with path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
    raise OperationError(f"no Sluice runs on AWS_PORT={aws_port}: start it by make run")


def _await_restart(aws_port: int, before: int) -> None:
    """Wait until the run has touched its lock, which tells that its API answers with the edited code."""
    deadline = time.monotonic() + RESTART_SECONDS
    while lock_path(aws_port).stat().st_mtime_ns == before:
        _runner(aws_port)
        if time.monotonic() > deadline:
            raise OperationError(
                f"the API did not answer within {RESTART_SECONDS:.0f} s: see make run's terminal"
            )
        time.sleep(POLL_SECONDS)
