"""After a deploy: remove what an earlier one made and the app no longer declares.

A renamed consumer would stay with its mapping otherwise, and old code would go on taking new messages.
"""

from __future__ import annotations

from typing import Any

from ops.deploy.stack import Say
from ops.stages import APP, Stage
from ops.teardown.inventory import Resource, find, in_stack
from ops.teardown.removal import delete, delete_mapping

TAG = "aws-chalice"


def remove_undeclared(stage: Stage, session: Any, deployed: dict[str, Any], say: Say) -> None:
    """Remove the stage's functions, rules, mappings and roles that `deployed` does not name.

    Only what belongs to a function with Chalice's tag of this stage is removed; the function goes last, so
    that the rest is found again after an interruption. What else is named like the stage's is told and left.
    """
    resources = deployed["resources"]
    declared = {value.rpartition(":")[2] for each in resources for value in _names(each)}
    kept = in_stack(session, stage.stack_name)
    found = find(session, stage.stack_name, "rule", "role", "function")
    unknown = (each for each in found if each.name not in declared and (each.kind, each.name) not in kept)
    surplus = sorted(unknown, key=_is_function)
    functions = [each for each in surplus if _is_function(each) and _is_ours(session, stage, each)]
    ours = {each.name for each in functions} | {value for value in declared if value.startswith(APP)}
    for each in surplus:
        if each in functions or (not _is_function(each) and _belongs(each, ours)):
            say(f"Removing {each}, which the app no longer declares")
            delete(session, each)
        else:
            say(f"Left alone: {each}, which the app does not declare; delete it if nobody needs it")
    _remove_mappings(session.client("lambda"), resources, say)


def _names(resource: dict[str, Any]) -> list[str]:
    return [str(resource[key]) for key in ("lambda_arn", "role_name", "rule_name") if key in resource]


def _is_function(each: Resource) -> bool:
    return each.kind == "function"


def _is_ours(session: Any, stage: Stage, function: Resource) -> bool:
    tags = session.client("lambda").get_function(FunctionName=function.name).get("Tags", {})
    return f":stage={stage.name}:app={APP}" in tags.get(TAG, "")


def _belongs(each: Resource, functions: set[str]) -> bool:
    """Tell whether Chalice would name the rule or role of one of the `functions` so."""
    return each.name.removesuffix("-event") in functions


def _remove_mappings(client: Any, resources: list[dict[str, Any]], say: Say) -> None:
    """Remove mappings of functions that stay but no longer take that queue."""
    wanted = {each["event_uuid"] for each in resources if "event_uuid" in each}
    for function in {each["lambda_arn"] for each in resources if each["resource_type"] == "lambda_function"}:
        mappings = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        for mapping in mappings:
            if mapping["UUID"] not in wanted and mapping["State"] != "Deleting":
                say(f"Removing the mapping of {mapping['EventSourceArn']}, which the app no longer declares")
                delete_mapping(client, mapping)
