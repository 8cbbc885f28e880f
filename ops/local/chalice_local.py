"""Give a plain `chalice local` the environment of a stage.

A deployed stage is served from its own resources. Otherwise stage `local` is served, when the embedded AWS is
up. Without either the API still starts, and each of its answers says how to start the rest.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from ops.aws_session import locate, open_session
from ops.errors import OperationError
from ops.local.embedded_aws import client_environment
from ops.local.processes import HOST
from ops.local.sluice import DEFAULT_PORTS
from ops.stages import LOCAL, ROOT, environment_of, load_stage

DEFAULT_STAGE = "dev"
CONNECT_SECONDS = 0.5
MAX_PORT = 65_535


def prepare_local(
    stage_name: str | None, profile: str | None, environ: MutableMapping[str, str], root: Path = ROOT
) -> None:
    """Complete `environ` unless it names a stage's resources already; say in one line what is served."""
    if environ.get("LANDING_BUCKET"):
        return
    name = stage_name or DEFAULT_STAGE
    variables, served = _environment(name, profile, environ, root)
    environ.update(variables)
    print(f"sluice: {served}", file=sys.stderr)


def _environment(
    name: str, profile: str | None, environ: Mapping[str, str], root: Path
) -> tuple[dict[str, str], str]:
    load_stage(name)
    if (root / ".chalice" / "deployed" / f"{name}.json").exists():
        try:
            return environment_of(load_stage(name), locate(open_session(profile))), f"serving stage {name}"
        except (OperationError, BotoCoreError, ClientError) as error:
            return {}, f"stage {name} cannot be read: {' '.join(str(error).split())}"
    port = environ.get("AWS_PORT", str(DEFAULT_PORTS["AWS_PORT"]))
    if port.isdigit() and int(port) <= MAX_PORT and _answers(int(port)):
        return {**client_environment(int(port)), **load_stage(LOCAL).environment}, (
            f"stage {name} is not deployed; serving stage local from the embedded AWS on port {port}"
        )
    return {}, f"stage {name} is not deployed and no embedded AWS is up: start everything with make run"


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
