"""The page's scripts are sent as one: a name that two of them declare would keep the page from starting."""

from __future__ import annotations

import re
from collections import Counter

from ops.stages import ROOT

DECLARED = re.compile(r"^(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)


def test_no_two_scripts_declare_the_same_name() -> None:
    scripts = [path.read_text() for path in sorted((ROOT / "chalicelib" / "page").glob("*.js"))]
    declared = Counter(name for script in scripts for name in DECLARED.findall(script))
    assert declared["refresh"] == 1
    assert [name for name, count in declared.items() if count > 1] == []
