"""`python -m ops policies --stage <stage>`: one policy file per function, and its entry for Chalice.

Nothing here asks AWS. Account, region and partition are the caller's (the deployment knows them); the
command's own defaults are the emulators' account and region.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.errors import SettingsError
from chalicelib.settings import Settings
from ops.policies.documents import document
from ops.policies.grants import denials_of, grants_of
from ops.policies.reading.handlers import read_handlers
from ops.policies.reading.sources import Refused
from ops.policies.resources import Place
from ops.stages import CONFIG, ROOT, Stage, Target, environment_of, load_stage

EMULATORS = Target(account="123456789012", region="us-east-1")
XRAY = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]  # these actions have no resources
TRACING = {"Sid": "XrayA", "Effect": "Allow", "Action": XRAY, "Resource": "*"}
FOLDER = "policies"  # below .chalice, where iam_policy_file is looked up


def write_policies(
    stage: Stage, target: Target, environment: Mapping[str, str] | None = None, root: Path = ROOT
) -> list[Path]:
    """Write the policy files of a stage and their entries in config.json; return the files that changed.

    `environment` is what the functions will get, where the deployment knows better than the config: a state
    machine of one's own, for example. Raise Refused for code whose permissions cannot be derived.
    """
    handlers = read_handlers(root)
    place = place_of(stage, target, environment)
    folder = root / CONFIG.parent / FOLDER / stage.name
    traced = [TRACING] if stage.settings.get("xray") else []
    wanted = {
        folder / f"{one.name}.json": _json(document(grants_of(one, place), denials_of(one, place), traced))
        for one in handlers
    }
    wanted[root / CONFIG] = entered((root / CONFIG).read_text(), stage.name, [one.name for one in handlers])
    folder.mkdir(parents=True, exist_ok=True)
    for orphan in set(folder.glob("*.json")) - set(wanted):
        orphan.unlink()
    return [path for path, content in wanted.items() if _write(path, content)]


def place_of(stage: Stage, target: Target, environment: Mapping[str, str] | None = None) -> Place:
    """Return the settings that a stage's functions will have, and where."""
    variables = environment_of(stage, target) | dict(environment or {})
    try:
        return Place(Settings.from_environ(variables), target)
    except SettingsError as error:
        raise Refused(f"stage {stage.name}: {error}") from None


def entered(text: str, stage: str, functions: list[str]) -> str:
    """Return config.json with the entries of a stage's functions; all else stays, its form too if all is."""
    config = json.loads(text)
    section: dict[str, Any] = config["stages"][stage]
    section["autogen_policy"] = False
    entries: dict[str, Any] = section.setdefault("lambda_functions", {})
    for name in functions:
        entries.setdefault(name, {})["iam_policy_file"] = f"{FOLDER}/{stage}/{name}.json"
    for name in [name for name in entries if name not in functions]:
        entries[name].pop("iam_policy_file", None)
        if not entries[name]:
            del entries[name]
    return text if config == json.loads(text) else _json(config)


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, content: str) -> bool:
    if path.is_file() and path.read_text() == content:
        return False
    path.write_text(content)
    return True


def command(arguments: list[str]) -> int:
    """Write the policies of the stage that `arguments` name."""
    parser = argparse.ArgumentParser(prog="python -m ops policies", description=__doc__)
    parser.add_argument("--stage", required=True)
    parser.add_argument("--account", default=EMULATORS.account, help="account id in the ARNs")
    parser.add_argument("--region", default=EMULATORS.region, help="region in the ARNs")
    parser.add_argument("--partition", default=EMULATORS.partition, help="aws, aws-cn or aws-us-gov")
    options = parser.parse_args(arguments)
    target = Target(options.account, options.region, options.partition)
    changed = write_policies(load_stage(options.stage), target)
    for path in changed:
        print(f"wrote {path.relative_to(ROOT)}")
    print(f"Policies of stage {options.stage}: {'written' if changed else 'unchanged'}")
    return 0
