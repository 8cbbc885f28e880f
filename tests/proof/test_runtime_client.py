"""The package under AWS's own runtime client, in a Python that has only what Lambda's runtime has."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.package.conftest import event_of
from tests.proof.runtime_api import invoke
from tests.support.emulation import LOCAL_ENVIRONMENT
from tests.support.iam import handlers

RUNTIME = ("awslambdaric", "runtime_client*.so", "simplejson", "snapshot_restore_py.py")
ENTRY = {"api_handler": "app.app"}


@pytest.fixture(scope="module")
def environ(
    zipped: Path, endpoint: str, boto: Path, proof_packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Lay out the task and the runtime as Lambda does; return the environment of a function."""
    task = tmp_path_factory.mktemp("task")
    with ZipFile(zipped) as archive:
        archive.extractall(task)
    for pattern in RUNTIME:
        (found,) = proof_packages.glob(pattern)
        (boto / found.name).symlink_to(found)
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **LOCAL_ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join([str(task), str(boto)]),
        "LAMBDA_TASK_ROOT": str(task),
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(name: str, environ: dict[str, str]) -> tuple[str, Any, list[str]]:
    """Invoke one handler as Lambda does."""
    python = shutil.which(f"python{sys.version_info[0]}.{sys.version_info[1]}") or sys.executable
    command = [python, "-P", "-S", "-m", "awslambdaric", ENTRY.get(name, f"app.{name}")]
    return invoke(command, environ, event_of(name))


@pytest.mark.parametrize("name", sorted(handlers()))
def test_a_handler_answers_and_each_line_it_writes_is_one_json_object(
    name: str, environ: dict[str, str]
) -> None:
    kind, body, written = run(name, environ)
    assert kind == "response", (body, written)
    assert [line for line in written if not isinstance(json.loads(line), dict)] == []
    assert len(written) == len(set(written))  # Lambda's own handler repeats none
    assert written or name != "object_created"
    if name == "ndjson_arrived":
        assert body == {"batchItemFailures": []}
    if name == "api_handler":
        assert json.loads(body["body"])["status"] == "ok"


def test_a_function_without_its_settings_fails_in_words(environ: dict[str, str]) -> None:
    without = {name: value for name, value in environ.items() if name != "CATALOG_TABLE"}
    kind, body, _ = run("object_created", without)
    assert (kind, body["errorType"]) == ("error", "SettingsError")
    assert "CATALOG_TABLE" in body["errorMessage"]
