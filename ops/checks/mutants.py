"""Break each condition of a write, and each order of two effects, one at a time: a test must notice.

`python -m ops.checks.mutants [module …]` (`make mutants`). A module's tests run once unbroken, while every
conditional write that they make is noted. Then they run once for each part of each condition with that part
made true or, of alternatives, taken away; and once for each change of `effects`, made to the source as it is
loaded. Each run is a fork of this process. What no test notices is printed, unless `mutant_tests` says why
nobody could.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.client import BaseClient

from ops.checks.effects import CHANGES, Change
from ops.checks.mutant_tests import EQUIVALENT, TESTS

ROOT = Path(__file__).resolve().parents[2]
AWS = str(ROOT / "chalicelib" / "aws")
TOKENS = re.compile(r"[()]|\s+(?:AND|OR)\s+")
S3_CONDITIONS = ("IfMatch", "IfNoneMatch", "CopySourceIfMatch")
READS = {"GetObject", "HeadObject"}
EMIT = "_emit_api_params"  # every call passes it, and so does every presigned request
SECONDS = 300  # of one run
NO_TEST = 5  # pytest's exit code when it finds none

Mutation = Callable[[dict[str, Any]], None]


def broken(condition: str) -> dict[str, str]:
    """Return a condition in each way to break it, by what was done: every name in it stays in use."""
    parts, operators = _divided(condition)
    if not operators and condition.startswith("(") and condition.endswith(")"):
        return {what: f"({inner})" for what, inner in broken(condition[1:-1]).items()}
    if not operators:
        return {f"true: {_general(condition)}": _always(condition)}
    found: dict[str, str] = {}
    if operators == {"OR"}:
        found |= {f"true: {_general(condition)}": _always(condition)}
        found |= {f"without: {_general(part)}": condition.replace(part, _never(part), 1) for part in parts}
    for part in parts:
        deeper = operators == {"AND"} or part.startswith("(")
        found |= {w: condition.replace(part, b, 1) for w, b in broken(part).items()} if deeper else {}
    return found


def _divided(condition: str) -> tuple[list[str], set[str]]:
    """Return the parts of a condition and what joins them, none of which lies within parentheses."""
    parts, operators, depth, start = list[str](), set[str](), 0, 0
    for token in TOKENS.finditer(condition):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if not depth and token[0] not in "()":
            parts.append(condition[start : token.start()])
            operators.add(token[0].strip())
            start = token.end()
    return [*parts, condition[start:]], operators


def _general(part: str) -> str:
    return re.sub(r"IN \([^)]*\)", "IN (…)", part)


def _always(part: str) -> str:
    name = re.findall(r"#\w+", part)[0]
    return f"({part} OR attribute_exists({name}) OR attribute_not_exists({name}))"


def _never(part: str) -> str:
    name = re.findall(r"#\w+", part)[0]
    return f"({part} AND attribute_exists({name}) AND attribute_not_exists({name}))"


def ways(operation: str, parameters: dict[str, Any]) -> dict[str, Mutation]:
    """Return the ways to break the condition of one call; none when it has none."""
    found: dict[str, Mutation] = {}
    for what, text in (
        broken(parameters["ConditionExpression"]).items() if "ConditionExpression" in parameters else ()
    ):
        found[what] = lambda given, text=text: given.update(ConditionExpression=text)  # type: ignore[misc]
    for name in S3_CONDITIONS if operation not in READS else ():
        if name in parameters:
            found[f"without: {name}"] = lambda given, name=name: given.pop(name)  # type: ignore[misc]
    return found


def _site() -> str:
    """Return which method of chalicelib/aws makes the call that is under way; empty for any other caller."""
    frame = inspect.currentframe()
    while frame and not frame.f_code.co_filename.startswith(AWS):
        frame = frame.f_back
    return f"aws/{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname}" if frame else ""


def watch(see: Callable[[str, str, dict[str, Any]], None]) -> None:
    """Have `see` look at each call, and change its parameters, before botocore takes them."""
    emit = getattr(BaseClient, EMIT)

    def seen(self: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
        parameters = dict(api_params)
        if site := _site():
            see(site, operation_model.name, parameters)
        return emit(self, api_params=parameters, operation_model=operation_model, context=context)

    patch.object(BaseClient, EMIT, seen).start()


def load_changed(change: Change) -> Callable[[Path], None]:
    """Return the preparation that has Python load the module of a change with that change made."""
    path = ROOT / change.path
    source = path.read_text()
    assert source.count(change.old) == 1, f"{change.path} does not read as ops/checks/effects.py has it"
    code = compile(source.replace(change.old, change.new), str(path), "exec", dont_inherit=True)

    def prepare(_: Path) -> None:
        get_code = SourceFileLoader.get_code

        def changed(self: Any, name: str) -> Any:
            return code if Path(self.path) == path else get_code(self, name)

        patch.object(SourceFileLoader, "get_code", changed).start()
        for name in [
            name for name in sys.modules if name.partition(".")[0] in {"app", "chalicelib", "tests"}
        ]:
            del sys.modules[name]

    return prepare


def run(tests: list[str], prepare: Callable[[Path], None]) -> tuple[int, list[str]]:
    """Run tests in a fork after `prepare`; return pytest's exit code (1 if killed) and the lines noted."""
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "noted"
        child = os.fork()
        if not child:
            with (Path(folder) / "output").open("w") as output:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
            code = 4
            try:
                prepare(noted)
                _spare_policies()
                code = int(pytest.main(["-qx", "-n0", "-p", "no:cacheprovider", "--tb=no", *tests]))
            finally:
                os._exit(code)
        until, ended, status = time.monotonic() + SECONDS, 0, 0
        while not ended and time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            time.sleep(0.05)
        if not ended:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return 1, []
        lines = noted.read_text().splitlines() if noted.exists() else []
        return os.waitstatus_to_exitcode(status), list(dict.fromkeys(lines))


def warm_up() -> None:
    """Load once what every run needs, so that its fork begins with the tests."""
    with import_module("tests.support.emulation").emulated_aws():
        import_module("app")


def _spare_policies() -> None:
    """Have no test hold handlers to their policies: it takes longer than the tests and tells nothing here."""
    import_module("tests.support.emulation")  # before the app, whose decorators read the environment
    recorder = import_module("tests.support.iam").Recorder
    patch.object(recorder, "note", lambda *_: None).start()


def conditions_of(module: str, tests: list[str]) -> dict[str, list[str]]:
    """Run a module's tests unbroken; return each way to break a write that they make, and which tests do."""

    def prepare(noted: Path) -> None:
        def see(site: str, operation: str, parameters: dict[str, Any]) -> None:
            with noted.open("a") as lines:
                test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
                lines.writelines(f"{site}: {what}\t{test}\n" for what in ways(operation, parameters))

        watch(see)

    code, lines = run(tests, prepare)
    assert code == 0, f"the tests of {module} fail unbroken (exit code {code}): {' '.join(tests)}"
    found: dict[str, list[str]] = {}
    for line in lines:
        name, _, test = line.partition("\t")
        if name.startswith(f"{module}."):
            found.setdefault(name, []).append(test)
    return found


def survives(tests: list[str], prepare: Callable[[Path], None]) -> bool:
    """Tell whether tests pass after `prepare`."""
    return run(tests, prepare)[0] in {0, NO_TEST}


def break_condition(name: str) -> Callable[[Path], None]:
    """Return the preparation that breaks one condition wherever it is used."""

    def see(site: str, operation: str, parameters: dict[str, Any]) -> None:
        for what, mutation in ways(operation, parameters).items():
            if f"{site}: {what}" == name:
                mutation(parameters)
                return

    return lambda _: watch(see)


def main(modules: list[str]) -> int:
    """Try the mutants of the modules named, or all; return 1 when one survives."""
    survivors, tried = [], 0
    warm_up()
    for module, tests in TESTS.items():
        if modules and module not in modules:
            continue
        reached = conditions_of(module, tests) if module.startswith("aws/") else {}
        trials = {name: (those, break_condition(name)) for name, those in reached.items()}
        trials |= {
            f"{module}: {one.what}": (tests, load_changed(one))
            for one in CHANGES
            if one.path == f"chalicelib/{module}.py"
        }
        for name, (those, prepare) in trials.items():
            if name in EQUIVALENT:
                continue
            tried += 1
            alive = survives(those, prepare)
            survivors += [name] if alive else []
            print("SURVIVES" if alive else "noticed ", name, flush=True)
    print(f"{tried} mutants, {len(survivors)} survive", *survivors, sep="\n")
    return int(bool(survivors) or not tried)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
