"""`python -m ops run`: run Sluice on this machine until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from botocore.exceptions import EndpointConnectionError

from ops.aws_session import EMULATOR_ENVIRONMENT
from ops.deploy.stack import Say
from ops.errors import OperationError
from ops.local.demo import upload_samples
from ops.local.embedded_aws import endpoint_url
from ops.local.follow import POLL_SECONDS, FunctionLogs, told
from ops.local.sluice import LocalSluice, port_from, running
from ops.stages import LOCAL, ROOT, load_stage, require_usable

STATE = ROOT / ".state"
WATCH_SECONDS = 0.2


class StopRequestError(BaseException):
    """A signal asked this process to end; botocore would take an `Exception` for a fault of the network."""


def command(arguments: list[str]) -> int:
    """Start everything, say where it is, and wait; stop all of it on Ctrl-C or SIGTERM."""
    if arguments:
        raise OperationError(f"run takes no arguments, only AWS_PORT, API_PORT and DEMO; got {arguments}")
    sluice = configured()
    if sluice.aws_port == sluice.api_port:
        raise OperationError(f"AWS_PORT and API_PORT are both {sluice.aws_port}; choose two different ones")
    require_usable(load_stage(LOCAL), load_stage(LOCAL).environment)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _request_stop)
    try:
        with only_one(sluice.aws_port), running(sluice, _timed()) as ready:
            logs = FunctionLogs(ready.aws_port)
            if os.environ.get("DEMO", "1") != "0":
                print("Uploading samples (DEMO=0 for none)")
                upload_samples(ready.environment)
            print(welcome(ready), flush=True)
            _watch(ready, None if os.environ.get("QUIET", "0") == "1" else logs)
    except StopRequestError:
        print(
            "\nSluice is stopped; the next make run goes on with what it holds (make clean-state forgets it)"
        )
    return 0


def configured() -> LocalSluice:
    """Return the Sluice on the ports that AWS_PORT and API_PORT name."""
    aws_port = port_from("AWS_PORT")
    return LocalSluice(aws_port, port_from("API_PORT"), STATE / f"aws-{aws_port}", keep=True)


def _request_stop(_number: int, _frame: object) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # a second signal must not cut stopping short
    raise StopRequestError


@contextmanager
def only_one(aws_port: int) -> Iterator[None]:
    """Hold the lock of `aws_port` in this checkout; raise OperationError when another run holds it."""
    path = lock_path(aws_port)
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    STATE.chmod(0o700)  # what lands in the embedded AWS is for no other user of this machine
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise OperationError(
                f"Sluice is running already, as process {lock.read().strip()}. Stop it there by Ctrl-C, put "
                f"edited code into it by make deploy-local, or start another: AWS_PORT={aws_port + 1} "
                f"API_PORT={port_from('API_PORT') + 1} make run"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def lock_path(aws_port: int) -> Path:
    """Return the file that a run on `aws_port` locks and writes its process id into."""
    return STATE / f"run-{aws_port}.pid"


def _timed() -> Say:
    """Return what prints each step with the seconds since the first."""
    started = time.monotonic()
    return lambda text: print(f"{time.monotonic() - started:5.1f} s  {text}", flush=True)


def _watch(sluice: LocalSluice, logs: FunctionLogs | None) -> None:
    """Tell what the functions do until a signal; restart the API on SIGHUP; raise when a process ended."""
    asked, due = list[int](), 0.0
    signal.signal(signal.SIGHUP, lambda number, _frame: asked.append(number))
    while True:
        time.sleep(WATCH_SECONDS)
        if asked:
            asked.clear()
            sluice.start_api()
            os.utime(lock_path(sluice.aws_port))  # tells deploy-local that it is done
            print("API and page run the edited code", flush=True)
        for child in sluice.children:
            if not child.is_running:
                raise OperationError(f"{child.name} ended by itself; {child.log} says:\n{child.tail()}")
        if logs and time.monotonic() >= due:
            _tell(logs)
            due = time.monotonic() + POLL_SECONDS


def _tell(logs: FunctionLogs) -> None:
    with suppress(EndpointConnectionError):  # the embedded AWS has ended, which the next look tells
        for line in logs.read():
            if text := told(line):
                print(text, flush=True)


def welcome(sluice: LocalSluice) -> str:
    """Return the addresses, tokens and commands that a person needs to go on."""
    landing = load_stage(LOCAL).environment["LANDING_BUCKET"]
    token = load_stage(LOCAL).environment["API_READER_TOKEN"]
    operator = load_stage(LOCAL).environment["API_OPERATOR_TOKEN"]
    endpoint = endpoint_url(sluice.aws_port)
    credentials = " ".join(f"{name}={value}" for name, value in EMULATOR_ENVIRONMENT.items())
    authorization = f"-H 'Authorization: Bearer {token}'"
    return f"""
Sluice is ready

  AWS endpoint  {endpoint}
  Page          {sluice.api_url}/  (token: {token} to look, {operator} to act as well)

Upload a file (no AWS CLI? make cli):
  {credentials} \\
    aws --endpoint-url {endpoint} \\
    s3 cp samples/customers.csv s3://{landing}/data/in/customers.csv
See what happened to it:
  curl -sf {authorization} \\
    '{sluice.api_url}/files?limit=5' | python3 -m json.tool

What happens is told below (QUIET=1 for nothing; make logs for all). Ctrl-C stops everything.
"""
