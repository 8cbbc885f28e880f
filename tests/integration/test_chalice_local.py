"""Plain `chalice local` serves a deployed stage `dev`, or says in one line how to start."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ops.local.embedded_aws import client_environment, start_embedded_aws
from ops.local.processes import HOST, free_port, start, wait_until
from tests.support.account import Account
from tests.support.builders import SEED_JOBS
from tests.support.deployed import copy_project
from tests.support.emulation import LOCAL_ENVIRONMENT

pytestmark = pytest.mark.xdist_group("deploy")
KEY = "data/in/customers.csv"


@contextmanager
def chalice_local(project: Path, environment: dict[str, str], folder: Path) -> Iterator[tuple[str, Path]]:
    """Run plain `chalice local` in `project`; yield its address and its log."""
    port, log = free_port(), folder / "local.log"
    chalice = str(Path(sys.executable).with_name("chalice"))
    command = [chalice, "local", "--port", str(port), "--no-autoreload"]
    child = start("the API", command, environment, project, log)
    address = f"http://{HOST}:{port}"
    try:
        wait_until(lambda: ask(address, "/health", "")[0] == 200, child, 30)
        yield address, log
    finally:
        child.stop()


def shell(port: int) -> dict[str, str]:
    """Return the environment of a user whose credentials are of the account on `port`."""
    return {name: value for name, value in client_environment(port).items() if name not in LOCAL_ENVIRONMENT}


def ask(address: str, path: str, token: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urlopen(Request(address + path, headers=headers), timeout=30) as reply:
            return reply.status, json.loads(reply.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
    except OSError:
        return 0, None


def test_with_credentials_it_serves_the_deployed_stage_dev(tmp_path: Path) -> None:
    port = free_port()
    child = start_embedded_aws(port, tmp_path / "aws")
    try:
        account = Account(port, copy_project(tmp_path / "project"))
        assert account.deploy().returncode == 0
        s3, landing = account.session.client("s3"), "sluice-dev-landing-123456789012"
        s3.put_object(Bucket=landing, Key="config/config.json", Body=json.dumps(SEED_JOBS).encode())
        s3.put_object(Bucket=landing, Key=KEY, Body=b"id,name\n1,Ada\n")
        account.await_rows("sluice-dev-catalog")
        secrets = account.session.client("secretsmanager")
        token = secrets.get_secret_value(SecretId="sluice-dev-api-token-reader")["SecretString"]
        with chalice_local(account.project, shell(port), tmp_path) as (address, log):
            assert ask(address, "/health", "")[1]["stage"] == "dev"
            assert ask(address, f"/file?key={KEY}", "local-reader")[0] == 401
            status, told = ask(address, f"/file?key={KEY}", token.strip())
            assert (status, told["items"][0]["bucket_name"]) == (200, landing)
            assert "serving stage dev" in log.read_text()
    finally:
        child.stop()


def test_without_any_aws_an_answer_leads_to_the_log_which_says_how_to_start(tmp_path: Path) -> None:
    environment = shell(free_port())
    del environment["AWS_ENDPOINT_URL"]
    with chalice_local(copy_project(tmp_path / "project"), environment, tmp_path) as (address, log):
        status, told = ask(address, "/files", "local-reader")
        said = log.read_text()
    assert status == 503
    assert "has no LANDING_BUCKET" in told["Message"]
    assert "look into the function's log" in told["Message"]
    assert len(re.findall("sluice: .*make run", said)) == 1
    assert "Traceback" not in said


@pytest.mark.parametrize("reloading", [[], ["--no-autoreload"]], ids=["reloading", "once"])
def test_an_unknown_stage_is_one_line_and_the_end(tmp_path: Path, reloading: list[str]) -> None:
    chalice = str(Path(sys.executable).with_name("chalice"))
    done = subprocess.run(
        [chalice, "local", "--stage", "nowhere", *reloading],
        cwd=copy_project(tmp_path / "project"),
        env=shell(free_port()),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Serving" not in done.stdout + done.stderr
