"""docs/ is found by its index, says whom it is for, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ops.stages import ROOT

DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(DOCS.rglob("*.md")),
]
GUIDES = [*(page for page in sorted(DOCS.glob("*.md")) if page != INDEX), DOCS / "contracts" / "README.md"]


def _prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def _links(page: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", _prose(page)) if "://" not in link]


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _leads_nowhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return not target.exists() or bool(anchor and anchor not in _anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert [link for link in _links(page) if _leads_nowhere(page, link)] == []


def test_the_index_names_each_page_once() -> None:
    named = [(DOCS / link).resolve() for link in _links(INDEX) if not link.startswith("..")]
    pages = {
        DOCS / "contracts" / "README.md" if path.name == "contracts" else path
        for path in DOCS.iterdir()
        if path.suffix not in {".png", ".svg"}  # pictures of the pages
    }
    assert sorted(named) == sorted(pages - {INDEX})


def test_the_index_is_sorted_by_reader_and_says_which_question_a_page_answers() -> None:
    _, *groups = re.split(r"^## ", INDEX.read_text(), flags=re.MULTILINE)
    assert [group.partition(":")[0] for group in groups] == ["Use", "Operate", "Understand"]
    rows = re.findall(r"^\| \[.+", INDEX.read_text(), re.MULTILINE)
    assert [row for row in rows if not row.endswith("? |")] == []


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_page_begins_with_its_reader_and_the_way_to_the_index(page: Path) -> None:
    title, empty, reader = page.read_text().splitlines()[:3]
    said = re.fullmatch(r"For those who(se)? .+\. \[All pages\]\((.+)\)", reader)
    assert title.startswith("# ")
    assert empty == ""
    assert said, reader
    assert (page.parent / said[2]).resolve() == INDEX
