"""The README's own commands, run against a deployed Sluice."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys

import pytest

from ops.stages import ROOT
from tests.support.deployed import DeployedSluice, cli_path

BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
ANSWERS = ('"status": "(triggered|succeeded)"', "", "data/new_files/")  # to what each block asks, if it does


@pytest.fixture
def configured(stack: DeployedSluice) -> DeployedSluice:
    """Upload what `make run` uploads before it says that it is ready."""
    stack.configure((ROOT / "samples" / "config.json").read_bytes())
    return stack


def test_the_readmes_blocks_do_what_it_says(configured: DeployedSluice) -> None:
    for (language, block), answer in zip(BLOCKS, ANSWERS, strict=True):
        before, pause, after = block.partition("sleep 2\n")
        done = _run(configured, language, before)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        if pause:  # a busy machine takes longer than a reader's
            assert "sleep" not in after
            settings = "".join(line for line in before.splitlines(True) if line.startswith("export"))
            configured.wait_for(functools.partial(_says, configured, settings + after, answer))


def _says(stack: DeployedSluice, code: str, answer: str) -> bool:
    return bool(re.search(answer, _run(stack, "sh", code).stdout))


def _run(stack: DeployedSluice, language: str, code: str) -> subprocess.CompletedProcess[str]:
    aws_url, api_url = stack.stack.environment["AWS_ENDPOINT_URL"], stack.stack.api_url
    code = code.replace("http://127.0.0.1:4566", aws_url).replace("http://127.0.0.1:8000", api_url)
    command = ["bash", "-euc", code] if language == "sh" else [sys.executable, "-c", code]
    environment = {**stack.stack.environment, "PATH": f"{cli_path().parent}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
