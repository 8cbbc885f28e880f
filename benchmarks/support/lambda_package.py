"""Unpack the deployed zip on this machine, and link the packages of Lambda's runtime."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import boto3

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")


def unpack(package: Path, folder: Path) -> Path:
    """Unpack the zip, with the compiled modules that it holds."""
    with ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def link_runtime(folder: Path) -> Path:
    """Link boto3 and what it needs into `folder`, and nothing else."""
    folder.mkdir(parents=True)
    site_packages = Path(boto3.__file__).parent.parent
    for name in RUNTIME:
        (folder / name).symlink_to(site_packages / name)
    return folder
