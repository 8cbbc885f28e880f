"""Find every resource of a stage in an account by its name, also what an interrupted deploy left.

Tags would not do: AWS's listing by tag still shows resources for a while after they were deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops.deploy.stack import describe


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: how it is listed; the JMESPath `entries` yields [name, identifier] of each."""

    name: str
    service: str
    operation: str
    entries: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource; the calls that delete it take `identifier`."""

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


def find(session: Any, prefix: str, *kinds: str) -> list[Resource]:
    """Return the resources named `prefix` or `prefix-…`, of these kinds or of all."""
    wanted = [kind for kind in KINDS if not kinds or kind.name in kinds]
    found = [each for kind in wanted for each in _of_kind(session, kind, prefix)]
    return found + _stack(session, prefix) if not kinds or "stack" in kinds else found


def _stack(session: Any, name: str) -> list[Resource]:
    """Look for the stack by its name: a deployer may not list other stacks."""
    stack = describe(session.client("cloudformation"), name)
    return [Resource("stack", name, stack["StackId"])] if stack else []


def _of_kind(session: Any, kind: Kind, prefix: str) -> Iterator[Resource]:
    pages = session.client(kind.service).get_paginator(kind.operation).paginate()
    for name, identifier in pages.search(f"{kind.entries} || `[]`"):
        last = re.split("[/:]", name)[-1]
        if last == prefix or last.startswith(f"{prefix}-"):
            yield Resource(kind.name, last, identifier)
