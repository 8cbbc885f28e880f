"""Chalice's record of what it deployed of a stage, `.chalice/deployed/<stage>.json`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ops.stages import ROOT, Stage, Target

PLACE = re.compile(r'"arn:[^:"]+:lambda:([^:"]+):(\d{12}):')


def forget(stage: Stage) -> None:
    """Drop the record, which would send Chalice's next deploy after what is gone."""
    _path(stage).unlink(missing_ok=True)


def forget_foreign(stage: Stage, target: Target, say: Callable[[str], None]) -> None:
    """Drop a record of another account or region: Chalice would take away there what it does not find here.

    Nothing is lost with it: a deploy takes over what it finds under the stage's names.
    """
    path = _path(stage)
    places = set(PLACE.findall(path.read_text())) if path.exists() else set()
    for region, account in sorted(places - {(target.region, target.account)}):
        say(f"Forgetting that stage {stage.name} was deployed to account {account}, {region}; it stays there")
        path.unlink(missing_ok=True)


def _path(stage: Stage) -> Path:
    return Path(ROOT, ".chalice", "deployed", f"{stage.name}.json")
