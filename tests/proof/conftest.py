"""What the proofs stand on: the package and its events, and environments that `make proof` makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.support.lambda_package import link_runtime
from ops.stages import ROOT
from tests.package.conftest import endpoint, zipped

__all__ = ["endpoint", "zipped"]  # fixtures of the package's tests


@pytest.fixture(scope="module")
def boto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out boto3 as the Lambda runtime has it: beside the package, and nothing else with it."""
    return link_runtime(tmp_path_factory.mktemp("runtime") / "packages")


@pytest.fixture(scope="session")
def proof_packages() -> Path:
    """Return where AWS's runtime client and the validators are installed."""
    (found,) = (ROOT / os.environ["PROOF_VENV"]).glob("lib/python3*/site-packages")
    return found


@pytest.fixture(scope="session")
def node() -> Path:
    """Return where the commands that run on Node are; skip where there is no Node."""
    found = ROOT / os.environ["PROOF_NODE"] / "node_modules" / ".bin"
    if not found.is_dir():
        pytest.skip("npm is not installed, or `make proof` was not used")
    return found
