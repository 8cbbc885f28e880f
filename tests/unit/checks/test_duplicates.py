"""The duplicate pass: what counts as the same lines, and where it says they stand."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from ops.checks.duplicates import bodies_of, duplicates, main

IDEA = "\n".join(f"step_{number}(given, {number})" for number in range(8))


def _function(name: str, body: str) -> str:
    return f"def {name}(given):\n{indent(body, '    ')}\n\n\n"


def _found(folder: Path, *functions: str) -> list[tuple[str, str]]:
    path = folder / "module.py"
    path.write_text(dedent("".join(functions)))
    return list(duplicates(bodies_of(path)))


def test_eight_equal_lines_in_two_functions_are_found_once_with_their_places(tmp_path: Path) -> None:
    found = _found(tmp_path, _function("one", IDEA), _function("other", f"first()\n{IDEA}"))
    assert found == [(f"{tmp_path}/module.py:2", f"{tmp_path}/module.py:14")]


def test_a_longer_run_is_one_finding(tmp_path: Path) -> None:
    longer = f"{IDEA}\nlast(given)"
    assert len(_found(tmp_path, _function("one", longer), _function("other", longer))) == 1


def test_seven_equal_lines_are_none(tmp_path: Path) -> None:
    shorter = IDEA.partition("\n")[2]
    assert _found(tmp_path, _function("one", shorter), _function("other", shorter)) == []


@pytest.mark.parametrize("between", ["# why", '"""Says what."""', "import json", "from json import dumps"])
def test_comments_docstrings_and_imports_do_not_hide_a_duplicate_nor_make_one(
    between: str, tmp_path: Path
) -> None:
    first, _, rest = IDEA.partition("\n")
    assert _found(tmp_path, _function("one", IDEA), _function("other", f"{first}\n{between}\n{rest}"))
    many = "\n".join([between] * 9)
    assert _found(tmp_path, _function("one", f"{many}\na()"), _function("other", f"{many}\nb()")) == []


def test_methods_count_and_the_command_fails_naming_both_places(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.py").write_text("class One:\n" + indent(_function("method", IDEA), "    "))
    (tmp_path / "two.py").write_text(_function("alone", IDEA))
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path}/two.py:2" in said
    assert f"{tmp_path}/one.py:3" in said
    (tmp_path / "two.py").unlink()
    assert main([str(tmp_path)]) == 0
