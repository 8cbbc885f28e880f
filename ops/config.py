"""`python -m ops config lint FILE [KEY …]`: check a job config before it is uploaded.

FILE may be `-`, standard input. Every fault is printed, with its line. For each KEY it is told what would
happen if it landed. The exit status is 0 for a config that can be used, 1 for one that cannot, 2 for a
command that is not right.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chalicelib.errors import ConfigError
from chalicelib.landing.config import MAX_BYTES, Config
from chalicelib.landing.entries import parse_jobs
from chalicelib.settings import Settings
from chalicelib.status.prediction import predict
from ops.errors import OperationError
from ops.policies.writing import EMULATORS
from ops.stages import LOCAL, environment_of, load_stage, require_usable


def command(arguments: list[str]) -> int:
    """Lint a job config; return 0 when it can be used, else 1."""
    parser = argparse.ArgumentParser(prog="python -m ops config", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    lint = actions.add_parser("lint", help="check a job config and say what files would do by it")
    lint.add_argument("file", metavar="FILE", help="the config; - reads standard input")
    lint.add_argument("keys", metavar="KEY", nargs="*", help="tell what would happen if this key landed")
    lint.add_argument("--stage", default=LOCAL, help="whose settings count, STATE_MACHINES among them")
    given = parser.parse_args(arguments)
    return _lint(_content(given.file), given.file, given.keys, _settings(given.stage))


def _lint(body: bytes, name: str, keys: list[str], settings: Settings) -> int:
    try:
        jobs = parse_jobs(body, name, settings.state_machines)
    except ConfigError as error:
        print(f"{name}: {len(error.faults)} faults", *error.faults, sep="\n  ")
        return 1
    active = sum(job.is_active for job in jobs.all)
    print(f"{name}: {len(jobs.all)} jobs, {active} of them active; it can be used")
    for key in keys:
        prediction = predict(key, settings, Config(name, jobs))
        print(f"  {key}: {prediction.outcome}. {prediction.why}")
    return 0


def _content(name: str) -> bytes:
    body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    if len(body) > MAX_BYTES:
        raise OperationError(f"{name} has {len(body)} bytes: a config has at most {MAX_BYTES}")
    return body


def _settings(stage_name: str) -> Settings:
    stage = load_stage(stage_name)
    environment = environment_of(stage, EMULATORS)
    require_usable(stage, environment)
    return Settings.from_environ(environment)
