"""What makes a plain `chalice deploy` deploy everything: called when the CLI's deploy imports app.py.

Chalice plans only after that import, so there is time to make the resources, to put their names into the
functions' environment, and to teach its client what it does not know: partial batch responses, and to adopt
what an interrupted deploy left behind.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import fields
from typing import Any

from chalice.config import Config
from chalice.deploy.deployer import ResultsRecorder

from chalicelib.settings import Settings
from ops.aws import endpoint, is_emulator, locate, open_session
from ops.deploy import adoption, emulator_fixes, gateway_responses
from ops.deploy.completion import complete
from ops.deploy.deployed import forget_foreign
from ops.deploy.patching import wrap
from ops.deploy.provision import provision
from ops.errors import OperationError
from ops.local.chalice_local import prepare_local
from ops.policies import write_policies
from ops.stages import CONFIG, ROOT, Stage, Target, environment_of, load_stage, require_usable

DEFAULT_STAGE = "dev"
OLDEST_GOOD_PYTHON = (3, 12)


def prepare(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Prepare what the command needs of this process: `chalice deploy` and `chalice local` need something."""
    if "deploy" in arguments:
        prepare_deploy(arguments, environ)
    elif "local" in arguments:
        gateway_responses.answer_locally()
        if (stage := option(arguments, "--stage")) != "local":
            profile = option(arguments, "--profile")
            _or_exit(lambda: prepare_local(stage, profile, environ))


def prepare_deploy(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Bring the stage's resources up to date and this process into shape; exit with words when it cannot."""
    _or_exit(lambda: _prepare(arguments, environ))


def _prepare(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    stage = load_stage(option(arguments, "--stage") or DEFAULT_STAGE)
    if stage.is_local and not endpoint(environ):
        raise OperationError(
            "stage local has fixed names and tokens that everybody knows, so it is for emulators: use "
            "`make run`, export AWS_ENDPOINT_URL, or deploy another stage: chalice deploy --stage dev"
        )
    session = open_session(option(arguments, "--profile"))
    if is_emulator(environ):
        emulator_fixes.apply()
    elif sys.version_info < OLDEST_GOOD_PYTHON:
        print("sluice: AWS is ending python3.11 functions; deploy from Python 3.12 or newer", file=sys.stderr)
    target = locate(session)
    environment = environment_of(stage, target)
    require_usable(stage, environment)
    place = endpoint(environ) or "AWS"
    print(f"Deploying stage {stage.name} to account {target.account}, {target.region}, at {place}")
    forget_foreign(stage, target, print)
    provision(stage, session, target, print)
    replace_settings(environ, environment)
    give_to_functions(environment)
    write_current_policies(stage, target, environment)
    gateway_responses.deploy_with_the_api()
    adoption.apply(stage.stack_name)
    _complete_afterwards(session, target, environment)


def write_current_policies(stage: Stage, target: Target, environment: dict[str, str]) -> None:
    """Write the functions' policies; refuse when the config that Chalice has read already names others."""
    if ROOT / CONFIG in write_policies(stage, target, environment):
        raise OperationError(
            f"the functions in app.py and in {CONFIG} differed; the config is up to date now: "
            "run the same command again"
        )


def replace_settings(environ: MutableMapping[str, str], environment: dict[str, str]) -> None:
    """Put the stage's settings into this process, and leave none that only the caller's shell has.

    The decorators of app.py read them here, the functions read the stage's: both must be the same.
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
    """Make `environment` part of what every function of this deploy gets."""

    def with_resources(of_config: property) -> property:
        def merged(config: Config) -> dict[str, str]:
            return {**environment, **of_config.__get__(config)}

        return property(merged)

    wrap(Config, "environment_variables", with_resources)


def _complete_afterwards(session: Any, target: Target, environment: dict[str, str]) -> None:
    """Complete the deploy once its results are recorded, which is the last that Chalice does."""

    def completing(record: Callable[..., None]) -> Callable[..., None]:
        def record_and_complete(
            recorder: ResultsRecorder, results: dict[str, Any], chalice_stage_name: str, project_dir: str
        ) -> None:
            record(recorder, results, chalice_stage_name, project_dir)
            _or_exit(lambda: complete(session, target, environment, results))

        return record_and_complete

    wrap(ResultsRecorder, "record_results", completing)


def _or_exit(step: Callable[[], None]) -> None:
    """Run a step of the deploy; when it cannot be done, say why and end the command."""
    try:
        step()
    except OperationError as error:
        print(f"sluice: {error}", file=sys.stderr, flush=True)
        if threading.current_thread() is not threading.main_thread():
            os._exit(2)  # chalice local loads the app in a thread, and would wait without it for ever
        sys.exit(2)
