"""`python -m ops deploy-local`: put edited code into the Sluice that `make run` started."""

from __future__ import annotations

import fcntl
import os
import signal
import time

from ops.errors import OperationError
from ops.local.local_stack import LocalStack, port_from
from ops.local.run import STATE, lock_path


def command(arguments: list[str]) -> int:
    """Deploy the functions anew and have the running process start its API anew."""
    if arguments:
        raise OperationError(f"deploy-local takes no arguments, only AWS_PORT; got {arguments}")
    started = time.monotonic()
    aws_port = port_from("AWS_PORT", 4566)
    runner = _runner(aws_port)
    LocalStack(aws_port, port_from("API_PORT", 8000), STATE / f"aws-{aws_port}").deploy()
    os.kill(runner, signal.SIGHUP)
    print(f"Deployed in {time.monotonic() - started:.1f} s")
    return 0


def _runner(aws_port: int) -> int:
    """Return the process id of the run on `aws_port`; the lock tells whether it lives."""
    path = lock_path(aws_port)
    if path.exists():
        with path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
    raise OperationError(f"no Sluice runs on AWS_PORT={aws_port}: start it by make run")
