"""Least-privilege IAM policies, derived from the code that needs them.

`reading` interprets the project's own source into facts (which handler calls which operation on which
setting's resource); `actions` says what IAM asks for an operation; `resources` turns settings into ARNs;
`documents` and `writing` make the policy files and their entries in `.chalice/config.json`.
"""

from ops.policies.reading.sources import Refused
from ops.policies.writing import command, write_policies

__all__ = ["Refused", "command", "write_policies"]
