"""README.md tells the truth about settings, files and alerts."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

from chalicelib.expected import watch
from chalicelib.landing import outcomes, parking
from chalicelib.ndjson import quarantine, repair_batches
from chalicelib.runs import finishing, manifest_runs
from chalicelib.settings import Settings
from tests.support.emulation import LOCAL_ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _settings_rows() -> dict[str, str]:
    section = README.partition("## Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \| ", section, re.MULTILINE)
    return {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}


def test_every_setting_is_documented() -> None:
    documented = re.findall(r"`([A-Z][A-Z0-9_]+)`", README.partition("## Settings")[2])
    assert {setting.name.upper() for setting in fields(Settings)} <= set(documented)


def test_documented_defaults_are_the_real_ones() -> None:
    required = {name: value for name, value in LOCAL_ENVIRONMENT.items() if name not in {"STAGE"}}
    settings = Settings.from_environ(required)
    for name, default in _settings_rows().items():
        value = getattr(settings, name.lower(), None)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            assert default.split()[0] == str(value), name
        elif default.startswith("`"):
            text = ",".join(value) if isinstance(value, tuple) else value
            assert default == f"`{text}`", name


def test_every_file_that_a_page_names_is_there() -> None:
    folders = "app|benchmarks|chalicelib|docs|ops|samples|tests"
    named = rf"`((?:{folders})/[\w./-]+\.(?:py|md|json|txt|yaml|csv|js))`"
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in PAGES
        for name in re.findall(named, page.read_text())
        if not (ROOT / name).exists()
    ]
    assert missing == []


def test_every_alert_has_its_line_in_the_runbook() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text().partition("## By alert")[2].partition("## ")[0]
    described = set(re.findall(r"^\| ([^|]+?) \|", runbook, re.MULTILINE)) - {"Subject", "---"}
    assert described == {
        quarantine.SUBJECT,
        watch.LATE_SUBJECT,
        watch.COME_SUBJECT,
        quarantine.STAYS_SUBJECT,
        repair_batches.SURGE_SUBJECT,
        parking.NOT_CONFIGURED_SUBJECT,
        parking.REJECTED_SUBJECT,
        parking.SOURCE_STAYS_SUBJECT,
        outcomes.INACTIVE_SUBJECT,
        outcomes.CONFIG_SUBJECT,
        finishing.JOB_FAILED_SUBJECT,
        manifest_runs.GLUE_RUN_FAILED_SUBJECT,
    }
