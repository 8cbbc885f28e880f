"""`python -m ops logs`: follow the logs of the deployed functions; `make run` tells outcomes from them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import EndpointConnectionError

from ops.errors import OperationError
from ops.local.embedded_aws import client_environment, endpoint_url
from ops.local.sluice import port_from

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GROUPS = "/aws/lambda/sluice-local-"
POLL_SECONDS = 1.0
OVERLAP_MS = 10_000  # a line may be delivered this much later than a younger one
WIDTH = 100
TOLD = ("outcome", "file tracked", "run ended", "failed", "released", "alert")


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """What a function logged, in milliseconds since 1970."""

    at: int
    function: str
    text: str

    @property
    def time(self) -> str:
        """The time of day here."""
        return f"{datetime.fromtimestamp(self.at / 1000).astimezone():%H:%M:%S}"


@dataclass
class FunctionLogs:
    """The lines that the functions of the embedded AWS on `port` log from now on, each once.

    `since` is the newest line's time.
    """

    port: int
    started: int = field(default_factory=lambda: int(time.time() * 1000))
    since: int = 0
    _seen: set[Line] = field(default_factory=set)

    def read(self) -> list[Line]:
        """Return the lines that are new, oldest first."""
        logs, found = self._client(), set[Line]()
        for group in logs.describe_log_groups(logGroupNamePrefix=GROUPS)["logGroups"]:
            name = group["logGroupName"]
            for event in _events(logs, name, self.since - OVERLAP_MS):
                if event["timestamp"] >= self.started:
                    function = name.removeprefix(GROUPS)
                    found.add(Line(event["timestamp"], function, event["message"].rstrip()))
        new = sorted(found - self._seen)
        self.since = max([self.since, *(line.at for line in new)])
        self._seen = {line for line in self._seen | found if line.at >= self.since - OVERLAP_MS}
        return new

    def _client(self) -> CloudWatchLogsClient:
        environ = client_environment(self.port)
        session = boto3.Session(
            aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
            region_name=environ["AWS_DEFAULT_REGION"],
        )
        return session.client("logs", endpoint_url=endpoint_url(self.port))


def _events(logs: CloudWatchLogsClient, group: str, since: int) -> Iterator[Any]:
    token = ""
    while True:
        more: Any = {"nextToken": token} if token else {}
        page = logs.filter_log_events(logGroupName=group, startTime=max(0, since), **more)
        yield from page["events"]
        token = page.get("nextToken", "")
        if not token:
            return


def command(arguments: list[str]) -> int:
    """Print every line that the functions log, until Ctrl-C."""
    if arguments:
        raise OperationError(f"logs takes no arguments, only AWS_PORT; got {arguments}")
    followed = FunctionLogs(port_from("AWS_PORT"))
    try:
        while True:
            for line in followed.read():
                print(f"{line.time} {line.function:22} {line.text}", flush=True)
            time.sleep(POLL_SECONDS)
    except EndpointConnectionError:
        raise OperationError(f"no Sluice runs on AWS_PORT={followed.port}: start it by make run") from None
    except KeyboardInterrupt:
        return 0


def told(line: Line) -> str:
    """Return a line of a function as `make run` tells it; empty when it is of no outcome, alert or run."""
    try:
        said = json.loads(line.text)
    except ValueError:
        return ""
    if not isinstance(said, dict) or said.get("message") not in TOLD or said.get("repeated"):
        return ""
    if said["message"] == "alert":
        return _cut(f"{line.time}  {'alert':14}  {said.get('subject', '')}")
    outcome = said.get("outcome") or said["message"]
    return _cut(f"{line.time}  {outcome:14}  {_one_line(str(said.get('key', '')))}")


def _one_line(key: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in key)


def _cut(text: str) -> str:
    """Shorten a line in the middle of its key, so that the file name stays."""
    if len(text) <= WIDTH:
        return text
    return f"{text[: WIDTH // 2]}…{text[-(WIDTH // 2 - 1) :]}"
