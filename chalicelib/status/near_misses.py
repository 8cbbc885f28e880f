"""File names that almost match a job: which, and what differs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher

from chalicelib.api.answers import Body
from chalicelib.landing.jobs import WILDCARD, Job, claimed_name

SIMILAR = 0.72  # of 1: customer.csv and customers.csv are at 0.96
MAX_MISSES = 3
MAX_COMPARED_JOBS = 2000
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A job whose name is close: `differs` says in words what would have to change in the file's name."""

    job_id: str
    source_file_name: str
    is_active: bool
    similarity: float
    differs: str

    def shown(self) -> Body:
        """Return it as JSON has it."""
        return asdict(self)


def near_misses(key: str, jobs: Iterable[Job]) -> list[NearMiss]:
    """Return the jobs whose `source_file_name` is most like the key's last segment, most alike first."""
    name = claimed_name(key)[:MAX_NAME]
    misses = [
        miss for _, job in zip(range(MAX_COMPARED_JOBS), jobs, strict=False) if (miss := _miss(name, job))
    ]
    return sorted(misses, key=lambda miss: (-miss.similarity, miss.job_id))[:MAX_MISSES]


def difference(name: str, expected: str) -> str:
    """Say what differs between a file's name and the one expected, in words."""
    matcher = SequenceMatcher(None, name, expected, autojunk=False)
    parts = [
        _said(name[a:b], expected[c:d], expected[:c])
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]
    return ", ".join(parts)


def _miss(name: str, job: Job) -> NearMiss | None:
    expected = claimed_name(job.source_file_name)[:MAX_NAME]
    matcher = SequenceMatcher(None, name, expected, autojunk=False)
    if matcher.real_quick_ratio() < SIMILAR or matcher.quick_ratio() < SIMILAR:
        return None
    similarity = round(matcher.ratio(), 2)
    if similarity < SIMILAR:
        return None
    words = difference(name, expected)
    if WILDCARD.search(expected):
        words = f"it does not fit the pattern {expected!r}: {words}"
    return NearMiss(job.job_id, job.source_file_name, job.is_active, similarity, words)


def _said(found: str, expected: str, before: str) -> str:
    where = f"after {before[-20:]!r}" if before else "at the start"
    if not found:
        return f"{expected!r} is missing {where}"
    if not expected:
        return f"{found!r} is too much {where}"
    return f"{found!r} stands where {expected!r} is expected {where}"
