"""Give every role that Chalice makes the stage's permissions boundary, `PERMISSIONS_BOUNDARY`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice.awsclient import TypedAWSClient

from ops.deploy.patching import wrap


def apply(boundary: str) -> None:
    """Change the client class of this process; an empty `boundary` changes nothing."""
    if boundary:
        wrap(TypedAWSClient, "create_role", lambda create: _creating_bounded(create, boundary))


def _creating_bounded(create: Callable[..., str], boundary: str) -> Callable[..., str]:
    def create_bounded(client: Any, name: str, trust_policy: Any, policy: Any) -> str:
        iam = client._client("iam")  # noqa: SLF001  # Chalice offers no other way to its client
        iam.meta.events.register_first(
            "provide-client-params.iam.CreateRole",
            lambda params, **_: {**params, "PermissionsBoundary": boundary},
            "sluice",
        )
        return create(client, name=name, trust_policy=trust_policy, policy=policy)

    return create_bounded


def bound(iam: Any, deployed: dict[str, Any], boundary: str) -> None:
    """Give the boundary to roles of an earlier deploy that lack it, or have another."""
    for role in (each["role_name"] for each in deployed["resources"] if "role_name" in each):
        current = iam.get_role(RoleName=role)["Role"].get("PermissionsBoundary", {})
        if boundary and current.get("PermissionsBoundaryArn") != boundary:
            iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
