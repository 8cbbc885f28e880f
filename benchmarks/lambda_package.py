"""The deployed zip on this machine: built by Chalice, unpacked as Lambda does, beside the runtime's boto3."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

from ops.stages import ROOT

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")


def build_zip(folder: Path, project: Path = ROOT) -> Path:
    """Build `project`'s zip into `folder`, in Terraform's format: the one that knows S3 events."""
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", "local"]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run(
        [*command, "--pkg-format", "terraform", str(folder)],
        cwd=project,
        env=environment,
        check=True,
        capture_output=True,
    )
    return folder / "deployment.zip"


def unpack(package: Path, folder: Path) -> Path:
    """Unpack the zip: sources only, which Lambda compiles anew in every process (/var/task is read-only)."""
    with ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def link_runtime(folder: Path) -> Path:
    """Link boto3 and what it needs into `folder`, and nothing else, as Lambda's runtime has them."""
    folder.mkdir(parents=True)
    for distribution in RUNTIME:
        for part in _parts(distribution):
            (folder / part.name).symlink_to(part)
    return folder


def _parts(distribution: str) -> list[Path]:
    files = metadata.files(distribution) or []
    tops = {file.parts[0] for file in files if file.parts[0] != ".."} - {"__pycache__"}
    found = [Path(str(metadata.distribution(distribution).locate_file(top))) for top in sorted(tops)]
    return [part for part in found if not part.name.endswith(".dist-info")]
