"""What the package holds of botocore's data: service models with only the operations that Sluice calls.

A deploy trims the models of its own botocore (`ops/trimming.py`), and Lambda's runtime has another one. They
need not be the same: a model is plain data, which botocore takes from its users too. The rules of endpoints
and all that the package does not hold are the data of the runtime's botocore (docs/adr/019).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader

if TYPE_CHECKING:
    from botocore.session import Session

FOLDER = Path(__file__).with_name("trimmed_data")
MODEL, ENDPOINT_RULES, ENDPOINTS = "service-2", "endpoint-rule-set-1", "endpoints"
OLDEST, TOO_NEW = (1, 35, 69), (2,)  # versions of botocore that are given trimmed data


def give_to(session: Session) -> None:
    """Let a session read trimmed data, if there are any, its botocore takes them, and it has no others."""
    if FOLDER.is_dir() and fits(botocore.__version__) and not session.get_config_variable("data_path"):
        session.register_component("data_loader", TrimmedLoader(FOLDER))


def fits(version: str) -> bool:
    """Tell whether a botocore takes trimmed data: one that is tested with them, or a later one like it."""
    try:
        return OLDEST <= tuple(int(part) for part in version.split(".")) < TOO_NEW
    except ValueError:
        return False


class TrimmedLoader(Loader):
    """botocore's loader, which takes models and endpoints from a folder where that holds them.

    botocore's own way to a service lists the folders of all services, and does so twice.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._kept: dict[str, Any] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return the trimmed model of a service, and its endpoint rules from where botocore has them."""
        model = self._trimmed(service_name) if not api_version else {}
        if model and type_name == MODEL:
            return model
        if model and type_name == ENDPOINT_RULES:
            try:
                return self.load_data(f"{service_name}/{model['metadata']['apiVersion']}/{type_name}")
            except DataNotFoundError:  # this botocore has another version of the service
                return super().load_service_model(service_name, type_name, api_version)
        return super().load_service_model(service_name, type_name, api_version)

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """Return data and where they are: trimmed endpoints are botocore's, as nobody has changed one."""
        if name == ENDPOINTS and (found := self._trimmed(name)):
            return found, self.BUILTIN_DATA_PATH
        return super().load_data_with_path(name)

    def _trimmed(self, name: str) -> Any:
        """Return what the folder holds under a name; nothing when that cannot be read."""
        if name not in self._kept:
            try:
                self._kept[name] = json.loads((self._folder / f"{name}.json").read_bytes())
            except (OSError, ValueError):
                self._kept[name] = {}
        return self._kept[name]
