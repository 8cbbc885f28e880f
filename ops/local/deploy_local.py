"""`python -m ops deploy-local`: put edited code into the Sluice that `make run` started."""

from __future__ import annotations

import fcntl
import os
import signal
import time

from ops.errors import OperationError
from ops.local.run import configured, lock_path


def command(arguments: list[str]) -> int:
    """Deploy the functions again, and have the running process restart its API."""
    if arguments:
        raise OperationError(f"deploy-local takes no arguments, only AWS_PORT; got {arguments}")
    started = time.monotonic()
    sluice = configured()
    runner = _runner(sluice.aws_port)
    sluice.deploy()
    os.kill(runner, signal.SIGHUP)
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
