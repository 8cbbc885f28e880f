"""Leave functions and roles alone that are already as the deploy would make them.

Chalice updates the code, the configuration and the policy of every function at each deploy. Each update
replaces the running environments, so that a deploy without changes would cost cold starts for nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError
from chalice.awsclient import TypedAWSClient

from ops.deploy.patching import wrap

CONFIGURATION = {  # Chalice's argument, and where Lambda's answer has it
    "runtime": "Runtime",
    "timeout": "Timeout",
    "memory_size": "MemorySize",
    "role_arn": "Role",
}


def apply() -> None:
    """Change the client class of this process."""
    wrap(TypedAWSClient, "update_function", _updating_what_differs)
    wrap(TypedAWSClient, "put_role_policy", _putting_what_differs)
    wrap(TypedAWSClient, "delete_function_concurrency", _deleting_what_is_set)


def _updating_what_differs(update: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def update_or_leave(client: Any, function_name: str, **wanted: Any) -> dict[str, Any]:
        functions = client._client("lambda")  # noqa: SLF001  # Chalice offers no other way to its client
        found = functions.get_function(FunctionName=function_name)
        if is_as_wanted(found["Configuration"], found.get("Tags", {}), wanted):
            configuration: dict[str, Any] = found["Configuration"]
            return configuration
        return update(client, function_name=function_name, **wanted)

    return update_or_leave


def is_as_wanted(found: dict[str, Any], tags: dict[str, str], wanted: dict[str, Any]) -> bool:
    """Return whether a function's code, configuration and tags are those that Chalice would give it."""
    code = b64encode(sha256(wanted["zip_contents"]).digest()).decode()
    mode = "Active" if wanted.get("xray") else "PassThrough"
    return (
        found["CodeSha256"] == code
        and found.get("State", "Active") == "Active"
        and found.get("LastUpdateStatus", "Successful") == "Successful"
        and found.get("Environment", {}).get("Variables", {}) == wanted["environment_variables"]
        and all(found[theirs] == wanted[ours] for ours, theirs in CONFIGURATION.items() if wanted.get(ours))
        and found.get("TracingConfig", {}).get("Mode", "PassThrough") == mode
        and {key: value for key, value in tags.items() if not key.startswith("aws:")} == wanted["tags"]
        and not any(wanted.get(each) for each in ("subnet_ids", "security_group_ids", "layers"))
    )


def _putting_what_differs(put: Callable[..., None]) -> Callable[..., None]:
    def put_or_leave(client: Any, role_name: str, policy_name: str, policy_document: dict[str, Any]) -> None:
        iam = client._client("iam")  # noqa: SLF001
        try:
            found = iam.get_role_policy(RoleName=role_name, PolicyName=policy_name)["PolicyDocument"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
            found = None
        if found != policy_document:
            put(client, role_name=role_name, policy_name=policy_name, policy_document=policy_document)

    return put_or_leave


def _deleting_what_is_set(delete: Callable[..., None]) -> Callable[..., None]:
    def delete_or_leave(client: Any, function_name: str) -> None:
        functions = client._client("lambda")  # noqa: SLF001
        if functions.get_function(FunctionName=function_name).get("Concurrency"):
            delete(client, function_name=function_name)

    return delete_or_leave
