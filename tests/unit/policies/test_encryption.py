"""No policy grants anything of KMS, which is right as long as no resource has a key of one's own."""

from __future__ import annotations

import re

from ops.stages import ROOT

KEY = re.compile(r"^\s*(?:Kms\w*Key\w*|KMS\w*Key\w*|SSEKMS\w*):\s*(.+)$", re.MULTILINE)


def test_given_the_template_then_every_key_is_one_that_aws_manages() -> None:
    template = (ROOT / ".chalice" / "resources.yaml").read_text()

    for key in KEY.findall(template):
        assert "alias/aws/" in key, f"a key of one's own needs kms: grants in ops/policies/actions.py: {key}"
