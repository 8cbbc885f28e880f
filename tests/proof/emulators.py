"""Two emulators as programs of their own, at an address that a deploy does not take for an emulator's.

moto knows most services. LocalStack, without docker, imports APIs, and interprets state machines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from ops.aws_session import EMULATOR_ENVIRONMENT
from ops.local.end_with_parent import tied
from ops.local.processes import free_port, start, wait_until
from ops.stages import ROOT

HOST = "127.0.0.2"
READY_SECONDS = 120


@contextmanager
def localstack(folder: Path, **settings: str) -> Iterator[str]:
    """Run LocalStack with its files in `folder`; yield its address."""
    address = f"{HOST}:{free_port()}"
    environment = ROOT / os.environ["LOCALSTACK_VENV"]
    (program,) = environment.glob("lib/python3*/site-packages/localstack/runtime/main.py")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GATEWAY_LISTEN": address,
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "LOCALSTACK_VOLUME_DIR": str(folder / "volume"),
        "FILESYSTEM_ROOT": str(folder / "files"),
        **settings,
    }
    for name in ("volume", "files"):
        (folder / name).mkdir(parents=True)
    command = tied(str(environment / "bin" / "python"), str(program))
    child = start("LocalStack", command, environ, folder, folder / "localstack.log")
    try:
        wait_until(lambda: _answers(f"{address}/_localstack/health"), child, READY_SECONDS)
        yield f"http://{address}"
    finally:
        child.stop()


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """Run moto; yield its address."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("moto_server")), "--host", HOST, "--port", str(port)]
    child = start("moto", command, os.environ, folder, folder / "moto.log")
    try:
        wait_until(lambda: _answers(f"{HOST}:{port}/moto-api/data.json"), child, READY_SECONDS)
        yield f"http://{HOST}:{port}"
    finally:
        child.stop()


def _answers(url: str) -> bool:
    try:
        with urlopen(f"http://{url}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def client_of(address: str, service: str) -> Any:
    """Return a client of a service at `address`."""
    session: Any = boto3.Session(
        aws_access_key_id=EMULATOR_ENVIRONMENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=EMULATOR_ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
        region_name=EMULATOR_ENVIRONMENT["AWS_DEFAULT_REGION"],
    )
    return session.client(service, endpoint_url=address)
