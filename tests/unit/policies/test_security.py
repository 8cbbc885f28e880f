"""What docs/security.md claims of the functions' policies, and that what it names as proof exists."""

from __future__ import annotations

import re

import pytest

from chalicelib.settings import Settings
from ops.stages import LOCAL, ROOT, Target, environment_of, load_stage
from tests.support.iam import handlers, policy_of

PAGE = ROOT / "docs" / "security.md"


@pytest.mark.parametrize("stage", [LOCAL, "dev", "prod"])
def test_no_function_may_do_anything_to_everything(stage: str) -> None:
    environment = environment_of(load_stage(stage), Target("123456789012", "eu-west-1"))
    settings = Settings.from_environ(environment)
    statements = [
        (name, statement) for name in handlers() for statement in policy_of(name, settings)["Statement"]
    ]
    assert statements
    assert [each for each in statements if "*" in each[1]["Resource"]] == []
    assert [each for each in statements if any("*" in action for action in each[1]["Action"])] == []
    assert {statement["Effect"] for _, statement in statements} == {"Allow"}


def test_every_proof_that_the_page_names_exists() -> None:
    named = re.findall(
        r"`((?:unit|functional|hostile|faults|integration|package)/[\w/]+\.py)`", PAGE.read_text()
    )
    assert len(named) > 20
    assert [path for path in named if not (ROOT / "tests" / path).is_file()] == []
