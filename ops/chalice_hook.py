"""Make a plain `chalice deploy` deploy everything, and a plain `chalice local` serve something.

app.py calls this module when the CLI imports it. Chalice plans a deploy only after that import. So the hook
can provision the stage's resources first, give their names to the functions, and teach Chalice's client to
ask for partial batch responses and to adopt what an interrupted deploy left behind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import fields
from typing import Any

from chalice.config import Config
from chalice.deploy.deployer import ResultsRecorder

from chalicelib.settings import Settings
from ops import compiled, trimming
from ops.aws_session import endpoint, is_emulator, locate, open_session
from ops.current_policies import write_current_policies
from ops.deploy import adoption, boundary, chalice_record, emulator_fixes, gateway_responses, unchanged
from ops.deploy.api_stage import set_up
from ops.deploy.completion import complete
from ops.deploy.patching import wrap
from ops.deploy.provision import provision
from ops.errors import OperationError, or_exit
from ops.local.chalice_local import prepare_local
from ops.stages import Stage, Target, environment_of, load_stage, require_usable
from ops.teardown.undeclared import remove_undeclared

DEFAULT_STAGE = "dev"
OLDEST_GOOD_PYTHON = (3, 12)

LOOKED_AT = "SLUICE_PACKAGE_LOOKED_AT"  # set where a package is made to be looked at, and not deployed


def prepare(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Prepare this process for a command of Chalice's that app.py names; others need nothing."""
    if "deploy" in arguments:
        prepare_deploy(arguments, environ)
    elif "package" in arguments:
        if LOOKED_AT not in environ:
            or_exit(refuse_packaging)
        compiled.apply()
        trimming.apply()
    elif "delete" in arguments:
        chalice_record.tolerate_gone()
        name = option(arguments, "--stage") or DEFAULT_STAGE
        print(f"This removes functions and triggers; for the rest of the stage: make destroy STAGE={name}")
    elif "local" in arguments:
        gateway_responses.answer_locally()
        if (stage := option(arguments, "--stage")) != "local":
            profile = option(arguments, "--profile")
            or_exit(lambda: prepare_local(stage, profile, environ))


def refuse_packaging() -> None:
    """Raise OperationError: a packaged app would lose messages."""
    raise OperationError(
        "Sluice cannot be packaged. A template of `chalice package` (CloudFormation or Terraform, and the "
        "pipeline of `chalice generate-pipeline`, which runs it) holds queue mappings without partial batch "
        "responses, so that Lambda would delete messages that failed, and no trigger of the landing bucket. "
        "Deploy by `chalice deploy --stage <stage>`, in a pipeline too: docs/deploy.md has one for GitHub"
    )


def prepare_deploy(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Prepare a deploy of the stage; when that cannot be done, say why and exit."""
    or_exit(lambda: _prepare(arguments, environ))


def _prepare(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    stage = load_stage(option(arguments, "--stage") or DEFAULT_STAGE)
    if stage.is_local and not endpoint(environ):
        raise OperationError(
            "stage local has fixed names and tokens that everybody knows, so it is for emulators: use "
            "`make run`, export AWS_ENDPOINT_URL, or deploy another stage: chalice deploy --stage dev"
        )
    session = open_session(option(arguments, "--profile"))
    unchanged.apply()
    compiled.apply()
    trimming.apply()
    if is_emulator(environ):
        emulator_fixes.apply()
    elif sys.version_info < OLDEST_GOOD_PYTHON:
        print("sluice: AWS is ending python3.11 functions; deploy from Python 3.12 or newer", file=sys.stderr)
    target = locate(session)
    environment = environment_of(stage, target)
    require_usable(stage, environment)
    place = endpoint(environ) or "AWS"
    print(f"Deploying stage {stage.name} to account {target.account}, {target.region}, at {place}")
    chalice_record.forget_before_deploy(stage, target, print)
    provision(stage, session, target, print)
    replace_settings(environ, environment)
    give_to_functions(environment)
    write_current_policies(stage, target, environment)
    gateway_responses.deploy_with_the_api()
    adoption.apply(stage.stack_name)
    boundary.apply(environment.get("PERMISSIONS_BOUNDARY", ""))
    _complete_afterwards(stage, session, target, environment)


def replace_settings(environ: MutableMapping[str, str], environment: dict[str, str]) -> None:
    """Replace the settings of the caller's shell by the stage's.

    The decorators of app.py read their settings in this process. They must find what the functions will find.
    """
    for name in {setting.name.upper() for setting in fields(Settings)} - {"AWS_REGION"}:
        environ.pop(name, None)
    environ.update(environment)


def option(arguments: Sequence[str], name: str) -> str | None:
    """Return the value of a command line's option, given as `--name value` or `--name=value`."""
    for index, argument in enumerate(arguments):
        if argument == name and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def give_to_functions(environment: dict[str, str]) -> None:
    """Add `environment` to the environment of every function of this deploy."""

    def with_resources(of_config: property) -> property:
        def merged(config: Config) -> dict[str, str]:
            return {**environment, **of_config.__get__(config)}

        return property(merged)

    wrap(Config, "environment_variables", with_resources)


def closing_words(stage: Stage, environment: dict[str, str], deployed: dict[str, Any]) -> str:
    """Return what a person needs after a deploy: where files land, how to get a token, the page."""
    urls = [each["rest_api_url"] for each in deployed["resources"] if "rest_api_url" in each]
    secret = environment.get("API_TOKENS_SECRET")
    token = (
        f"aws secretsmanager get-secret-value --secret-id {secret}-reader --query SecretString --output text"
        if secret
        else environment.get("API_READER_TOKEN", "")
    )
    landing = f"s3://{environment['LANDING_BUCKET']}/{environment.get('INPUT_PREFIX', 'data/in/')}"
    return (
        f"\nStage {stage.name} is deployed\n"
        f"  Landing bucket  {landing}\n"
        f"  Reader's token  {token}\n"
        f"  Page            {' '.join(urls)}\n"
    )


def _complete_afterwards(stage: Stage, session: Any, target: Target, environment: dict[str, str]) -> None:
    """Have the deploy completed as soon as Chalice has recorded its results, its last step."""

    def completing(record: Callable[..., None]) -> Callable[..., None]:
        def record_and_complete(
            recorder: ResultsRecorder, results: dict[str, Any], chalice_stage_name: str, project_dir: str
        ) -> None:
            record(recorder, results, chalice_stage_name, project_dir)
            or_exit(lambda: complete(session, target, environment, results))
            wanted = environment.get("PERMISSIONS_BOUNDARY", "")
            or_exit(lambda: boundary.bound(session.client("iam"), results, wanted))
            set_up(stage, session, target, results, print)
            or_exit(lambda: remove_undeclared(stage, session, results, print))
            print(closing_words(stage, environment, results))

        return record_and_complete

    wrap(ResultsRecorder, "record_results", completing)
