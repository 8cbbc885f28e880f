"""How keys are shown to people, and which of them name uploads under way."""

from __future__ import annotations

import pytest

from chalicelib.keys import is_upload_under_way, shown
from chalicelib.settings import Settings
from tests.support.emulation import LOCAL_ENVIRONMENT


def _load(**variables: str) -> Settings:
    return Settings.from_environ({**LOCAL_ENVIRONMENT, **variables})


@pytest.mark.parametrize(
    ("key", "seen"),
    [
        ("data/in/Ärger über 5 €.csv", "data/in/Ärger über 5 €.csv"),
        ("a\nMoved to: https://evil", "a\\nMoved to: https://evil"),
        ("a\r\x00\x1b[31m\x85b", "a\\r\\x00\\x1b[31m\\x85b"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("a\u202egpj.csv", "a\\u202egpj.csv"),
        ("\ufeffa\U000e0001", "\\ufeffa\\U000e0001"),
    ],
)
def test_a_key_is_shown_on_one_line_and_in_its_own_direction(key: str, seen: str) -> None:
    assert shown(key) == seen
    assert len(seen.splitlines()) == 1


@pytest.mark.parametrize(
    ("key", "ignored"),
    [
        ("data/in/customers.csv.filepart", True),
        ("data/in/CUSTOMERS.CSV.FilePart", True),
        ("data/in/a.crdownload", True),
        ("data/in/a.tmp/", True),
        ("data/in/a.part/b.csv", False),
        ("data/in/part.csv", False),
        ("data/in/apart", False),
    ],
)
def test_an_upload_under_way_is_known_by_its_last_segment(key: str, ignored: bool) -> None:
    assert is_upload_under_way(_load(), key) is ignored


def test_the_names_are_a_setting_and_an_empty_one_means_none() -> None:
    settings = _load(IGNORED_NAMES="._*, *.UPLOADING")
    assert [is_upload_under_way(settings, key) for key in ("in/._a", "in/a.uploading", "in/a.tmp")] == [
        True,
        True,
        False,
    ]
    assert not is_upload_under_way(_load(IGNORED_NAMES=""), "in/a.tmp")
