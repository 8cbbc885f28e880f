"""Policy documents: grants grouped into statements, always in the same order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from string import ascii_uppercase
from typing import Any

from ops.policies.grants import Grant

Grants = Iterable[Grant]


def document(grants: Grants, denied: Grants = (), more: Iterable[Any] = ()) -> dict[str, Any]:
    """Return an IAM policy of exactly these grants: one statement per set of actions that share resources.

    What is `denied` stays so whatever is granted; `more` are statements of their own.
    """
    statements = [*_statements("Allow", grants), *_statements("Deny", denied), *more]
    return {"Version": "2012-10-17", "Statement": statements}


def _statements(effect: str, grants: Grants) -> list[dict[str, Any]]:
    actions: dict[str, set[str]] = defaultdict(set)
    for grant in grants:
        actions[grant.resource].add(grant.action)
    shared: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for resource in sorted(actions):
        shared[tuple(sorted(actions[resource]))].append(resource)
    counts: Counter[str] = Counter()
    statements = []
    for names, resources in sorted(shared.items()):
        service = names[0].partition(":")[0].capitalize()
        counts[service] += 1
        sid = f"{service}{ascii_uppercase[counts[service] - 1]}" + ("" if effect == "Allow" else "Denied")
        statements.append({"Sid": sid, "Effect": effect, "Action": list(names), "Resource": resources})
    return statements
