"""The lower bound of a cold start: a Chalice app with only the given clients and the given calls."""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.exceptions import ClientError
from chalice.app import Chalice

app = Chalice(app_name="bare")
session: Any = boto3.Session()
clients = {name: session.client(name) for name in os.environ["BARE_SERVICES"].split(",") if name}


@app.lambda_function()
def handler(event: Any, _context: Any) -> dict[str, int]:
    """Repeat the calls that Sluice made for one event; a refused condition is an answer like any other."""
    made = 0
    for service, operation, parameters in event["calls"]:
        try:
            answer = clients[service]._make_api_call(operation, parameters)  # noqa: SLF001 - by name
        except ClientError:
            continue
        if "Body" in answer:
            answer["Body"].read()
        made += 1
    return {"made": made}
