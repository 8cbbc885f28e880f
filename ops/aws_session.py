"""The AWS session of whoever runs a command: its endpoint, credentials, region and account."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    ProfileNotFound,
)

from ops.errors import OperationError
from ops.stages import Target

EMULATOR_REGION = "us-east-1"
EMULATOR_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": EMULATOR_REGION,
}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def endpoint(environ: MutableMapping[str, str] = os.environ) -> str:
    """Return the endpoint that `AWS_ENDPOINT_URL` sets, empty for AWS itself."""
    return environ.get("AWS_ENDPOINT_URL", "")


def is_emulator(environ: MutableMapping[str, str] = os.environ) -> bool:
    """Return whether calls go to this machine, where only an emulator can be."""
    return urlsplit(endpoint(environ)).hostname in LOOPBACK


def fill_in_for_emulator(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set the credentials and region of an emulator, which takes any, where none are set."""
    if is_emulator(environ) and "AWS_PROFILE" not in environ:
        for name, value in EMULATOR_ENVIRONMENT.items():
            environ.setdefault(name, value)


def open_session(profile: str | None = None) -> boto3.Session:
    """Return a session that has a region and credentials; raise OperationError when one is missing."""
    fill_in_for_emulator()
    try:
        session = boto3.Session(profile_name=profile)
        credentials = session.get_credentials()
    except ProfileNotFound as error:
        raise OperationError(f"{error}; choose one of ~/.aws/config by --profile or AWS_PROFILE") from None
    if not session.region_name:
        raise OperationError("no AWS region: export AWS_DEFAULT_REGION, or set region in ~/.aws/config")
    if credentials is None:
        raise OperationError(
            "no AWS credentials: run `aws configure` or `aws sso login`, or export AWS_PROFILE or "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return session


def locate(session: Any) -> Target:
    """Return the account, region and partition that `session` works in."""
    try:
        identity = session.client("sts").get_caller_identity()
    except (EndpointConnectionError, HTTPClientError) as error:
        raise OperationError(_unreachable(session.region_name, error)) from None
    except (ClientError, BotoCoreError) as error:
        where = endpoint() or f"AWS in {session.region_name}"
        message = f"{where} does not know who is calling ({error}); check credentials and region"
        raise OperationError(message) from None
    return Target(identity["Account"], session.region_name, identity["Arn"].split(":")[1])


def _unreachable(region: str, error: BotoCoreError) -> str:
    if endpoint():
        way_out = "AWS_ENDPOINT_URL names it: start it there by `make run`, or unset the variable to use AWS"
        return f"nothing answers at {endpoint()} ({error}). {way_out}"
    way_out = f"Is {region} the region you mean (AWS_DEFAULT_REGION), and is there a network?"
    return f"AWS in {region} cannot be reached ({error}). {way_out}"
