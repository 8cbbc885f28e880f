"""A signal ends `make run` wherever it comes in, within a call of the AWS client too."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from threading import Event, Thread

import boto3
import pytest
from botocore.config import Config

from ops.local import run
from ops.local.processes import HOST


@pytest.fixture
def stops_by_signal() -> Iterator[None]:
    """Have SIGINT stop this process as it stops `make run`."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGINT, run._request_stop)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("stops_by_signal")
def test_a_signal_during_a_call_is_not_taken_for_a_fault_of_the_network() -> None:
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()

        def interrupt() -> None:
            with silent.accept()[0] as connection:
                connection.recv(1)  # the client waits for its answer now
                os.kill(os.getpid(), signal.SIGINT)
                connection.recv(100_000)
                stopped.wait(5)

        stopped = Event()
        thread = Thread(target=interrupt)
        thread.start()
        endpoint = f"http://{HOST}:{silent.getsockname()[1]}"
        patience = Config(read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
        logs = boto3.client("logs", "us-east-1", endpoint_url=endpoint, config=patience)
        with pytest.raises(run.StopRequestError):
            logs.describe_log_groups()
        logs.close()
        stopped.set()
        thread.join()
