"""A deployed Sluice as end-to-end tests use it: AWS clients, the API, the AWS CLI, and waiting."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
from botocore.config import Config

from chalicelib.settings import Settings
from ops.current_policies import write_current_policies
from ops.local.sluice import LocalSluice
from ops.policies.writing import EMULATORS
from ops.stages import LOCAL, ROOT, environment_of, load_stage
from tests.support.iam import policy_of, readings_shared

PROJECT = ("app.py", "chalicelib", "ops", "samples", "requirements.txt", ".chalice")
READERS_OF_THE_CONFIG = ("object_created", "csv_discovered", "execution_changed")
MADE_BY_TOOLS = ("deployed", "deployments", "venv")
Value = TypeVar("Value")


@dataclass(frozen=True)
class DeployedSluice:
    """One running Sluice; `names` is its functions' environment: LANDING_BUCKET and all the rest."""

    stack: LocalSluice
    names: dict[str, str]
    auth: bool

    def client(self, service: str, **settings: Any) -> Any:
        """Return a client of the embedded AWS; `settings` are botocore's Config."""
        environment = self.stack.environment
        session: Any = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_DEFAULT_REGION"],
        )
        return session.client(
            service, endpoint_url=environment["AWS_ENDPOINT_URL"], config=Config(**settings)
        )

    def api(
        self, path: str, token: str = "local-reader", method: str = "GET", json_body: Any = None
    ) -> tuple[int, Any]:
        """Call the API; return status and JSON (text when it is none). An empty token sends none."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = None if json_body is None else json.dumps(json_body).encode()
        request = Request(f"{self.stack.api_url}{path}", body, headers, method=method)
        try:
            with urlopen(request, timeout=30) as response:
                return response.status, _decoded(response.read())
        except HTTPError as error:
            with error:
                return error.code, _decoded(error.read())

    def aws_cli(self, *arguments: str) -> str:
        """Run the AWS CLI against this stack; return what it printed."""
        command = [str(cli_path()), "--endpoint-url", self.stack.environment["AWS_ENDPOINT_URL"], *arguments]
        result = subprocess.run(
            command, env=self.stack.environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    @contextmanager
    def changed(self, *functions: str, **variables: str) -> Iterator[None]:
        """Let functions have other environment variables, and rights by them, while the context lasts."""
        lambdas, before = self.client("lambda"), {}
        for function in functions:
            self._permit(function, self.names | variables)
        for name in (f"sluice-local-{function}" for function in functions):
            found = lambdas.get_function_configuration(FunctionName=name)
            before[name] = found["Environment"]["Variables"]
            changed = {"Variables": {**before[name], **variables}}
            lambdas.update_function_configuration(FunctionName=name, Environment=changed)
        yield
        for name, kept in before.items():
            lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": kept})
        for function in functions:
            self._permit(function, self.names)

    def _permit(self, function: str, environment: dict[str, str]) -> None:
        """Give a function the policy that a deploy with this environment derives, if roles are enforced."""
        if self.auth:
            policy = json.dumps(policy_of(function, Settings.from_environ(environment)))
            name = f"sluice-local-{function}"
            self.client("iam").put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy)

    def configure(self, config: bytes) -> None:
        """Upload a job config; no worker goes on with the one that a test before it uploaded a minute ago."""
        bucket, lambdas = self.names["LANDING_BUCKET"], self.client("lambda")
        self.client("s3").put_object(Bucket=bucket, Key="config/config.json", Body=config)
        for function in READERS_OF_THE_CONFIG:
            name = f"sluice-local-{function}"
            variables = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            fresh = {"Variables": {**variables, "CONFIGURED_AT": str(time.time())}}
            lambdas.update_function_configuration(FunctionName=name, Environment=fresh)

    def wait_for(self, find: Callable[[], Value], seconds: float = 30) -> Value:
        """Return the first truthy value of `find`; fail when there is none in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = find()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"nothing found in {seconds} s by {find}; see {self.stack.folder}/*.log")


def cli_path() -> Path:
    """Return the locked AWS CLI; a missing one is an error, never a skipped test."""
    path = Path(ROOT, os.environ.get("CLI_VENV", ".venv-cli"), "bin", "aws")
    assert path.exists(), f"{path} does not exist: run the tests by make test, which makes it"
    return path


def copy_project(folder: Path, project: Path = ROOT) -> Path:
    """Copy what a deploy needs, so that tests may edit it and leave nothing in the checkout.

    The copy has the policies that its code needs: else each deploy of a copy would read the code anew.
    """
    if project == ROOT:
        derive_policies()
    for name in PROJECT:
        source = project / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*MADE_BY_TOOLS))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


def derive_policies() -> None:
    """Write the policies of the stages that tests deploy, once for all workers of a run."""
    with (ROOT / "Makefile").open() as lock, readings_shared():
        fcntl.flock(lock, fcntl.LOCK_EX)
        for stage in map(load_stage, (LOCAL, "dev")):
            write_current_policies(stage, EMULATORS, environment_of(stage, EMULATORS))


def _decoded(body: bytes) -> Any:
    text = body.decode()
    try:
        return json.loads(text)
    except ValueError:
        return text
