"""An empty account on an embedded AWS of its own: deploy stages to it, and compare what is then in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from ops.local.embedded_aws import client_environment
from ops.stages import ROOT
from ops.teardown.inventory import find

READS = ("Describe", "List", "Get", "Head", "Scan", "Query", "Invoke")
MORTAL = ROOT / "tests" / "support" / "mortal"
VOLATILE = {"LastModified", "CodeSha256", "RevisionId", "CodeSize", "LastUpdateStatus", "SnapStart"}


@dataclass(frozen=True)
class Account:
    """An account; `project` is what is deployed to it, `endpoints` are those of another emulator."""

    aws_port: int
    project: Path
    endpoints: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which commands reach this account."""
        return client_environment(self.aws_port) | dict(self.endpoints)

    @property
    def session(self) -> Any:
        """A session in this account."""
        return _Session(self.environment)

    def run(self, *command: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the project's environment, `typed` on its standard input."""
        program = Path(sys.executable).with_name(command[0])
        return subprocess.run(
            [str(program), *command[1:]],
            cwd=self.project,
            env=self.environment | environ,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    def deploy(self, stage: str = "dev", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run chalice deploy."""
        return self.run("chalice", "deploy", "--stage", stage, **environ)

    def deploy_dying(self, after: int) -> list[str]:
        """Deploy, but die right after the n-th call that changes something; return those calls."""
        log = self.project / "calls.log"
        log.unlink(missing_ok=True)
        self.deploy(**noting_calls(log, die_after=after))
        operations = [line.split()[1] for line in log.read_text().splitlines()] if log.exists() else []
        return [each for each in operations if not each.startswith(READS)]

    def destroy(
        self, *options: str, typed: str = "sluice-dev", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the destroy command with its confirmation typed."""
        command = ("python", "-m", "ops", "destroy", "--stage", "dev", *options)
        return self.run(*command, typed=f"{typed}\n", **environ)

    def await_rows(self, table: str, seconds: float = 60) -> list[dict[str, Any]]:
        """Return the items of a table as soon as there are any."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            items: list[dict[str, Any]] = self.session.client("dynamodb").scan(TableName=table)["Items"]
            if items:
                return items
            time.sleep(0.2)
        raise AssertionError(f"table {table} is empty after {seconds} s")

    def snapshot(self, prefix: str = "sluice-dev") -> dict[str, Any]:
        """Return the whole state of a stage, without values that change by themselves."""
        session, names = self.session, defaultdict[str, list[str]](list)
        found = find(session, prefix)
        for each in found:
            names[each.kind].append(each.name)
        return {
            "names": sorted(map(str, found)),
            "functions": {name: _function(session, name) for name in names["function"]},
            "roles": {name: _policies(session, name) for name in names["role"]},
            "rules": {name: _targets(session, name) for name in names["rule"]},
            "notifications": {name: _notifications(session, name) for name in names["bucket"]},
            "mappings": _mappings(session),
        }


def noting_calls(log: Path, die_after: int = 0) -> dict[str, str]:
    """Return an environment in which Python processes note their AWS calls and die after some writes."""
    return {"PYTHONPATH": str(MORTAL), "CALLS_LOG": str(log), "DIE_AFTER_WRITES": str(die_after)}


class _Session:
    """A boto3 session whose clients all call the embedded AWS."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._environ = environ
        self.region_name = environ["AWS_DEFAULT_REGION"]
        self._session: Any = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=self.region_name
        )

        self.client = cache(self._client)

    def _client(self, service: str) -> Any:
        endpoint = self._environ["AWS_ENDPOINT_URL"]
        if service == "apigateway":
            endpoint = self._environ.get("AWS_ENDPOINT_URL_API_GATEWAY", endpoint)
        return self._session.client(service, endpoint_url=endpoint)


def _function(session: Any, name: str) -> dict[str, Any]:
    found = session.client("lambda").get_function_configuration(FunctionName=name)
    return {key: value for key, value in found.items() if key not in VOLATILE | {"ResponseMetadata"}}


def _policies(session: Any, role: str) -> dict[str, Any]:
    iam = session.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


def _targets(session: Any, rule: str) -> list[str]:
    return [each["Arn"] for each in session.client("events").list_targets_by_rule(Rule=rule)["Targets"]]


def _notifications(session: Any, bucket: str) -> Any:
    found = session.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {key: value for key, value in found.items() if key != "ResponseMetadata"}


def without_ids(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return a snapshot without the ids that S3 gives to notifications, so that two accounts compare."""
    stripped: dict[str, Any] = json.loads(json.dumps(snapshot))
    for bucket in stripped["notifications"].values():
        for configuration in (each for entries in bucket.values() for each in entries):
            del configuration["Id"]
    return stripped


def _mappings(session: Any) -> list[list[Any]]:
    found = session.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return sorted(
        [each["EventSourceArn"], each["FunctionArn"], each["BatchSize"], each.get("FunctionResponseTypes")]
        for each in found
    )
