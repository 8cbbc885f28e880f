"""What Chalice's client must do otherwise on an emulator; applied only when the endpoint is on this machine.

Functions on MiniStack are active at once, yet Chalice sleeps five seconds for each before it looks again.
MiniStack's API Gateway imports no Swagger. So the deploy makes an empty API, and `chalice local` serves it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalice.awsclient import TypedAWSClient

from ops.deploy.patching import wrap

SEND = "sqs:SendMessage"


def apply() -> None:
    """Change Chalice's client class in this process."""
    wrap(TypedAWSClient, "_wait_for_active", lambda _: _return_at_once)
    wrap(TypedAWSClient, "_wait_for_function_update", lambda _: _return_at_once)
    wrap(TypedAWSClient, "import_rest_api", lambda _: _create_empty_rest_api)
    wrap(TypedAWSClient, "update_api_from_swagger", lambda _: _leave_rest_api)
    wrap(TypedAWSClient, "put_role_policy", _with_batch_sends)


def _with_batch_sends(put: Callable[..., None]) -> Callable[..., None]:
    """Allow `sqs:SendMessageBatch`: MiniStack asks for this action where AWS asks for `sqs:SendMessage`."""

    def put_widened(client: Any, role_name: str, policy_name: str, policy_document: dict[str, Any]) -> None:
        widened = json.loads(json.dumps(policy_document))
        for statement in widened["Statement"]:
            if SEND in statement["Action"]:
                statement["Action"].append(SEND + "Batch")
        put(client, role_name=role_name, policy_name=policy_name, policy_document=widened)

    return put_widened


def _return_at_once(_client: Any, _function_name: str) -> None:
    return


def _create_empty_rest_api(client: Any, swagger_document: dict[str, Any], endpoint_type: str) -> str:
    gateway = client._client("apigateway")  # noqa: SLF001  # Chalice offers no other way to its client
    title = swagger_document["info"]["title"]
    configuration = {"types": [endpoint_type]}
    return str(gateway.create_rest_api(name=title, endpointConfiguration=configuration)["id"])


def _leave_rest_api(_client: Any, rest_api_id: str, swagger_document: dict[str, Any]) -> None:
    """Leave the API as it is: nothing on the emulator serves it."""
    del rest_api_id, swagger_document
