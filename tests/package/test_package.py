"""The Lambda package: exactly what ships, and it runs on every Python that Lambda has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import botocore
import pytest

from benchmarks.support.lambda_package import link_runtime, unpack
from chalicelib.aws import trimmed_data
from ops import trimming
from ops.checks import package
from ops.compiled import compiled_name
from ops.errors import OperationError
from ops.stages import ROOT
from tests.package.conftest import event_of, packages_of
from tests.support.emulation import LOCAL_ENVIRONMENT
from tests.support.iam import handlers, readings_shared

CHECKED_HASH = (3).to_bytes(4, "little")  # PEP 552: by its source's hash, which is checked
OLDEST_BOTOCORE = ".".join(map(str, trimmed_data.OLDEST))
PYTHONS = ("3.11", "3.12", "3.13")
ENDPOINT_VARIABLES = ("PATH", "HOME")


def python_of(version: str) -> dict[str, str] | None:
    """Return the environment in which `pythonX.Y` runs, None when this machine has no such Python."""
    if not shutil.which(f"python{version}"):
        return None
    for choice in ({}, {"PYENV_VERSION": version}):  # a version manager's stand-in wants to be told
        environment = {name: os.environ[name] for name in ENDPOINT_VARIABLES if name in os.environ} | choice
        command = [f"python{version}", "-c", "pass"]
        if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
            return environment
    return None


def run_handlers(
    unpacked: Path, runtime: Path, endpoint: str, environment: dict[str, str], version: str
) -> Any:
    """Run every handler of an unpacked package in a bare Python; return its report."""
    script = Path(__file__).with_name("run_handlers.py")
    variables = {
        **environment,
        **LOCAL_ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join([str(unpacked), str(runtime)]),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    events = json.dumps({name: event_of(name) for name in handlers()})
    command = [f"python{version}", "-P", "-S", str(script)]  # -S: no site-packages of its own
    ran = subprocess.run(
        command, input=events, cwd=unpacked, env=variables, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_given_the_package_then_it_holds_exactly_what_ships(zipped: Path) -> None:
    assert package.faults(zipped) == []


def test_given_the_package_then_its_modules_are_compiled_and_each_knows_its_source(zipped: Path) -> None:
    with ZipFile(zipped) as archive:
        modules = [name for name in archive.namelist() if name.endswith(".py") and "tzdata" not in name]
        for name in modules:
            compiled = archive.read(compiled_name(name))
            assert compiled[:4] == MAGIC_NUMBER
            assert compiled[4:8] == CHECKED_HASH
            assert compiled[8:16] == source_hash(archive.read(name))
            times = {archive.getinfo(each).date_time for each in (name, compiled_name(name))}
            assert len(times) == 1, "the zip of the same sources is another each time"
    assert {"app.py", "chalice/app.py", "chalicelib/landing/routing.py"} <= set(modules)


@pytest.mark.parametrize("version", PYTHONS)
def test_given_the_package_unpacked_when_handlers_get_events_then_all_answer(
    zipped: Path, endpoint: str, tmp_path: Path, version: str
) -> None:
    environment = python_of(version)
    if environment is None:
        pytest.skip(f"this machine has no python{version}")
    unpacked = unpack(zipped, tmp_path / "task")

    report = run_handlers(unpacked, link_runtime(tmp_path / "runtime"), endpoint, environment, version)

    assert report["version"] == [int(part) for part in version.split(".")]
    assert report["app"] == str(unpacked)
    assert report["strangers"] == []
    assert_answered(report)


@pytest.mark.parametrize(("deploying", "running"), [("installed", "oldest"), ("oldest", "installed")])
def test_given_models_trimmed_from_another_botocore_then_the_runtimes_botocore_works_by_them(
    zipped: Path, endpoint: str, tmp_path: Path, deploying: str, running: str
) -> None:
    unpacked = unpack(zipped, tmp_path / "task")
    for name in trimming.names():
        (unpacked / name).unlink()
    program = "import sys, pathlib, ops.trimming; ops.trimming.write(pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(packages_of(deploying)), str(ROOT)])}
    command = [sys.executable, "-c", program, str(unpacked / trimming.PLACE)]
    subprocess.run(command, env=environment, check=True)
    libraries = link_runtime(tmp_path / "runtime", packages_of(running))
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"

    report = run_handlers(unpacked, libraries, endpoint, python_of(version) or {}, version)

    assert report["botocore"] == (OLDEST_BOTOCORE if running == "oldest" else botocore.__version__)
    assert_answered(report)


def assert_answered(report: Any) -> None:
    """Assert that every handler has answered, by clients of trimmed models alone."""
    assert {"s3", "dynamodb", "sqs", "stepfunctions", "sns", "endpoints"} <= report["trimmed"].keys()
    assert all(report["trimmed"].values())
    assert report["sessions"] == 1
    assert set(report["answers"]) == set(handlers())
    assert report["answers"]["object_created"][0]["status"] in {"triggered", "already_running"}
    assert report["answers"]["ndjson_arrived"] == {"batchItemFailures": []}
    assert json.loads(report["answers"]["api_handler"]["body"])["status"] == "ok"


def test_given_the_python_that_runs_the_tests_then_it_is_one_of_those_checked() -> None:
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in PYTHONS


def test_given_what_does_not_belong_or_is_missing_then_each_is_named(zipped: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.zip"
    with ZipFile(zipped) as archive, ZipFile(spoilt, "w") as other:
        for name in archive.namelist():
            if name != "chalicelib/settings.py":
                other.writestr(name, archive.read(name))
        other.writestr("boto3/__init__.py", os.urandom(package.MAX_BYTES))

    found = package.faults(spoilt)

    assert found[0] == "boto3/__init__.py is in the package and ships nowhere"
    assert found[1] == "chalicelib/settings.py is not in the package"
    assert "more than 1,500,000" in found[2]


def test_given_a_dependency_that_cannot_be_installed_then_the_build_fails(tmp_path: Path) -> None:
    project = tmp_path / "broken"
    for name in package.SOURCES:
        package._copy(ROOT / name, project / name)
    (project / "requirements.txt").write_text("./no-such-folder\n")

    with readings_shared(), pytest.raises(OperationError, match="chalice package failed"):
        package.build(tmp_path / "out", root=project)
