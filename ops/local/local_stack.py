"""A whole Sluice on this machine: embedded AWS, a real `chalice deploy --stage local`, the API."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from ops.errors import OperationError
from ops.local.embedded_aws import client_environment, start_embedded_aws
from ops.local.processes import HOST, Child, require_free, start, wait_until
from ops.stages import ROOT

API_READY_SECONDS = 30.0
Say = Callable[[str], None]


@dataclass
class LocalStack:
    """A Sluice deployed from `project`; `aws` and `api` are its processes."""

    aws_port: int
    api_port: int
    folder: Path
    project: Path = ROOT
    children: list[Child] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which any AWS client talks to this stack."""
        return client_environment(self.aws_port)

    @property
    def api_url(self) -> str:
        """The address of API and page."""
        return f"http://{HOST}:{self.api_port}"

    def deploy(self) -> str:
        """Deploy the project as it is now; return what Chalice said, raise OperationError when it fails."""
        command = [str(Path(sys.executable).with_name("chalice")), "deploy", "--stage", "local"]
        result = subprocess.run(
            command, cwd=self.project, env=self.environment, capture_output=True, text=True, check=False
        )
        output = result.stdout + result.stderr
        if result.returncode or "Could not install dependencies" in output:
            raise OperationError(f"chalice deploy --stage local failed:\n{output}")
        return output

    def start_api(self) -> None:
        """Start `chalice local` on the deployed stage, or start it again with the code as it is now."""
        for child in [child for child in self.children if child.name == "the API"]:
            child.stop()
            self.children.remove(child)
        require_free(self.api_port, "API and page", "API_PORT")
        options = ["local", "--stage", "local", "--port", str(self.api_port), "--no-autoreload"]
        chalice = str(Path(sys.executable).with_name("chalice"))
        command = [sys.executable, str(ROOT / "ops" / "tether.py"), chalice, *options]
        api = start("the API", command, self.environment, self.project, self.folder / "api.log")
        self.children.append(api)
        wait_until(lambda: _answers(self.api_url), api, API_READY_SECONDS)


@contextmanager
def running(stack: LocalStack, say: Say, *, auth: bool = False) -> Iterator[LocalStack]:
    """Start everything of `stack` and stop it at the end, whatever happens."""
    require_free(stack.api_port, "API and page", "API_PORT")
    try:
        say("Starting the embedded AWS")
        stack.children.append(start_embedded_aws(stack.aws_port, stack.folder, auth=auth))
        # what an earlier embedded AWS held went with it
        (stack.project / ".chalice" / "deployed" / "local.json").unlink(missing_ok=True)
        say("Deploying by chalice deploy --stage local")
        stack.deploy()
        say("Starting API and page by chalice local")
        stack.start_api()
        yield stack
    finally:
        for child in reversed(stack.children):
            child.stop()
        _forget(stack.folder)


def _forget(folder: Path) -> None:
    """Remove the emulator's files, and keep the logs."""
    for name in ("s3", "state", "tmp"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=5):  # noqa: S310  # loopback
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def port_from(variable: str, default: int) -> int:
    """Return the port that an environment variable sets."""
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise OperationError(f"{variable}={text!r} is not a port; choose a number from 1 to 65535")
    return int(text)
