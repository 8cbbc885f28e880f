"""Every code block of README and docs is run by a test, or listed here with the reason why it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ops.stages import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN = {  # (page, language of the block) -> what runs it
    ("README.md", "sh"): "tests/integration/test_readme_commands.py",
    ("README.md", "python"): "tests/integration/test_readme_commands.py",
    ("docs/lanes.md", "json"): "tests/functional/test_lane_examples.py",
    ("docs/add-a-lane.md", "python"): "tests/integration/test_add_a_lane.py",
    ("docs/add-a-lane.md", "diff"): "tests/integration/test_add_a_lane.py",
}
ELSEWHERE = {  # first line of a block -> why no test runs the block itself
    "S3 event                       start | park | report": "a picture",
    "make run": "tests/integration/test_run.py runs what it runs, on ports of its own",
    "python3 -m ops.venvs .venv=ops/locks/run.txt .venv-aws=ops/locks/aws.txt && "
    ".venv/bin/python -m ops run": "what make run does",
    "make test": "CI is this command",
    "make check     # lint, format, types, dead code, duplicates; ten seconds": "CI runs it first",
    ". .venv/bin/activate": "tests/integration/test_deploy.py deploys and destroys, without an account",
    "python3.12 -m venv .venv && .venv/bin/pip install -r ops/locks/run.txt && . .venv/bin/activate": (
        "needs an AWS account; tests/integration/test_deploy.py deploys by the same command"
    ),
    "aws secretsmanager get-secret-value --secret-id sluice-dev-api-token-reader --query SecretString "
    "--output text": "needs a deployed AWS stage",
    "aws secretsmanager get-random-password --password-length 48 --exclude-punctuation --query "
    "RandomPassword --output text |": "the same",
    "aws apigateway update-account --patch-operations \\": "needs an AWS account",
    "aws iam create-policy --policy-name sluice-boundary --policy-document "
    "file://docs/permissions-boundary.json": "needs an AWS account",
    f"python -m ops backfill --stage dev --prefix data/in/ --dry-run{' ' * 4}# counts what has no row": (
        "tests/functional/test_backfill.py runs the same code"
    ),
    "name: deploy": "GitHub runs it; docs/deploy.md says that nobody has",
    f"make destroy STAGE=dev{' ' * 20}# functions, API, triggers; the stack too, if it holds no data": (
        "tests/integration/test_deploy.py destroys by the same code"
    ),
    "python3 -m venv .venv-rivals && .venv-rivals/bin/pip install s3fs 'dlt[s3]' dagster-aws": (
        "installs what others made, to compare with; `make bench` works without"
    ),
    "python -m ops policies --stage local": "tests/integration/test_add_a_lane.py and test_run.py run each",
    "python -m ops config lint samples/config.json data/in/customers.csv data/in/customer.csv": (
        "tests/unit/test_config_command.py runs the command"
    ),
    '{"expected": {"by": "06:30", "timezone": "Europe/Berlin", "days": ["mon", "tue", "wed", '
    '"thu", "fri"]}}': "tests/functional/expected watches such files",
    '{"columns": ["customer_id", "name", "city"], "delimiter": ";"}': (
        "tests/functional/landing/test_rejected.py has such jobs"
    ),
    '{"$schema": "docs/contracts/job-config.schema.json", "jobs": []}': (
        "tests/unit/landing/test_entries.py reads one of this form"
    ),
}


def _blocks(page: Path) -> Iterator[tuple[str, str]]:
    for language, body in re.findall(r"^```(\w*).*?\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        yield language, body.strip().splitlines()[0]


def test_every_code_block_is_run_or_listed_with_a_reason() -> None:
    blocks = {(str(page.relative_to(ROOT)), *block) for page in PAGES for block in _blocks(page)}
    unrun = {(page, first) for page, language, first in blocks if (page, language) not in RUN}
    assert {(page, first) for page, first in unrun if first not in ELSEWHERE} == set()
    assert {first for first in ELSEWHERE if first not in {first for _, first in unrun}} == set(), "stale"


def test_what_runs_them_exists() -> None:
    assert [name for name in RUN.values() if not (ROOT / name).is_file()] == []
