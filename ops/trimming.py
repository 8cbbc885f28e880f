"""Ship the service models of Sluice's clients, trimmed to the operations that Sluice calls.

botocore reads the whole model of a service and the endpoints of all services in every new process. The
models are those of the botocore that deploys; `chalicelib/aws/trimmed_data.py` tells which others take them.
Operations are those that policies can be derived for: a call of any other stops the deploy before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from chalice.deploy.packager import BaseLambdaDeploymentPackager

from chalicelib.aws import trimmed_data
from chalicelib.aws.trimmed_data import ENDPOINTS, MODEL
from ops.deploy.patching import wrap
from ops.policies.actions import NEEDS

Named = Iterator[tuple[str, str]]  # files, and their names in the package
Data = dict[str, Any]

PLACE = f"chalicelib/aws/{trimmed_data.FOLDER.name}"
SERVICES = sorted({service for service, _ in NEEDS})
# What botocore calls itself: for a bucket's region, for a bucket of S3 Express, and to sign an upload's form.
BY_BOTOCORE = {"s3": {"HeadBucket", "CreateSession", "CreateBucket"}}


def apply() -> None:
    """Change the packager of this process."""
    wrap(BaseLambdaDeploymentPackager, "_iter_app_filenames", _with_data)


def names() -> set[str]:
    """Return the names that trimmed data have in the package."""
    return {f"{PLACE}/{name}.json" for name in (*SERVICES, ENDPOINTS)}


def _with_data(sources: Callable[[Any, str], Named]) -> Callable[[Any, str], Named]:
    def with_data(packager: Any, project: str) -> Named:
        yield from sources(packager, project)
        modified = Path(project, "app.py").stat().st_mtime
        with TemporaryDirectory() as folder:
            write(Path(folder))
            for file in sorted(Path(folder).iterdir()):
                os.utime(file, (modified, modified))  # the zip of the same sources is the same
                yield str(file), f"{PLACE}/{file.name}"

    return with_data


def write(folder: Path) -> None:
    """Write the trimmed data of the installed botocore into a folder."""
    for name, content in _contents().items():
        (folder / f"{name}.json").write_text(content)


@cache
def _contents() -> dict[str, str]:
    loader = Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)  # none of somebody's own
    models = {name: loader.load_service_model(name, MODEL) for name in SERVICES}
    data = {name: trimmed_model(model, called(name, model)) for name, model in models.items()}
    prefixes = {model["metadata"]["endpointPrefix"] for model in models.values()}
    data[ENDPOINTS] = trimmed_endpoints(loader.load_data(ENDPOINTS), prefixes)
    return {name: json.dumps(each, separators=(",", ":")) for name, each in data.items()}


def called(service: str, model: Data) -> set[str]:
    """Return the operations of a service that Sluice or botocore calls; raise KeyError for an unknown one."""
    by_method = {xform_name(name): name for name in model["operations"]}
    of_discovery = {name for name, one in model["operations"].items() if one.get("endpointoperation")}
    by_sluice = {by_method[method] for each, method in NEEDS if each == service}
    return by_sluice | BY_BOTOCORE.get(service, set()) | of_discovery


def trimmed_model(model: Data, operations: Iterable[str]) -> Data:
    """Return a service's model with these operations, every error, and the shapes that these are made of."""
    kept = {name: one for name, one in model["operations"].items() if name in operations}
    shapes: Data = model["shapes"]
    waiting = [*_references(kept), *(name for name, shape in shapes.items() if shape.get("exception"))]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _references(shapes[name])
    within = {name: shape for name, shape in shapes.items() if name in reached}  # in the order they had
    return model | {"operations": _bare(kept), "shapes": _bare(within)}


def trimmed_endpoints(endpoints: Data, prefixes: Iterable[str]) -> Data:
    """Return botocore's table of endpoints with those of these services only, in every partition."""
    partitions = [
        one | {"services": {name: each for name, each in one["services"].items() if name in prefixes}}
        for one in endpoints["partitions"]
    ]
    return endpoints | {"partitions": partitions}


def _references(data: Any) -> Iterator[str]:
    """Yield the shapes that data name; a member that is called so is no text."""
    if isinstance(data, dict):
        if isinstance(name := data.get("shape"), str):
            yield name
        data = [*data.values()]
    if isinstance(data, list):
        for each in data:
            yield from _references(each)


def _bare(data: Any) -> Any:
    """Return data without their documentation; a member that is called so is no text."""
    if isinstance(data, list):
        return [_bare(each) for each in data]
    if not isinstance(data, dict):
        return data
    return {
        key: _bare(each) for key, each in data.items() if key != "documentation" or not isinstance(each, str)
    }
