"""The one session and its clients; `chalicelib.aws` alone may import botocore.

Clients are made lazily and kept: loading botocore and one client is most of a cold start, and clients of one
session share what they load. boto3 would add its own import, and nothing that Sluice needs. Timeouts leave
room for retries inside a Lambda's time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

from chalicelib.aws import listing_page
from chalicelib.logs import log

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 60
MAX_ATTEMPTS = 4
ATTEMPTS = {"glue": 1}  # StartJobRun has no client token: a retry could start a second run
MAX_CONNECTIONS = 32


@cache
def _session(*, trimmed: bool) -> Session:
    """Return the session that reads trimmed data where the package has them, or one that never does."""
    # First: it brings urllib3, which compiles large patterns. Deep in an import Python 3.11 may map and unmap
    # a piece of its stack at each call there: 5,000 page faults, a fifth of a cold start (docs/adr/019).
    import botocore.compat
    import botocore.session

    from chalicelib.aws import trimmed_data

    session = botocore.session.get_session()
    if trimmed:
        trimmed_data.give_to(session)
    # dateutil takes two thirds of the CPU of a listing page; ISO 8601 needs none of it
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
    session.register(listing_page.EVENT, listing_page.read_objects)
    return session


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage meanwhile, nor ever among what is there afterwards: botocore and its models stay.

    Those collections took a tenth of a cold start's CPU and found nothing.
    """
    import gc

    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _timestamp(value: Any) -> datetime:
    from botocore.utils import parse_timestamp

    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return parse_timestamp(value)
    return parse_timestamp(value)


@overload
def client(service: Literal["s3"], region: str) -> S3Client: ...
@overload
def client(service: Literal["dynamodb"], region: str) -> DynamoDBClient: ...
@overload
def client(service: Literal["sqs"], region: str) -> SQSClient: ...
@overload
def client(service: Literal["sns"], region: str) -> SNSClient: ...
@overload
def client(service: Literal["stepfunctions"], region: str) -> SFNClient: ...
@overload
def client(service: Literal["glue"], region: str) -> GlueClient: ...
@overload
def client(service: Literal["secretsmanager"], region: str) -> SecretsManagerClient: ...
def client(service: Any, region: str) -> Any:
    """Return this process's client of `service`; an empty `region` leaves it to the environment."""
    return _client(service, region)


@cache
def _client(service: Any, region: str) -> Any:
    with _uncollected():
        try:
            return _create(service, region, _session(trimmed=True))
        except Exception:  # trimmed data that this botocore makes no client of: it has its own
            log.warning("no client of trimmed data", extra={"service": service}, exc_info=True)
            return _create(service, region, _session(trimmed=False))


def _create(service: Any, region: str, session: Session) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        max_pool_connections=MAX_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS.get(service, MAX_ATTEMPTS)},
        signature_version="s3v4" if service == "s3" else None,  # presigned URLs are otherwise of version 2
        s3={"addressing_style": _addressing_style()} if service == "s3" else None,
    )
    return session.create_client(service, region_name=region or None, config=config)


def _addressing_style() -> Literal["auto", "virtual"]:
    """Return how S3's URLs name a bucket: in AWS by a host of its own.

    A URL presigned for such a host leads to the bucket's region. The global host would redirect a browser,
    and CORS forbids that. Below an emulator's host there may be no names.
    """
    emulated = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return "auto" if emulated else "virtual"
