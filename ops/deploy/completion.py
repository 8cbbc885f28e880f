"""The end of a deploy: set what Chalice cannot set, and check that no message can be lost.

A queue handler names the messages that failed in `batchItemFailures`. Lambda deletes them with the rest
unless the mapping asks for these names. So the deploy fails when a mapping does not ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.deploy.adoption import PARTIAL_RESPONSES
from ops.deploy.propagation import once_permitted
from ops.errors import OperationError
from ops.stages import Target


def complete(session: Any, target: Target, environment: Mapping[str, str], deployed: dict[str, Any]) -> None:
    """Give each function that S3, EventBridge or a schedule calls a dead-letter queue.

    Enable partial responses of those that queues call, and check them.
    """
    functions = session.client("lambda")
    queues = f"arn:{target.partition}:sqs:{target.region}:{target.account}:"
    arns = {each["name"]: each["lambda_arn"] for each in deployed["resources"] if "lambda_arn" in each}
    for resource in deployed["resources"]:
        if resource["resource_type"] == "s3_event":
            _ensure_dead_letters(functions, resource["lambda_arn"], queues + environment["LANDING_DLQ"])
        if resource["resource_type"] == "cloudwatch_event":  # schedules too; Chalice names it by its function
            function = arns[resource["name"].removesuffix("-event")]
            _ensure_dead_letters(functions, function, queues + environment["EVENTS_DLQ"])
        if resource["resource_type"] == "sqs_event":
            _ensure_partial_responses(functions, resource["event_uuid"], resource["queue"])


def _ensure_dead_letters(functions: Any, name: str, queue_arn: str) -> None:
    current = functions.get_function_configuration(FunctionName=name).get("DeadLetterConfig", {})
    if current.get("TargetArn") != queue_arn:
        wanted = {"TargetArn": queue_arn}
        once_permitted(
            lambda: functions.update_function_configuration(FunctionName=name, DeadLetterConfig=wanted)
        )


def _ensure_partial_responses(functions: Any, uuid: str, queue: str) -> None:
    if _response_types(functions, uuid) != PARTIAL_RESPONSES:
        wanted = {"UUID": uuid, "FunctionResponseTypes": PARTIAL_RESPONSES}
        once_permitted(lambda: functions.update_event_source_mapping(**wanted))
    if _response_types(functions, uuid) != PARTIAL_RESPONSES:
        raise OperationError(
            f"the mapping {uuid} of queue {queue} does not report partial batch failures, so Lambda would "
            "delete messages that failed. Disable it now: aws lambda update-event-source-mapping "
            f"--uuid {uuid} --no-enabled; then find out why the setting does not hold, and deploy again"
        )


def _response_types(functions: Any, uuid: str) -> list[str]:
    return list(functions.get_event_source_mapping(UUID=uuid).get("FunctionResponseTypes", []))
