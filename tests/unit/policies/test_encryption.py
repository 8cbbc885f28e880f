"""No policy grants anything of KMS: a key is AWS's own, or its policy lets in who may use what it guards."""

from __future__ import annotations

import re

from ops.stages import ROOT

KEY = re.compile(r"^\s*(?:Kms\w*Key\w*|KMS\w*Key\w*|SSEKMS\w*):\s*(.+)$", re.MULTILINE)
OWN = "!Ref AlertKey"  # tests/unit/deploy/test_resources.py holds its policy


def test_given_the_template_then_no_key_needs_a_grant() -> None:
    template = (ROOT / ".chalice" / "resources.yaml").read_text()

    for key in KEY.findall(template):
        assert "alias/aws/" in key or OWN in key, (
            f"this key needs kms: grants in ops/policies/actions.py: {key}"
        )
