"""What Chalice cannot set of the API's stage: its access log and its throttle."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from ops.deploy.stack import Say
from ops.stages import Stage, Target

REQUESTS_PER_SECOND = 50  # of all callers together; API Gateway's own limit is the whole account's
BURST = 100
FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "caller": "$context.authorizer.principalId",
        "requestTime": "$context.requestTime",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
        "error": "$context.error.messageString",
        "latency": "$context.responseLatency",
    }
)
NO_ROLE = "CloudWatch Logs role ARN must be set"


def set_up(stage: Stage, session: Any, target: Target, deployed: dict[str, Any], say: Say) -> None:
    """Give the API's stage its throttle and its access log, where they differ."""
    apis = [each["rest_api_id"] for each in deployed["resources"] if "rest_api_id" in each]
    if stage.is_local or not apis:
        return
    group = f"arn:{target.partition}:logs:{target.region}:{target.account}:log-group:/aws/apigateway/"
    wanted = {
        "/*/*/throttling/rateLimit": str(REQUESTS_PER_SECOND),
        "/*/*/throttling/burstLimit": str(BURST),
        "/accessLogSettings/destinationArn": group + stage.stack_name,
        "/accessLogSettings/format": FORMAT,
    }
    gateway = session.client("apigateway")
    names = {"restApiId": apis[0], "stageName": stage.settings.get("api_gateway_stage", "api")}
    if not _is_set(gateway.get_stage(**names), wanted):
        _update(gateway, names, wanted, say)


def _is_set(found: dict[str, Any], wanted: dict[str, str]) -> bool:
    log = found.get("accessLogSettings", {})
    throttle = found.get("methodSettings", {}).get("*/*", {})
    return [
        str(int(throttle.get("throttlingRateLimit", 0))),
        str(throttle.get("throttlingBurstLimit", 0)),
        log.get("destinationArn"),
        log.get("format"),
    ] == list(wanted.values())


def _update(gateway: Any, names: dict[str, str], wanted: dict[str, str], say: Say) -> None:
    patches = [{"op": "replace", "path": path, "value": value} for path, value in wanted.items()]
    try:
        gateway.update_stage(**names, patchOperations=patches)
    except ClientError as error:
        if NO_ROLE not in str(error):
            raise
        throttles = [each for each in patches if "throttling" in each["path"]]
        gateway.update_stage(**names, patchOperations=throttles)
        say(
            "The API has no access log: API Gateway may not write logs in this account and region yet. Let "
            "an administrator set its role once (docs/deploy.md, Access log), then deploy again"
        )
