"""Unpack the deployed zip on this machine, and link the packages of Lambda's runtime."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import boto3

BOTO = ("boto3", "botocore", "s3transfer")
USED_BY_BOTO = ("jmespath", "dateutil", "six.py", "urllib3")
INSTALLED = Path(boto3.__file__).parent.parent


def unpack(package: Path, folder: Path) -> Path:
    """Unpack the zip, with the compiled modules that it holds."""
    with ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def link_runtime(folder: Path, boto_from: Path = INSTALLED) -> Path:
    """Link boto3 and what it needs into `folder`, and nothing else."""
    folder.mkdir(parents=True)
    for names, packages in ((BOTO, boto_from), (USED_BY_BOTO, INSTALLED)):
        for name in names:
            (folder / name).symlink_to(packages / name)
    return folder
