"""A whole Sluice on this machine: the embedded AWS, a `chalice deploy --stage local` onto it, the API."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from ops.chalice_cli import CHALICE, run_chalice
from ops.deploy.stack import Say
from ops.errors import OperationError
from ops.local.embedded_aws import client_environment, start_embedded_aws
from ops.local.end_with_parent import tied
from ops.local.processes import HOST, Child, require_free, start, wait_until
from ops.stages import LOCAL, ROOT

API_READY_SECONDS = 30.0
STEPS = re.compile(
    r"(Creating|Updating|Deriving|Removing|Deleting) (?!IAM|policy)"
)  # a role is its function's
DEFAULT_PORTS = {"AWS_PORT": 4566, "API_PORT": 8000}


@dataclass
class LocalSluice:
    """A Sluice deployed from `project`; `folder` holds its files, `children` are its processes.

    With `keep` its AWS remembers what it held when it was stopped.
    """

    aws_port: int
    api_port: int
    folder: Path
    project: Path = ROOT
    keep: bool = False
    children: list[Child] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which any AWS client calls this Sluice's AWS."""
        return client_environment(self.aws_port)

    @property
    def api_url(self) -> str:
        """The address of the API and the page."""
        return f"http://{HOST}:{self.api_port}"

    def deploy(self, say: Say) -> None:
        """Deploy the project as it is now and say each step; raise OperationError when Chalice fails."""

        def tell(line: str) -> None:
            if STEPS.match(line):
                say(f"  {line}")

        command = ("deploy", "--stage", LOCAL)
        run_chalice(*command, project=self.project, environ=self.environment, tell=tell)

    def start_api(self) -> None:
        """Start `chalice local` on the deployed stage; restart it with the code as it is now when it runs."""
        for child in [child for child in self.children if child.name == "the API"]:
            child.stop()
            self.children.remove(child)
        require_free(self.api_port, "API and page", "API_PORT")
        options = ["local", "--stage", LOCAL, "--port", str(self.api_port), "--no-autoreload"]
        command = tied(sys.executable, CHALICE, *options)
        api = start("the API", command, self.environment, self.project, self.folder / "api.log")
        self.children.append(api)
        wait_until(lambda: _answers(self.api_url), api, API_READY_SECONDS)


@contextmanager
def running(sluice: LocalSluice, say: Say, *, auth: bool = False) -> Iterator[LocalSluice]:
    """Start everything of `sluice` and stop it at the end, whatever happens."""
    require_free(sluice.api_port, "API and page", "API_PORT")
    try:
        say("Starting the embedded AWS")
        sluice.children.append(
            start_embedded_aws(sluice.aws_port, sluice.folder, auth=auth, keep=sluice.keep)
        )
        # a record of an earlier deploy may be of another port's; what is there is adopted
        (sluice.project / ".chalice" / "deployed" / "local.json").unlink(missing_ok=True)
        say("Deploying by chalice deploy --stage local")
        sluice.deploy(say)
        say("Starting API and page by chalice local")
        sluice.start_api()
        yield sluice
    finally:
        for child in reversed(sluice.children):
            child.stop()
        _remove_state(sluice.folder, keep=sluice.keep)


def _remove_state(folder: Path, *, keep: bool) -> None:
    """Remove the emulator's files, but not the logs, nor with `keep` what it is to remember."""
    for name in ("tmp",) if keep else ("s3", "state", "tmp"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=5):  # noqa: S310  # loopback
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def port_from(variable: str) -> int:
    """Return the port that AWS_PORT or API_PORT sets, or its default."""
    text = os.environ.get(variable) or str(DEFAULT_PORTS[variable])
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise OperationError(f"{variable}={text!r} is not a port; choose a number from 1 to 65535")
    return int(text)
