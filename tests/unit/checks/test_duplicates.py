"""The duplicate pass: what counts as the same lines, and where it says they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from ops.checks.duplicates import code_of, duplicates, main
from ops.stages import ROOT

IDEA = "\n".join(f"step_{number}(given, {number})" for number in range(6))


def _function(name: str, body: str) -> str:
    return f"def {name}(given):\n{indent(body, '    ')}\n\n\n"


def _found(folder: Path, *functions: str) -> list[tuple[str, str]]:
    path = folder / "module.py"
    path.write_text("".join(functions))
    return list(duplicates([code_of(path)]))


def test_six_equal_lines_in_two_functions_are_found_once_with_their_places(tmp_path: Path) -> None:
    found = _found(tmp_path, _function("one", IDEA), _function("other", f"first()\n{IDEA}"))
    assert found == [(f"{tmp_path}/module.py:2", f"{tmp_path}/module.py:12")]


def test_a_longer_run_is_one_finding(tmp_path: Path) -> None:
    longer = f"{IDEA}\nlast(given)"
    assert len(_found(tmp_path, _function("one", longer), _function("other", longer))) == 1


def test_five_equal_lines_are_none(tmp_path: Path) -> None:
    shorter = IDEA.partition("\n")[2]
    assert _found(tmp_path, _function("one", shorter), _function("other", shorter)) == []


def test_equal_lines_are_found_outside_functions_too(tmp_path: Path) -> None:
    fields = "\n".join(f"part_{number}: int" for number in range(6))
    one, other = (f"class {name}:\n{indent(fields, '    ')}\n" for name in ("One", "Other"))
    assert len(_found(tmp_path, one, other)) == 1


def test_a_run_does_not_repeat_itself(tmp_path: Path) -> None:
    assert _found(tmp_path, _function("one", "again()\n" * 11)) == []
    assert _found(tmp_path, _function("one", "again()\n" * 12)) != []


@pytest.mark.parametrize("between", ["# why", '"""Says what."""', "import json", "from json import dumps"])
def test_comments_docstrings_and_imports_do_not_hide_a_duplicate_nor_make_one(
    between: str, tmp_path: Path
) -> None:
    first, _, rest = IDEA.partition("\n")
    assert _found(tmp_path, _function("one", IDEA), _function("other", f"{first}\n{between}\n{rest}"))
    many = "\n".join([between] * 9)
    assert _found(tmp_path, _function("one", f"{many}\na()"), _function("other", f"{many}\nb()")) == []


def test_the_command_fails_and_names_both_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.py").write_text("class One:\n" + indent(_function("method", IDEA), "    "))
    (tmp_path / "two.py").write_text(_function("alone", IDEA))
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path}/two.py:2" in said
    assert f"{tmp_path}/one.py:3" in said
    assert main(["--lines", "7", str(tmp_path)]) == 0
    (tmp_path / "two.py").unlink()
    assert main([str(tmp_path)]) == 0


def test_make_check_allows_no_six_equal_lines_in_what_ships_and_no_eight_anywhere() -> None:
    command = ["make", "-n", "check", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    passes = [line.partition("duplicates ")[2] for line in done.stdout.splitlines() if "duplicates" in line]
    assert passes == ["app.py chalicelib ops", "--lines 8 app.py chalicelib ops benchmarks tests"]
