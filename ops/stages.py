"""The stages of `.chalice/config.json`, and the environment variables of a stage's functions."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chalicelib.errors import SettingsError
from chalicelib.settings import Settings
from ops.errors import OperationError

APP = "sluice"
LOCAL = "local"
STAGE_TAG = "sluice-stage"
ROOT = Path(__file__).resolve().parent.parent
CONFIG = Path(".chalice", "config.json")
WATCHED = ("LANDING_BUCKET", "NDJSON_BUCKET")
NEARLY = 0.85  # one or two letters of a name


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of `.chalice/config.json`: its `environment` wins over what `environment_of` derives."""

    name: str
    environment: dict[str, str]
    settings: dict[str, Any]

    @property
    def is_local(self) -> bool:
        """Whether this is the stage for emulators, which has fixed names."""
        return self.name == LOCAL

    @property
    def has_own_state_machine(self) -> bool:
        """Whether the config names an existing state machine, so that the stack makes none."""
        return not self.is_local and "STEP_FUNCTION_ARN" in self.environment

    @property
    def given_buckets(self) -> dict[str, str]:
        """The watched buckets that the config names, by setting: they are the user's own, not made here."""
        names = () if self.is_local else WATCHED
        return {name: self.environment[name] for name in names if name in self.environment}

    @property
    def stack_name(self) -> str:
        """The name of the stage's CloudFormation stack."""
        return f"{APP}-{self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a stage is deployed to."""

    account: str
    region: str
    partition: str = "aws"


def load_stage(name: str, root: Path = ROOT) -> Stage:
    """Read stage `name`; raise OperationError when the project has no such stage."""
    config = json.loads((root / CONFIG).read_text())
    stages = config["stages"]
    if name not in stages:
        raise OperationError(f"{CONFIG} has no stage {name!r}, only {', '.join(stages)}; add it there")
    environment = {**config.get("environment_variables", {}), **stages[name].get("environment_variables", {})}
    if environment.get("STAGE") != name:
        raise OperationError(
            f"{CONFIG} stage {name!r} must have STAGE={name!r} among its environment_variables, "
            f"not {environment.get('STAGE')!r}"
        )
    return Stage(name, environment, {**config, **stages[name]})


def bucket_suffix(stage: Stage, target: Target) -> str:
    """Return the ending that makes bucket names unique among all accounts; stage local needs none."""
    return "" if stage.is_local else f"-{target.account}"


def environment_of(stage: Stage, target: Target) -> dict[str, str]:
    """Return all variables of a stage's functions: the names of its resources, and what the config sets."""
    prefix, suffix = stage.stack_name, bucket_suffix(stage, target)
    queue_host = f"https://sqs.{target.region}.{_dns_suffix(target)}/{target.account}"
    place = f"{target.region}:{target.account}"
    derived = {
        "LANDING_BUCKET": f"{prefix}-landing{suffix}",
        "NDJSON_BUCKET": f"{prefix}-ndjson{suffix}",
        "MANIFEST_BUCKET": f"{prefix}-artifacts{suffix}",
        "S3_STATE_BUCKET": f"{prefix}-artifacts{suffix}",
        "QUARANTINE_BUCKET": f"{prefix}-quarantine{suffix}",
        "CATALOG_TABLE": f"{prefix}-catalog",
        "TRACKING_TABLE": f"{prefix}-tracking",
        "NDJSON_QUEUE": f"{prefix}-ndjson",
        "DISCOVERED_QUEUE": f"{prefix}-discovered",
        "LANDING_DLQ": f"{prefix}-landing-dlq",
        "EVENTS_DLQ": f"{prefix}-events-dlq",
        "NDJSON_DLQ": f"{prefix}-ndjson-dlq",
        "DISCOVERED_DLQ": f"{prefix}-discovered-dlq",
        "SQS_QUEUE_URL": f"{queue_host}/{prefix}-discovered",
        "SNS_TOPIC_ARN": f"arn:{target.partition}:sns:{place}:{prefix}-alerts",
        "STEP_FUNCTION_ARN": f"arn:{target.partition}:states:{place}:stateMachine:{prefix}-etl",
    }
    if not stage.is_local:
        derived["API_TOKENS_SECRET"] = f"{prefix}-api-token"
    environment = {**derived, **stage.environment}
    if "S3_SOURCE_BUCKET" not in environment:
        environment["S3_SOURCE_BUCKET"] = environment["LANDING_BUCKET"]
    return environment


def require_usable(stage: Stage, environment: dict[str, str]) -> None:
    """Raise OperationError, which names every fault, when functions could not work with `environment`."""
    faults = misspelt(environment) + _misnamed(stage)
    try:
        Settings.from_environ(environment)
    except SettingsError as error:
        faults += [str(fault) for fault in error.faults]
    if faults:
        named = "\n".join(f"  {fault}" for fault in faults)
        raise OperationError(
            f"no function could work with these settings of stage {stage.name}:\n{named}\n"
            f"Correct them in {CONFIG}, environment_variables of the stage; README.md lists them all"
        )


def _misnamed(stage: Stage) -> list[str]:
    """Name given buckets that `make destroy` would delete, for their name, or that both lanes watch."""
    given, prefix = stage.given_buckets, f"{stage.stack_name}-"
    faults = [
        f"{name}={bucket}: names that begin with {prefix} are those of buckets that the stack makes"
        for name, bucket in given.items()
        if bucket.startswith(prefix)
    ]
    if len(given) > len(set(given.values())):
        faults.append("LANDING_BUCKET and NDJSON_BUCKET are one bucket: S3 tells one lane of a new object")
    return faults


def misspelt(environment: dict[str, str]) -> list[str]:
    """Name the variables that are no settings but nearly read like one: their values would be ignored."""
    known = {setting.name.upper() for setting in fields(Settings)}
    near = {name: get_close_matches(name, known, 1, NEARLY) for name in sorted(environment.keys() - known)}
    return [f"{name} is no setting: do you mean {like[0]}?" for name, like in near.items() if like]


def _dns_suffix(target: Target) -> str:
    return "amazonaws.com.cn" if target.partition == "aws-cn" else "amazonaws.com"
