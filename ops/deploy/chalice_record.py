"""Chalice's record of what it deployed of a stage, `.chalice/deployed/<stage>.json`."""

from __future__ import annotations

import re
from pathlib import Path

from ops.deploy.stack import Say
from ops.stages import ROOT, Stage, Target

PLACE = re.compile(r'"arn:[^:"]+:lambda:([^:"]+):(\d{12}):')


def forget(stage: Stage) -> None:
    """Drop the record of a stage that is gone: Chalice's next deploy would look for what it names."""
    _path(stage).unlink(missing_ok=True)


def forget_foreign(stage: Stage, target: Target, say: Say) -> None:
    """Drop a record of another account or region: Chalice would delete what it names from there.

    Nothing is lost: a deploy adopts what it finds under the stage's names.
    """
    path = _path(stage)
    places = set(PLACE.findall(path.read_text())) if path.exists() else set()
    for region, account in sorted(places - {(target.region, target.account)}):
        say(f"Forgetting that stage {stage.name} was deployed to account {account}, {region}; it stays there")
        path.unlink(missing_ok=True)


def _path(stage: Stage) -> Path:
    return Path(ROOT, ".chalice", "deployed", f"{stage.name}.json")
