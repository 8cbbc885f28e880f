"""What a deploy sets beside Chalice: boundaries of roles, tracing, the API's throttle and log."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from chalice.awsclient import TypedAWSClient
from moto import mock_aws

from ops.deploy import boundary
from ops.deploy.api_stage import NO_ROLE, set_up
from ops.policies.writing import EMULATORS, write_policies
from ops.stages import CONFIG, ROOT, Stage, Target, load_stage
from tests.support.iam import readings_shared

BOUNDARY = "arn:aws:iam::123456789012:policy/sluice-boundary"
TRUST = {"Version": "2012-10-17", "Statement": []}
NOTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}],
}
DEV = Stage("dev", {"STAGE": "dev"}, {"api_gateway_stage": "api"})
DEPLOYED = {"resources": [{"rest_api_id": "abc"}, {"role_name": "sluice-dev-old"}]}


def test_every_role_of_a_deploy_has_the_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TypedAWSClient, "create_role", TypedAWSClient.create_role)  # put back
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        iam = session.client("iam")
        iam.create_role(RoleName="sluice-dev-old", AssumeRolePolicyDocument=json.dumps(TRUST))
        boundary.apply(BOUNDARY)
        client = TypedAWSClient(session._session)
        client.create_role("sluice-dev-new", TRUST, NOTHING)
        boundary.bound(iam, DEPLOYED, BOUNDARY)
        roles = [iam.get_role(RoleName=f"sluice-dev-{each}")["Role"] for each in ("old", "new")]
    assert [each["PermissionsBoundary"]["PermissionsBoundaryArn"] for each in roles] == [BOUNDARY] * 2


def test_traced_functions_may_send_their_traces_and_others_may_not(tmp_path: Path) -> None:
    for name in ("chalicelib", ".chalice"):
        copytree(ROOT / name, tmp_path / name)
    (tmp_path / "app.py").write_text((ROOT / "app.py").read_text())
    stage = load_stage("dev")
    policy = tmp_path / CONFIG.parent / "policies" / "dev" / "authorize.json"
    with readings_shared():
        write_policies(stage, EMULATORS, root=tmp_path)
        assert "xray" not in policy.read_text()
        write_policies(Stage("dev", stage.environment, {"xray": True}), EMULATORS, root=tmp_path)
    assert json.loads(policy.read_text())["Statement"][-1]["Action"] == [
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ]


class _Gateway:
    """A session and its API Gateway client in one, which keeps what is set; AWS asks for a role first."""

    def __init__(self, *, may_log: bool = True) -> None:
        self.set: dict[str, str] = {}
        self.updates = 0
        self._may_log = may_log

    def client(self, service: str) -> Any:
        assert service == "apigateway"
        return self

    def get_stage(self, *, restApiId: str, stageName: str) -> Any:  # noqa: N803  # as boto3 names it
        assert (restApiId, stageName) == ("abc", "api")
        throttle = {
            "throttlingRateLimit": float(self.set.get("/*/*/throttling/rateLimit", 0)),
            "throttlingBurstLimit": int(self.set.get("/*/*/throttling/burstLimit", 0)),
        }
        log = {
            "destinationArn": self.set.get("/accessLogSettings/destinationArn"),
            "format": self.set.get("/accessLogSettings/format"),
        }
        return {"methodSettings": {"*/*": throttle}, "accessLogSettings": log}

    def update_stage(self, *, patchOperations: list[dict[str, str]], **_: str) -> None:  # noqa: N803
        if not self._may_log and any("accessLog" in each["path"] for each in patchOperations):
            message = f"{NO_ROLE} in account settings to enable logging"
            raise ClientError({"Error": {"Code": "BadRequestException", "Message": message}}, "UpdateStage")
        self.updates += 1
        self.set |= {each["path"]: each["value"] for each in patchOperations}


def test_the_api_is_throttled_and_its_calls_are_logged_once_set() -> None:
    gateway = _Gateway()
    target = Target("123456789012", "eu-west-1")
    for _ in range(2):
        set_up(DEV, gateway, target, DEPLOYED, print)
    assert gateway.updates == 1
    assert gateway.set["/accessLogSettings/destinationArn"] == (
        "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/apigateway/sluice-dev"
    )
    assert json.loads(gateway.set["/accessLogSettings/format"])["caller"] == "$context.authorizer.principalId"
    assert gateway.set["/*/*/throttling/rateLimit"] == "50"


def test_an_account_whose_gateway_may_not_log_is_throttled_all_the_same_and_told() -> None:
    gateway, told = _Gateway(may_log=False), list[str]()
    set_up(DEV, gateway, Target("123456789012", "eu-west-1"), DEPLOYED, told.append)
    assert set(gateway.set) == {"/*/*/throttling/rateLimit", "/*/*/throttling/burstLimit"}
    assert "docs/deploy.md" in told[0]
