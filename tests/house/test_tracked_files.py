"""What no tracked file may name: hosts of package indexes, which tools know, and folders of one machine."""

from __future__ import annotations

import re
import subprocess

import pytest

from ops.stages import ROOT

HOSTS = [
    ("py" + "pi", "org"),
    ("python" + "hosted", "org"),
    ("npm" + "js", "org|com"),
    ("deb" + "ian", "org"),
    ("ubun" + "tu", "com"),
    ("ana" + "conda", "org|com"),
]
FOLDERS = ["ro" + "ot", "wo" + "rk", "fa" + "rm"]
FORBIDDEN = re.compile(
    "|".join(
        [rf"\b{name}\.(?:{ends})\b" for name, ends in HOSTS]
        + [rf"(?<![\w.>}}-])/{folder}/" for folder in FOLDERS]
    )
)


def _tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows what is tracked")
def test_no_tracked_file_names_a_host_of_an_index_or_a_folder_of_one_machine() -> None:
    paths = [ROOT / name for name in _tracked() if (ROOT / name).is_file()]
    assert len(paths) > 200
    found = {
        f"{path.relative_to(ROOT)}: {hit}"
        for path in paths
        for hit in FORBIDDEN.findall(path.read_text(errors="replace"))
    }
    assert found == set()


@pytest.mark.parametrize("host", [f"{name}.{ends.partition('|')[0]}" for name, ends in HOSTS])
def test_a_host_would_be_found(host: str) -> None:
    assert FORBIDDEN.search(f"https://files.{host}/simple")
    assert not FORBIDDEN.search("PyPI, an index of your own (PIP_INDEX_URL)")
