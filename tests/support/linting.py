"""Parliament, the linter of IAM policies, as a library."""

from __future__ import annotations

import sys
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch


@cache
def parliament() -> Any:
    """Import parliament; give it the module by which it opens two files, which setuptools no longer has."""

    def resource_filename(package: str, name: str) -> str:
        found = find_spec(package)
        assert found is not None
        assert found.origin is not None
        return str(Path(found.origin).parent / name)

    stand_in = ModuleType("pkg_resources")
    stand_in.__dict__["resource_filename"] = resource_filename
    with patch.dict(sys.modules, {"pkg_resources": stand_in}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parliament leaves the two files open
        import parliament as imported
    return imported


@cache
def actions() -> dict[str, set[str]]:
    """Return IAM's actions, `service:Name`, each with the resource types that can limit it."""
    return {
        f"{service['prefix']}:{privilege['privilege']}": {
            kind["resource_type"].rstrip("*") for kind in privilege["resource_types"]
        }
        for service in parliament().iam_definition
        for privilege in service["privileges"]
    }
