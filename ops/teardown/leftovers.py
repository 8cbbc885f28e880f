"""What exists of a stage in an account, found by name, whoever made it and however far they came.

By name and not by tag: AWS's listing by tag still shows what was deleted a while ago.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops.deploy.stack import describe


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: how to list it, and a JMESPath to [name, identifier] of each."""

    name: str
    service: str
    operation: str
    entries: str


@dataclass(frozen=True, slots=True)
class Found:
    """One resource; `identifier` is what the calls that delete it want."""

    kind: str
    name: str
    identifier: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


KINDS = (
    Kind("rule", "events", "list_rules", "Rules[].[Name, Name]"),
    Kind("API", "apigateway", "get_rest_apis", "items[].[name, id]"),
    Kind("function", "lambda", "list_functions", "Functions[].[FunctionName, FunctionName]"),
    Kind("role", "iam", "list_roles", "Roles[].[RoleName, RoleName]"),
    Kind("bucket", "s3", "list_buckets", "Buckets[].[Name, Name]"),
    Kind("table", "dynamodb", "list_tables", "TableNames[].[@, @]"),
    Kind("queue", "sqs", "list_queues", "QueueUrls[].[@, @]"),
    Kind("topic", "sns", "list_topics", "Topics[].[TopicArn, TopicArn]"),
    Kind("state machine", "stepfunctions", "list_state_machines", "stateMachines[].[name, stateMachineArn]"),
    Kind("secret", "secretsmanager", "list_secrets", "SecretList[].[Name, ARN]"),
    Kind("log group", "logs", "describe_log_groups", "logGroups[].[logGroupName, logGroupName]"),
)


def find(session: Any, prefix: str, *kinds: str) -> list[Found]:
    """Return what is named `prefix` or `prefix-…`, of the kinds named or of all."""
    wanted = [kind for kind in KINDS if not kinds or kind.name in kinds]
    found = [each for kind in wanted for each in _of_kind(session, kind, prefix)]
    return found + _stack(session, prefix) if not kinds or "stack" in kinds else found


def _stack(session: Any, name: str) -> list[Found]:
    """Look for the stack by its name: a deployer may not list those of others."""
    stack = describe(session.client("cloudformation"), name)
    return [Found("stack", name, stack["StackId"])] if stack else []


def _of_kind(session: Any, kind: Kind, prefix: str) -> Iterator[Found]:
    pages = session.client(kind.service).get_paginator(kind.operation).paginate()
    for name, identifier in pages.search(f"{kind.entries} || `[]`"):
        last = re.split("[/:]", name)[-1]
        if last == prefix or last.startswith(f"{prefix}-"):
            yield Found(kind.name, last, identifier)
