"""The README's own commands, run against a deployed Sluice."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from ops.stages import ROOT
from tests.support.deployed import DeployedSluice, cli_path

BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def configured(stack: DeployedSluice) -> DeployedSluice:
    """Upload what `make run` uploads before it says that it is ready."""
    stack.configure((ROOT / "samples" / "config.json").read_bytes())
    return stack


def test_the_readmes_blocks_do_what_it_says(configured: DeployedSluice) -> None:
    aws_url, api_url = configured.stack.environment["AWS_ENDPOINT_URL"], configured.stack.api_url
    path = f"{cli_path().parent}:{os.environ['PATH']}"
    printed = ""
    for language, block in BLOCKS:
        code = block.replace("http://127.0.0.1:4566", aws_url).replace("http://127.0.0.1:8000", api_url)
        command = ["bash", "-euc", code] if language == "sh" else [sys.executable, "-c", code]
        environment = {**configured.stack.environment, "PATH": path}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        printed += done.stdout
    assert len(BLOCKS) >= 3
    assert re.search('"status": "(triggered|succeeded)"', printed)
    assert "data/new_files/" in printed
