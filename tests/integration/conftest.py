"""An embedded AWS of its own: `stack`, with Sluice deployed and its API, and `account`, which is empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local.demo import create_glue_jobs
from ops.local.embedded_aws import start_embedded_aws
from ops.local.processes import free_port
from ops.local.sluice import LocalSluice, running
from ops.stages import LOCAL, load_stage
from tests.support.account import Account
from tests.support.deployed import DeployedSluice, copy_project

# all tests of the stack are of one group, which stays in one worker: it is started once
ENFORCED = pytest.param("enforced", marks=pytest.mark.xdist_group("stack"))


@pytest.fixture(scope="session", params=[ENFORCED])
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedSluice]:
    """Start a whole Sluice with the samples' Glue jobs and roles enforced; test_run has one without."""
    folder = tmp_path_factory.mktemp("sluice")
    local = LocalSluice(free_port(), free_port(), folder / "aws", copy_project(folder / "project"))
    with running(local, print, auth=True):
        deployed = DeployedSluice(local, load_stage(LOCAL).environment, auth=True)
        create_glue_jobs(deployed.client("glue"))
        yield deployed


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    """Start an empty account."""
    port = free_port()
    child = start_embedded_aws(port, tmp_path / "aws")
    try:
        yield Account(port, copy_project(tmp_path / "project"))
    finally:
        child.stop()
