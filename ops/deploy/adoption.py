"""Teach Chalice's AWS client to ask for partial batch responses, and to adopt what an earlier deploy left.

Chalice knows only what its record in `.chalice/deployed/` says. An interrupted deploy never wrote one, and
another machine has none. Chalice would then make a second mapping or a second API (aws/chalice#1340, #2146).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.awsclient import TypedAWSClient

from ops.deploy.patching import wrap
from ops.deploy.propagation import once_permitted

PARTIAL_RESPONSES = ["ReportBatchItemFailures"]


def apply(api_name: str) -> None:
    """Change the client class of this process; `api_name` tells this stage's API from other stages'."""
    wrap(TypedAWSClient, "create_lambda_event_source", _adopting_mappings)
    wrap(TypedAWSClient, "connect_s3_bucket_to_lambda", _connecting_once)
    wrap(TypedAWSClient, "update_api_from_swagger", lambda update: _updating_named(update, api_name))
    wrap(TypedAWSClient, "import_rest_api", lambda create: _adopting_rest_api(create, api_name))


def _adopting_mappings(create: Callable[..., str]) -> Callable[..., str]:
    def create_or_adopt(client: Any, event_source_arn: str, function_name: str, **options: Any) -> str:
        functions = client._client("lambda")  # noqa: SLF001  # Chalice offers no other way to its client
        found = functions.list_event_source_mappings(
            EventSourceArn=event_source_arn, FunctionName=function_name
        )["EventSourceMappings"]
        existing = [mapping for mapping in found if mapping["State"] != "Deleting"]
        if existing:
            uuid = str(existing[0]["UUID"])
            client.update_lambda_event_source(event_uuid=uuid, **options)
            return uuid
        functions.meta.events.register_first(
            "provide-client-params.lambda.CreateEventSourceMapping", ask_for_partial_responses, "sluice"
        )
        return create(client, event_source_arn, function_name, **options)

    return create_or_adopt


def _connecting_once(connect: Callable[..., None]) -> Callable[..., None]:
    """Leave a notification that is right: to put it again would cause a new id and a test event."""

    def connect_once(client: Any, bucket: str, function_arn: str, events: list[str], **key: Any) -> None:
        s3 = client._client("s3")  # noqa: SLF001
        current = s3.get_bucket_notification_configuration(Bucket=bucket)
        found = [
            (each["Events"], "Filter" in each)
            for each in current.get("LambdaFunctionConfigurations", [])
            if each["LambdaFunctionArn"] == function_arn
        ]
        if any(key.values()) or found != [(events, False)]:
            once_permitted(
                lambda: connect(client, bucket=bucket, function_arn=function_arn, events=events, **key)
            )

    return connect_once


def ask_for_partial_responses(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to a new mapping's parameters that the function answers which messages failed."""
    return {**params, "FunctionResponseTypes": PARTIAL_RESPONSES}


def _adopting_rest_api(create: Callable[..., str], api_name: str) -> Callable[..., str]:
    def import_or_adopt(client: Any, swagger_document: dict[str, Any], endpoint_type: str) -> str:
        gateway = client._client("apigateway")  # noqa: SLF001
        pages = gateway.get_paginator("get_rest_apis").paginate()  # Chalice itself looks at one page
        existing = next(
            (api["id"] for page in pages for api in page.get("items", []) if api["name"] == api_name), None
        )
        if existing is None:
            document = named(swagger_document, api_name)
            return create(client, swagger_document=document, endpoint_type=endpoint_type)
        client.update_api_from_swagger(rest_api_id=existing, swagger_document=swagger_document)
        return str(existing)

    return import_or_adopt


def _updating_named(update: Callable[..., None], api_name: str) -> Callable[..., None]:
    def update_named(client: Any, rest_api_id: str, swagger_document: dict[str, Any]) -> None:
        update(client, rest_api_id=rest_api_id, swagger_document=named(swagger_document, api_name))

    return update_named


def named(swagger_document: dict[str, Any], api_name: str) -> dict[str, Any]:
    """Return the document with `api_name`: Chalice itself gives the APIs of all stages one name."""
    return {**swagger_document, "info": {**swagger_document["info"], "title": api_name}}
