"""The version that ships is the newest that the changelog tells of."""

from __future__ import annotations

import re
import tomllib
from datetime import date

from chalicelib import __version__
from ops.stages import ROOT

HEADINGS = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
RELEASES = [heading.split(" - ") for heading in HEADINGS[1:]]


def test_the_newest_release_is_the_version_of_package_and_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert RELEASES[0][0] == __version__ == project["version"]


def test_what_is_not_released_stands_above_the_releases_newest_first() -> None:
    assert HEADINGS[0] == "Unreleased"
    versions = [tuple(map(int, version.split("."))) for version, _ in RELEASES]
    days = [date.fromisoformat(day) for _, day in RELEASES]
    assert versions == sorted(set(versions), reverse=True)
    assert days == sorted(days, reverse=True)
