"""The embedded AWS: MiniStack in an environment of its own, on loopback, its files in one folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from ops.aws_session import EMULATOR_ENVIRONMENT
from ops.errors import OperationError
from ops.local.end_with_parent import tied
from ops.local.processes import HOST, Child, require_free, start, wait_until
from ops.stages import ROOT

ACCOUNT = "123456789012"
CONCURRENCY = 6  # measured: 500 uploads at once, none lost, in 414 MB
READY_SECONDS = 30.0
LAUNCHER = Path(__file__).with_name("ministack_launcher.py")
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE")


def start_embedded_aws(port: int, folder: Path, *, auth: bool = False, keep: bool = False) -> Child:
    """Start an AWS on `port` with its files in `folder`; `auth` enforces the functions' roles.

    It starts empty, unless `keep` has it go on where the last one stopped, and remember in its turn.
    """
    python = _python()
    require_free(port, "the embedded AWS", "AWS_PORT")
    shutil.rmtree(folder / "tmp" if keep else folder, ignore_errors=True)
    (folder / "tmp").mkdir(parents=True)
    command = tied(str(python), str(LAUNCHER))
    child = start(
        "the embedded AWS", command, _environment(port, folder, auth, keep), folder, folder / "aws.log"
    )
    try:
        wait_until(lambda: _answers(port), child, READY_SECONDS)
    except BaseException:
        child.stop()
        raise
    return child


def endpoint_url(port: int) -> str:
    """Return the address of the embedded AWS on `port`."""
    return f"http://{HOST}:{port}"


def client_environment(port: int) -> dict[str, str]:
    """Return this environment with the embedded AWS as its AWS, without a variable that leads elsewhere."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | {
        "AWS_ENDPOINT_URL": endpoint_url(port),
        **EMULATOR_ENVIRONMENT,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PORT": str(port),
    }


def _python() -> Path:
    """Return the embedded AWS's interpreter; it runs the functions, so it must be of this one's version."""
    python = Path(ROOT, os.environ.get("AWS_VENV", ".venv-aws"), "bin", "python")
    if not python.exists():
        raise OperationError(f"{python} does not exist: `make run` and `make test` make it")
    ask = [str(python), "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
    theirs = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    if theirs != ours:
        raise OperationError(
            f"{python} is Python {theirs}, and Sluice runs on {ours}: the zip is built for one version. "
            "Make both environments again by one Python: `make clean`, then the same command"
        )
    return python


def _environment(port: int, folder: Path, auth: bool, keep: bool) -> dict[str, str]:
    """Return the server's environment, without endpoint and credentials: its functions inherit it."""
    inherited = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return inherited | {
        "AUTH": str(auth).lower(),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "LAMBDA_ACCOUNT_CONCURRENCY": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_HOST": HOST,
        "PERSIST_STATE": str(int(keep)),
        "S3_DATA_DIR": str(folder / "s3"),
        "S3_PERSIST": str(int(keep)),
        "SLUICE_LOCAL_CONCURRENCY": str(CONCURRENCY),
        "STATE_DIR": str(folder / "state"),
        "TMPDIR": str(folder / "tmp"),
    }


def _answers(port: int) -> bool:
    try:
        with urlopen(f"{endpoint_url(port)}/_ministack/health", timeout=2) as response:  # noqa: S310  # loopback
            return bool(response.status == 200)
    except (URLError, OSError):
        return False
