"""`python -m ops config lint`: faults with their lines, what keys would do, and exit codes for CI."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from ops.__main__ import main
from tests.support.builders import SEED_JOBS, job


def _lint(tmp_path: Path, config: object, *keys: str) -> int:
    file = tmp_path / "config.json"
    file.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
    return main(["config", "lint", str(file), *keys])


def test_a_usable_config_tells_what_each_key_would_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = ("data/in/customers.csv", "data/in/products.csv", "data/in/order.csv", "other/x.csv")
    assert _lint(tmp_path, SEED_JOBS, *keys) == 0
    first, *told = capsys.readouterr().out.splitlines()
    assert "3 jobs, 2 of them active" in first
    assert [line.split(": ")[1].partition(".")[0] for line in told] == [
        "triggered", "inactive", "not_configured", "received"
    ]  # fmt: skip
    assert "Close to 'orders.csv'" in told[2]


def test_faults_are_printed_with_their_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _lint(tmp_path, [job(is_activ=True)]) == 1
    printed = capsys.readouterr().out
    assert "[0].is_activ is not a field of Sluice: is is_active meant? Rename it (line 11)" in printed


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"{")))
    assert main(["config", "lint", "-"]) == 1
    assert "not JSON" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["lint"], ["check", "x"]])
def test_a_wrong_command_exits_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["config", *arguments])
    assert caught.value.code == 2


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "lint", str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [{}, {"is_active": 1, "job_nam": 2}])
def test_ten_thousand_jobs_are_linted(tmp_path: Path, wrong: dict[str, object]) -> None:
    jobs = [job(job_id=f"J{n}", source_file_name=f"f{n}_*.csv", **wrong) for n in range(10_000)]
    assert _lint(tmp_path, jobs, "data/in/f77_x.csv") == int(bool(wrong))
