"""Log lines: JSON, one a line, whatever a key holds."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from chalicelib import logs


@pytest.fixture
def configured() -> Iterator[None]:
    before = logs.log.handlers[:], logs.log.propagate, logs.log.level
    logs.log.handlers.clear()
    logs.configure("INFO", "dev")
    yield
    logs.log.handlers[:], logs.log.propagate, logs.log.level = before


@pytest.mark.usefixtures("configured")
def test_a_hostile_key_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    key = 'a\n{"level":"INFO","message":"forged"}\u2028<script>'
    logs.log.info("outcome", extra={"key": key, "outcome": "received"})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) | {"timestamp": ""} == {
        "level": "INFO",
        "message": "outcome",
        "timestamp": "",
        "stage": "dev",
        "key": key,
        "outcome": "received",
    }


@pytest.mark.usefixtures("configured")
def test_metrics_are_in_the_embedded_format(capsys: pytest.CaptureFixture[str]) -> None:
    logs.emit_metrics("discovery", {"queued": 3, "duration_seconds": 1.5})
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["stage", "lane"]]
    assert directive["Metrics"] == [
        {"Name": "queued", "Unit": "Count"},
        {"Name": "duration_seconds", "Unit": "Seconds"},
    ]
    assert (line["lane"], line["queued"], line["duration_seconds"]) == ("discovery", 3, 1.5)


@pytest.mark.usefixtures("configured")
def test_an_exception_is_told_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.log.error("failed", exc_info=ValueError("wrong"))
    assert "ValueError: wrong" in json.loads(capsys.readouterr().out)["exception"]
